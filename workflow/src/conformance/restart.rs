//! `restart.jsonl`: run requests on their way along a restart path.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::{
    Case, Failure,
    status::{fails, read, run_key, write},
};
use crate::{
    definition::StepType,
    id::{AttemptId, AttemptKey, InstanceId, InstanceKey, RunKey, StepId, WorkflowId},
    life::{Ancestor, Initiator},
    param,
    restart::{self, Config, Error, Launch, Nesting, PathNode, Policy, Upstream},
    user::User,
};

/// Runs nest less deep than this, unless an engine is set up otherwise.
const DEPTH_MAX: usize = 10;

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let request = case.input("run_request");
    match case.function.as_str() {
        "clear_restart_for" => Ok(with(request, Launch::of(read(case.input("policy"))?))),
        "current_node" => Ok(node(config(case.input("restart_config"))?.current().map_err(|error| failure(&error))?)),
        "next_node" => Ok(config(case.input("restart_config"))?.next().map_or(Json::Null, node)),
        "get_workflow_identity" => {
            write(&config(&request["restart_config"])?.identity().map_err(|error| failure(&error))?)
        }
        "get_restart_step_id" => {
            let config = config(&request["restart_config"])?;
            write(&config.current().map_err(|error| failure(&error))?.step)
        }
        "is_fresh_run" => write(&policy(request)?.is_fresh()),
        "is_system_initiated_run" => write(&initiator(&request["initiator"])?.is_nested()),
        "update_for_upstream" => {
            let mut config = config(&request["restart_config"])?;
            let instance =
                InstanceKey { workflow: read(case.input("workflow_id"))?, instance: read(case.input("instance_id"))? };
            let policy = config.up(instance, read(case.input("step_id"))?).map_err(|error| failure(&error))?;
            Ok(with(request, Launch { policy, config: Some(config) }))
        }
        "update_for_downstream_if_needed" => {
            if request["restart_config"].is_null() {
                return Ok(request.clone());
            }
            let (step, nested) = (read::<StepId>(case.input("step_id"))?, run_key(case.input("instance"))?);
            let launch = config(&request["restart_config"])?.down(&step, nesting(request)?, &nested);
            Ok(with(request, launch.map_err(|error| failure(&error))?))
        }
        "validate_identity" => {
            let nested = run_key(case.input("instance"))?;
            let config = config(&request["restart_config"])?;
            config.check_identity(nesting(request)?, &nested).map_err(|error| failure(&error))?;
            Ok(Json::from("ok"))
        }
        "create_step_restart_action" => step_restart(case),
        "internal_workflow_run_request" => nested_request(case),
        "restart_run_policy" => {
            let request = case.input("request");
            let upstream = read::<Option<Upstream>>(&request["upstream_restart_mode"])?.unwrap_or_default();
            write(&upstream.policy(read(&request["restart_policy"])?))
        }
        other => Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    }
}

fn step_restart(case: &Case) -> Result<Json, Failure> {
    let (request, instance) = (case.input("run_request"), case.input("step_instance"));
    let step = AttemptKey {
        run: run_key(instance)?,
        step: read(&instance["step_id"])?,
        attempt: read::<Option<AttemptId>>(&instance["step_attempt_id"])?.unwrap_or_default(),
    };
    let mut problems = Vec::new();
    let run_params = param::read::definitions(&request["run_params"], "run_params", &mut problems);
    let by_step = request["step_run_params"].as_object().into_iter().flatten();
    let by_step: IndexMap<StepId, param::Definitions> = by_step
        .map(|(step, json)| {
            (StepId::from(step.as_str()), param::read::definitions(json, "step_run_params", &mut problems))
        })
        .collect();
    let params = restart::params_for_step(policy(request)?, &step, Some(&run_params), Some(&by_step))
        .map_err(|error| failure(&error))?;
    let mut action = json!({
        "workflow_id": step.run.workflow, "workflow_instance_id": step.run.instance, "workflow_run_id": step.run.run,
        "step_id": step.step, "action": "RESTART", "user": request["initiator"]["user"], "workflow_action": false,
        "run_params": param::write::definitions(&params), "restart_config": request["restart_config"],
    });
    if let Some(object) = action.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    Ok(action)
}

