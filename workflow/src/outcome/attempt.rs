//! The outcome of one attempt.

use serde_json::{Map, Value as Json};

use super::{
    run,
    symbol::{Symbols, object},
};

/// The times that an attempt may pass; their presence is part of the outcome, their values are not.
const MOMENTS: [&str; 10] = [
    "create_time",
    "initialize_time",
    "pause_time",
    "wait_signal_time",
    "evaluate_param_time",
    "wait_permit_time",
    "start_time",
    "execute_time",
    "finish_time",
    "end_time",
];

/// What a job leaves that names the job and not the result.
const VOLATILE_ARTIFACT_FIELDS: [&str; 12] = [
    "subworkflow_instance_id",
    "subworkflow_run_id",
    "subworkflow_uuid",
    "subworkflow_version_id",
    "foreach_identity",
    "loop_identity",
    "job_id",
    "execution_output",
    "ref",
    "step_overview",
    "run_id",
    "foreach_run_id",
];

/// The normalised attempt.
pub(super) fn outcome(document: &Json, symbols: &mut Symbols) -> Json {
    let at = |pointer: &str| document.pointer(pointer).cloned().unwrap_or(Json::Null);
    object([
        ("status", at("/runtime_state/status")),
        ("passed", passed(document)),
        ("params", run::params(document.get("params"), symbols)),
        ("taken", edges(document.pointer("/transition/successors"))),
        ("retry", retry(document.get("step_retry"))),
        ("timeout", at("/timeout_in_millis")),
        ("dependencies", dependencies(document.pointer("/signal_dependencies/dependencies"))),
        ("signals", signals(document.pointer("/signal_outputs/outputs"), symbols)),
        ("artifacts", artifacts(document.get("artifacts"), symbols)),
    ])
}

fn passed(document: &Json) -> Json {
    let has = |name: &&str| document.pointer(&format!("/runtime_state/{name}")).is_some_and(Json::is_number);
    let names = MOMENTS.into_iter().filter(has).map(|name| Json::from(name.trim_end_matches("_time")));
    names.collect()
}

/// Whether each edge was taken.
fn edges(successors: Option<&Json>) -> Json {
    let Some(Json::Object(edges)) = successors else { return Json::Null };
    let mut taken: Vec<_> = edges.iter().collect();
    taken.sort_by(|a, b| a.0.cmp(b.0));
    let result = |edge: &Json| edge.get("evaluated_result").cloned().unwrap_or(Json::Null);
    Json::Object(taken.into_iter().map(|(to, edge)| (to.clone(), result(edge))).collect())
}

/// Counters and limits; the back-off's numbers belong to the definition.
fn retry(retry: Option<&Json>) -> Json {
    let Some(Json::Object(fields)) = retry else { return Json::Null };
    let mut kept: Vec<_> = fields.iter().filter(|(name, _)| *name != "backoff").collect();
    kept.sort_by(|a, b| a.0.cmp(b.0));
    Json::Object(kept.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn dependencies(dependencies: Option<&Json>) -> Json {
    let items = dependencies.and_then(Json::as_array).into_iter().flatten();
    let field = |item: &Json, name: &str| item.get(name).cloned().unwrap_or(Json::Null);
    items.map(|item| object([("name", field(item, "name")), ("status", field(item, "status"))])).collect()
}

fn signals(outputs: Option<&Json>, symbols: &mut Symbols) -> Json {
    let items = outputs.and_then(Json::as_array).into_iter().flatten();
    let field = |item: &Json, name: &str, symbols: &mut Symbols| symbols.value(item.get(name).unwrap_or(&Json::Null));
    items
        .map(|item| object([("name", field(item, "name", symbols)), ("params", field(item, "params", symbols))]))
        .collect()
}

fn artifacts(artifacts: Option<&Json>, symbols: &mut Symbols) -> Json {
    symbols.value(&without_volatile(artifacts.unwrap_or(&Json::Null)))
}

fn without_volatile(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !VOLATILE_ARTIFACT_FIELDS.contains(&name.as_str()));
            let kept = kept.filter(|(name, value)| !(name.ends_with("_time") && value.is_number()));
            Json::Object(kept.map(|(name, value)| (name.clone(), without_volatile(value))).collect::<Map<_, _>>())
        }
        Json::Array(items) => items.iter().map(without_volatile).collect(),
        other => other.clone(),
    }
}
