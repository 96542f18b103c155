//! `status.jsonl`: decisions, overviews, rollups and what an instance came to over all its runs.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use super::{Case, Failure, dag};
use crate::{
    graph::Dag,
    id::{AttemptId, InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    iteration,
    restart::Policy,
    status::{
        self, Aggregate, Board, Check, Entry, InstanceStatus, Mismatch, Overview, Rollup, Run, StepState, StepStatus,
        action,
    },
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "aggregated_view" => aggregated_view(case),
        "aggregated_instance_status" => aggregated_status(case),
        "runtime_overview" => runtime_overview(case),
        "check_progress" => check_progress(case),
        "step_status_map" => step_status_map(case),
        "rollups_from_previous_runs" => rollups(case),
        "loop_and_subworkflow_steps_from_previous_runs" => nested_steps(case),
        "rollup_aggregate" => {
            let mut sum: Rollup = read(case.input("rollup"))?;
            if let Some(other) = read::<Option<Rollup>>(case.input("other"))? {
                sum.add(&other);
            }
            write(&sum)
        }
        "rollup_segregate" => {
            let mut rest: Rollup = read(case.input("rollup"))?;
            if let Some(other) = read::<Option<Rollup>>(case.input("other"))? {
                rest.subtract(&other).map_err(mismatch)?;
            }
            write(&rest)
        }
        "exists_created_step" => write(&overview(case)?.has_created_step()),
        "exists_not_created_step" => write(&overview(case)?.has_not_created_step()),
        "decode_step_overview" => {
            let dag = dag::dag(case.input("runtime_dag"))?;
            write(&overview(case)?.decode(&dag).map_err(|error| fails("NullPointerException", &error))?)
        }
        "step_action_terminal_status" => terminal_status(case),
        "step_status_code" => write(&read::<StepStatus>(case.input("status"))?.code()),
        other => Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    }
}

/// What an instance document tells of its latest run.
struct Instance {
    key: RunKey,
    status: InstanceStatus,
    policy: Policy,
    restarted: Option<StepId>,
    dag: Dag,
    states: Option<IndexMap<StepId, StepState>>,
    baseline: Option<Aggregate>,
    steps: Vec<StepId>,
}

impl Instance {
    fn read(json: &Json) -> Result<Self, Failure> {
        let dag = dag::dag(&json["runtime_dag"])?;
        let config = &json["run_config"];
        let states = if json["decoded_step_overview"].is_object() {
            Some(read(&json["decoded_step_overview"])?)
        } else {
            let overview: Option<Overview> = read(&json["runtime_overview"])?;
            let decoded = overview.map(|overview| overview.decode(&dag)).transpose();
            decoded.map_err(|error| fails("NullPointerException", &error))?
        };
        let steps = if json["workflow_step_ids"].is_array() {
            dag::ids(&json["workflow_step_ids"])
        } else {
            dag::steps(&json["runtime_workflow"]).iter().map(|step| step.id.clone()).collect()
        };
        Ok(Self {
            key: run_key(json)?,
            status: read(&json["status"])?,
            policy: read::<Option<Policy>>(&config["policy"])?.unwrap_or(Policy::StartFreshNewRun),
            restarted: dag::restarted(&config["restart_config"])?,
            dag,
            states,
            baseline: read(&json["aggregated_info"])?,
            steps,
        })
    }

    fn run(&self) -> Run<'_> {
        Run {
            key: &self.key,
            status: self.status,
            policy: self.policy,
            restarted: self.restarted.as_ref(),
            dag: &self.dag,
            states: self.states.as_ref(),
            baseline: self.baseline.as_ref(),
        }
    }
}

fn aggregated_view(case: &Case) -> Result<Json, Failure> {
    let instance = Instance::read(case.input("instance"))?;
    let aggregate = Aggregate::of(instance.run(), &instance.steps).map_err(|error| dag::failure(&error))?;
    let is_known = case.input("status_known") == &Json::Bool(true) || instance.baseline.is_none();
    let status = if is_known { instance.status } else { status_of(&instance, &aggregate)? };
    write(&aggregate.with_status(status))
}

fn aggregated_status(case: &Case) -> Result<Json, Failure> {
    let instance = Instance::read(case.input("instance"))?;
    write(&status_of(&instance, &read(case.input("aggregated_info"))?)?)
}

fn status_of(instance: &Instance, aggregate: &Aggregate) -> Result<InstanceStatus, Failure> {
    let status = status::aggregated_status(instance.run(), &aggregate.step_aggregated_views);
    status.map_err(|error| fails("MaestroInternalError", &error))
}

fn runtime_overview(case: &Case) -> Result<Json, Failure> {
    let summary = case.input("workflow_summary");
    let dag = dag::dag(&summary["runtime_dag"])?;
    let mut board = Board::new(dag.len());
    for (step, task) in case.input("tasks").as_object().into_iter().flatten() {
        let Some(position) = dag.position(step) else { continue };
        let step = &task["step_runtime_summary"];
        let attempt = AttemptId(step["step_attempt_id"].as_i64().unwrap_or_default());
        let nested = nested(&step["artifacts"])?.map(Arc::new);
        board.put(position, Entry { state: read(&step["runtime_state"])?, attempt, nested });
    }
    let base: Option<Rollup> = read(case.input("rollup_base"))?;
    write(&board.overview(&dag, &run_key(summary)?, base.as_ref()))
}