fn nested_request(case: &Case) -> Result<Json, Failure> {
    let (outer, step) = (case.input("workflow_summary"), case.input("step_runtime_summary"));
    let ancestor = Ancestor {
        run: run_key(outer)?,
        step: read(&step["step_id"])?,
        attempt: read(&step["step_attempt_id"])?,
        sync: read(case.input("sync"))?,
    };
    let nested = initiator(&outer["initiator"])?.nested(kind(&step["type"])?, ancestor, DEPTH_MAX);
    let nested = nested.map_err(|error| fails("IllegalArgumentException", &error))?;
    let config = [&step["restart_config"], &outer["restart_config"]].into_iter().find(|config| !config.is_null());
    let mut request = json!({
        "initiator": initiator_json(&nested), "current_policy": outer["run_policy"], "runtime_tags": case.input("tags"),
        "correlation_id": outer["correlation_id"], "group_info": outer["group_info"],
        "instance_step_concurrency": outer["instance_step_concurrency"], "run_params": case.input("run_params"),
    });
    if let (Some(object), Some(json)) = (request.as_object_mut(), config) {
        object.insert("restart_config".to_owned(), self::config(json)?.to_json());
    }
    if let Some(object) = request.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    Ok(request)
}

/// The request, launched otherwise.
fn with(request: &Json, launch: Launch) -> Json {
    let mut object: Map<String, Json> = request.as_object().cloned().unwrap_or_default();
    object.insert("current_policy".to_owned(), Json::from(launch.policy.as_str()));
    match launch.config {
        Some(config) => object.insert("restart_config".to_owned(), config.to_json()),
        None => object.shift_remove("restart_config"),
    };
    Json::Object(object)
}

fn config(json: &Json) -> Result<Config, Failure> {
    Config::from_json(json).map_err(|error| failure(&error))
}

fn policy(request: &Json) -> Result<Policy, Failure> {
    read(&request["current_policy"])
}

fn nesting(request: &Json) -> Result<Nesting, Failure> {
    let initiator = initiator(&request["initiator"])?;
    let is_foreach = matches!(initiator, Initiator::Parent { kind: StepType::Foreach, .. });
    Ok(if is_foreach { Nesting::Foreach } else { Nesting::Other })
}

fn node(PathNode { instance, step }: &PathNode) -> Json {
    json!({"workflow_id": instance.workflow, "instance_id": instance.instance, "step_id": step})
}

/// As much of an initiator as restarts depend on.
fn initiator(json: &Json) -> Result<Initiator, Failure> {
    if matches!(json["type"].as_str(), Some("MANUAL" | "TIME" | "SIGNAL") | None) {
        let user = read::<Option<User>>(&json["user"])?.unwrap_or_else(|| User::named("unknown"));
        return Ok(Initiator::Manual { user: Some(user) });
    }
    let ancestors = json["ancestors"].as_array().into_iter().flatten().map(|json| {
        let workflow = read::<WorkflowId>(&json["workflow_id"])?;
        let instance = read::<Option<InstanceId>>(&json["instance_id"])?.unwrap_or_default();
        let run = read::<Option<_>>(&json["run_id"])?.unwrap_or_default();
        Ok(Ancestor {
            run: RunKey { workflow, instance, run },
            step: read::<Option<StepId>>(&json["step_id"])?.unwrap_or_else(|| StepId::from("")),
            attempt: read::<Option<_>>(&json["step_attempt_id"])?.unwrap_or_default(),
            sync: read(&json["sync"])?,
        })
    });
    Ok(Initiator::Parent { kind: kind(&json["type"])?, ancestors: ancestors.collect::<Result<Arc<[_]>, Failure>>()? })
}

fn initiator_json(initiator: &Initiator) -> Json {
    let Initiator::Parent { kind, ancestors } = initiator else { return Json::Null };
    let ancestor = |Ancestor { run, step, attempt, sync }: &Ancestor| {
        let mut object = json!({"workflow_id": run.workflow, "instance_id": run.instance, "run_id": run.run});
        object["step_id"] = if step.is_empty() { Json::Null } else { json!(step) };
        object["step_attempt_id"] = json!(attempt);
        object["sync"] = json!(sync);
        object.as_object_mut().into_iter().for_each(|object| object.retain(|_, value| !value.is_null()));
        object
    };
    let word = KINDS.into_iter().find(|(_, other)| other == kind).map(|(word, _)| word);
    json!({"ancestors": ancestors.iter().map(ancestor).collect::<Json>(), "depth": ancestors.len(), "type": word})
}

/// The kinds of steps that launch nested runs.
const KINDS: [(&str, StepType); 4] = [
    ("SUBWORKFLOW", StepType::Subworkflow),
    ("FOREACH", StepType::Foreach),
    ("WHILE", StepType::While),
    ("TEMPLATE", StepType::Template),
];

fn kind(json: &Json) -> Result<StepType, Failure> {
    let word = json.as_str().unwrap_or_default().to_ascii_uppercase();
    let found = KINDS.into_iter().find(|(name, _)| *name == word).map(|(_, kind)| kind);
    found.ok_or_else(|| Failure { kind: "IllegalArgumentException", text: format!("no initiator `{word}`") })
}

fn failure(error: &Error) -> Failure {
    fails("IllegalArgumentException", error)
}
