//! `dag.jsonl`: translation, paths and reachability.

use std::{borrow::Borrow, sync::Arc};

use serde_json::Value as Json;

use super::{Case, Failure};
use crate::{
    definition::{self, Step},
    graph::{self, Dag, Error, Scope, Stop},
    id::StepId,
    restart::Policy,
    status::StepStatus,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "translate" => translate(case.input("instance")),
        "compute_dag" => compute_dag(case),
        "compute_paths" => paths(case),
        "is_done" => is_done(case),
        "step_ids_in_runtime_dag" => reachable(case),
        "not_created_root_nodes" => placeholders(case),
        "workflow_dag" => {
            let workflow = case.input("workflow");
            Ok(graph::written(id(workflow), &steps(workflow)).map_err(|error| failure(&error))?.to_json())
        }
        "all_step_ids" => Ok(texts(graph::all_step_ids(&steps(case.input("workflow"))))),
        other => Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    }
}

fn translate(instance: &Json) -> Result<Json, Failure> {
    let views = instance["aggregated_info"]["step_aggregated_views"].as_object().into_iter().flatten();
    let views: Vec<(StepId, StepStatus)> =
        views.filter_map(|(id, view)| Some((StepId::from(id.as_str()), word(&view["status"])?))).collect();
    let config = &instance["run_config"];
    let policy = word::<Policy>(&config["policy"]);
    let restarted = restarted(&config["restart_config"])?;
    let views = views.iter().map(|(id, status)| (id, *status));
    let start = policy.and_then(|policy| graph::start_steps(policy, views, restarted.as_ref()));
    let workflow = &instance["runtime_workflow"];
    let scope = start.as_deref().map_or(Scope::Whole, |start| Scope::Part { start, end: &[] });
    Ok(graph::translate(id(workflow), &steps(workflow), scope).map_err(|error| failure(&error))?.to_json())
}

fn compute_dag(case: &Case) -> Result<Json, Failure> {
    let workflow = case.input("workflow");
    let end = ids(case.input("end_step_ids"));
    let start = ids(case.input("start_step_ids"));
    let scope =
        if case.input("start_step_ids").is_null() { Scope::Whole } else { Scope::Part { start: &start, end: &end } };
    Ok(graph::translate(id(workflow), &steps(workflow), scope).map_err(|error| failure(&error))?.to_json())
}

fn paths(case: &Case) -> Result<Json, Failure> {
    let dag = dag(case.input("runtime_dag"))?;
    let steps = steps(case.input("workflow"));
    let stop = |stop: &Stop| match *stop {
        Stop::Gate(step) => Json::from(format!("#{}", dag.id(step))),
        Stop::Step(step) => Json::from(dag.id(step).as_str()),
    };
    let paths = dag.paths(steps.iter().map(|step| &step.id));
    Ok(paths.iter().map(|path| path.iter().map(stop).collect::<Json>()).collect())
}

fn is_done(case: &Case) -> Result<Json, Failure> {
    let dag = dag(case.input("runtime_dag"))?;
    let done = case.input("step_done");
    let ended: Vec<Option<bool>> = dag.ids().map(|id| done[id.as_str()].as_bool()).collect();
    let restarted = restarted(case.input("restart_config"))?;
    Ok(Json::from(dag.is_done(&ended, restarted.as_ref()).map_err(|error| failure(&error))?))
}

fn reachable(case: &Case) -> Result<Json, Failure> {
    let instance = case.input("instance");
    let dag = dag(&instance["runtime_dag"])?;
    let config = &instance["run_config"];
    let is_specific = word(&config["policy"]) == Some(Policy::RestartFromSpecific);
    let restarted = restarted(&config["restart_config"])?.filter(|_| is_specific);
    let known = ids(case.input("known_step_ids"));
    let steps =
        dag.reachable(|step| known.contains(dag.id(step)), restarted.as_ref()).map_err(|error| failure(&error))?;
    Ok(sorted(steps.map(|step| dag.id(step))))
}

fn placeholders(case: &Case) -> Result<Json, Failure> {
    let dag = dag(case.input("runtime_dag"))?;
    let restarted = restarted(case.input("restart_config"))?;
    let steps = dag.placeholders(restarted.as_ref()).map_err(|error| failure(&error))?;
    Ok(sorted(steps.into_iter().map(|step| dag.id(step))))
}

/// The runtime DAG of a document.
pub(super) fn dag(json: &Json) -> Result<Dag, Failure> {
    if json.is_null() { Ok(Dag::default()) } else { Dag::from_json(json).map_err(|error| failure(&error)) }
}

pub(super) fn failure(error: &Error) -> Failure {
    let kind = match error {
        Error::UnknownStart { .. } | Error::UnknownEnd { .. } => "NullPointerException",
        _ => "IllegalArgumentException",
    };
    Failure { kind, text: error.to_string() }
}

/// The step that the last node of a restart path names.
pub(super) fn restarted(config: &Json) -> Result<Option<StepId>, Failure> {
    let Some(path) = config["restart_path"].as_array() else { return Ok(None) };
    let node = path.last().ok_or_else(|| Failure {
        kind: "IllegalArgumentException",
        text: "Cannot get restart info in empty restart configuration".to_owned(),
    })?;
    Ok(node["step_id"].as_str().map(StepId::from))
}

/// A workflow's steps; none where too little can be read.
pub(super) fn steps(workflow: &Json) -> Vec<Arc<Step>> {
    definition::read::workflow(workflow).value.map(|workflow| workflow.steps).unwrap_or_default()
}

fn id(json: &Json) -> &str {
    json["id"].as_str().unwrap_or_default()
}

pub(super) fn ids(json: &Json) -> Vec<StepId> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(StepId::from).collect()
}

/// A word of a closed set; `None` when it is absent or another.
pub(super) fn word<T: serde::de::DeserializeOwned>(json: &Json) -> Option<T> {
    T::deserialize(json).ok()
}

fn texts(ids: impl IntoIterator<Item = impl Borrow<StepId>>) -> Json {
    ids.into_iter().map(|id| Json::from(id.borrow().as_str())).collect()
}

fn sorted<'a>(ids: impl Iterator<Item = &'a StepId>) -> Json {
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    texts(ids.into_iter().cloned())
}