/// The leaf steps below a step, as its artifacts tell.
fn nested(artifacts: &Json) -> Result<Option<Rollup>, Failure> {
    let foreach: Option<iteration::Overview> = read(&artifacts["maestro_foreach"]["foreach_overview"])?;
    if let Some(overview) = foreach.filter(|overview| overview.checkpoint > 0) {
        return Ok(Some(overview.overall_rollup()));
    }
    let repeat = &artifacts["maestro_while"];
    if let (Some(first), Some(last)) = (repeat["first_iteration"].as_i64(), repeat["last_iteration"].as_i64())
        && last >= first
    {
        let done: Option<Rollup> = read(&repeat["rollup"])?;
        let last: Option<Rollup> = read(&repeat["last_overview"]["rollup_overview"])?;
        return Ok(Some(done.iter().chain(&last).collect()));
    }
    read(&artifacts["maestro_subworkflow"]["subworkflow_overview"]["rollup_overview"])
}

fn check_progress(case: &Case) -> Result<Json, Failure> {
    let summary = case.input("workflow_summary");
    let dag = dag::dag(&summary["runtime_dag"])?;
    let overview = overview(case)?;
    let tasks: Vec<(&str, &str)> = {
        let tasks = case.input("tasks").as_object().into_iter().flatten();
        tasks.map(|(step, task)| (step.as_str(), task["status"].as_str().unwrap_or_default())).collect()
    };
    let is_open = |status: &str| ["IN_PROGRESS", "SCHEDULED", "NOT_CREATED", ""].contains(&status);
    let is_over = case.input("is_final") == &Json::Bool(true) && !tasks.iter().any(|(_, status)| is_open(status));
    let check = if is_over { Check::Final } else { Check::Running };
    let restarted = dag::restarted(&summary["restart_config"])?;
    let cannot_start_more = || {
        let ended = |id: &StepId| {
            let (_, status) = tasks.iter().find(|(step, _)| *step == id.as_str())?;
            (!is_open(status)).then_some(*status == "COMPLETED")
        };
        dag.is_done(&dag.ids().map(ended).collect::<Vec<_>>(), restarted.as_ref())
    };
    let verdict = status::verdict(&overview.tally(), overview.total_step_count, check, cannot_start_more);
    let flow_status = verdict.map_err(|error| dag::failure(&error))?.map(|status| match status {
        InstanceStatus::Failed => "FAILED",
        InstanceStatus::TimedOut => "TIMED_OUT",
        InstanceStatus::Stopped => "CANCELED",
        // The flow engine cancels placeholders by this status, which is why it says so of a success.
        _ => "FAILED_WITH_TERMINAL_ERROR",
    });
    Ok(json!({"flow_status": flow_status, "run_status": overview.run_status}))
}

fn step_status_map(case: &Case) -> Result<Json, Failure> {
    let dag = dag::dag(&case.input("workflow_summary")["runtime_dag"])?;
    let states: IndexMap<StepId, StepState> = read(case.input("step_states"))?;
    let states = states.iter().filter_map(|(step, state)| Some((dag.position(step)?, *state)));
    write(&Overview::summaries(states))
}

fn rollups(case: &Case) -> Result<Json, Failure> {
    let instance =
        InstanceKey { workflow: read(case.input("workflow_id"))?, instance: read(case.input("workflow_instance_id"))? };
    let dag = dag::dag(case.input("runtime_dag"))?;
    let nested = dag::ids(case.input("exclude_step_ids"));
    let before: Aggregate = read(case.input("aggregated_info"))?;
    write(&status::rollups_of_earlier_runs(&instance, &before, &dag, |step| nested.contains(step)))
}

fn nested_steps(case: &Case) -> Result<Json, Failure> {
    let instance = case.input("instance");
    let before: Option<Aggregate> = read(&instance["aggregated_info"])?;
    let dag = dag::dag(&instance["runtime_dag"])?;
    let steps = dag::steps(&instance["runtime_workflow"]);
    write(&status::nested_steps_of_earlier_runs(&steps, &before.unwrap_or_default(), &dag))
}

fn terminal_status(case: &Case) -> Result<Json, Failure> {
    let stored = case.input("action");
    let action: action::Step = read(&stored["action"])?;
    let is_own = stored["workflow_id"] == *case.input("workflow_id")
        && stored["workflow_instance_id"] == *case.input("workflow_instance_id");
    let target = if is_own { action.target() } else { action.target_below() };
    let target = target.ok_or_else(|| Failure {
        kind: "IllegalArgumentException",
        text: format!(
            "[{}][{}] cannot getTerminalStatus for action [{}], which does not support upstream mode",
            case.input("workflow_id").as_str().unwrap_or_default(),
            case.input("workflow_instance_id"),
            action.as_str()
        ),
    })?;
    write(&target)
}

fn overview(case: &Case) -> Result<Overview, Failure> {
    read(case.input("overview"))
}

pub(super) fn run_key(json: &Json) -> Result<RunKey, Failure> {
    Ok(RunKey {
        workflow: read::<Option<WorkflowId>>(&json["workflow_id"])?.unwrap_or_else(|| WorkflowId::from("")),
        instance: read::<Option<InstanceId>>(&json["workflow_instance_id"])?.unwrap_or_default(),
        run: read::<Option<RunId>>(&json["workflow_run_id"])?.unwrap_or_default(),
    })
}

/// Reads a document that the language reads as well.
pub(super) fn read<T: DeserializeOwned>(json: &Json) -> Result<T, Failure> {
    T::deserialize(json).map_err(|error| fails("JsonProcessingException", &error))
}

/// Writes a document that the language writes as well.
pub(super) fn write<T: Serialize>(value: &T) -> Result<Json, Failure> {
    serde_json::to_value(value).map_err(|error| fails("JsonProcessingException", &error))
}

pub(super) fn mismatch(error: Mismatch) -> Failure {
    fails("NullPointerException", &error)
}

pub(super) fn fails(kind: &'static str, error: &dyn std::error::Error) -> Failure {
    Failure { kind, text: error.to_string() }
}
