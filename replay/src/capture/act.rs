//! What callers did to a run, as far as its documents show it.

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::InstanceKey,
    time::{Millis, Timestamp},
};

use super::{Error, start::definitions, tree::Tree};
use crate::sample::{Deed, RecordedAct};

/// How an entry in a step's timeline begins that tells of a caller's action.
const ACTION: &str = "] take action [";

/// The reason that such an entry gives for an action on the whole run.
const ON_RUN: &str = "[manual workflow instance API call]";

/// The reason for an action on the step itself.
const ON_STEP: &str = "[manual step instance API call]";

/// Everything that was done to the root's runs, in order of time.
pub(super) fn acts(tree: &Tree, root: &InstanceKey, start: Timestamp) -> Result<Vec<RecordedAct>, Error> {
    let mut acts = Vec::new();
    for (run, attempts) in tree.root_runs() {
        if run["workflow_run_id"].as_i64().unwrap_or(1) > 1 {
            let deed = restart(run, root)?;
            acts.push(act(number(run, "create_time"), true, deed, start));
        }
        let mut on_run: Option<RecordedAct> = None;
        for attempt in attempts {
            acts.extend(step_restart(attempt, start));
            for (at, kind, is_on_run) in taken(attempt) {
                match (is_on_run, on_step(kind, attempt)) {
                    (true, _) => {
                        let deed = if kind == "KILL" { Deed::Kill } else { Deed::Stop };
                        let found = act(at, false, deed, start);
                        if on_run.as_ref().is_none_or(|known| found.after < known.after) {
                            on_run = Some(found);
                        }
                    }
                    (false, deed) => acts.extend(deed.map(|deed| act(at, false, deed, start))),
                }
            }
        }
        acts.extend(on_run);
    }
    for (_, attempts) in &tree.runs {
        acts.extend(attempts.iter().flat_map(|attempt| signals(attempt, start)));
    }
    acts.sort_by_key(|act| act.after);
    Ok(acts)
}

fn act(at: i64, is_after_end: bool, deed: Deed, start: Timestamp) -> RecordedAct {
    RecordedAct { after: Millis((Timestamp(at) - start).0.max(0)), is_after_end, deed }
}

/// Actions that a step's timeline tells of: when, which, and whether the whole run was meant.
fn taken(attempt: &Json) -> impl Iterator<Item = (i64, &str, bool)> {
    let entries = attempt["timeline"].as_array().into_iter().flatten();
    entries.filter_map(|entry| {
        let message = entry["message"].as_str()?;
        let is_on_run = message.contains(ON_RUN);
        let (_, rest) = message.split_once(ACTION).filter(|_| is_on_run || message.contains(ON_STEP))?;
        Some((entry["timestamp"].as_i64()?, rest.split(']').next()?, is_on_run))
    })
}

fn on_step(kind: &str, attempt: &Json) -> Option<Deed> {
    let step = attempt["step_id"].as_str()?.to_owned();
    match kind {
        "STOP" => Some(Deed::StopStep(step)),
        "KILL" => Some(Deed::KillStep(step)),
        "SKIP" => Some(Deed::SkipStep(step)),
        _ => None,
    }
}

/// The call that made a further run of the root.
fn restart(run: &Json, root: &InstanceKey) -> Result<Deed, Error> {
    let config = &run["run_config"]["restart_config"];
    let path = config["restart_path"].as_array().map_or(&[][..], Vec::as_slice);
    if path.len() > 1 {
        let because = "something below it was restarted, which led up to it";
        return Err(Error::Unrepeatable { instance: root.clone(), because });
    }
    let target = path.first().and_then(|node| node["step_id"].as_str());
    let Some(step) = target else {
        let policy = config["restart_policy"].as_str().or(run["run_config"]["policy"].as_str());
        let mut body = Map::new();
        body.insert("restart_policy".to_owned(), policy.unwrap_or("RESTART_FROM_INCOMPLETE").into());
        if let Some(params) = definitions(config.get("restart_params")) {
            body.insert("run_params".to_owned(), params);
        }
        return Ok(Deed::Restart(body.into()));
    };
    let is_skip = config["skip_steps"].as_array().is_some_and(|steps| steps.iter().any(|skipped| skipped == step));
    if is_skip { Ok(Deed::SkipStep(step.to_owned())) } else { Ok(restart_of_step(step, config, None)) }
}

/// The call that made a further attempt while its run was alive.
fn step_restart(attempt: &Json, start: Timestamp) -> Option<RecordedAct> {
    let config = attempt.get("restart_config").filter(|config| config.is_object())?;
    let step = attempt["step_id"].as_str()?;
    // An attempt of a run that a restart made carries the config of that run.
    let is_own = attempt["step_attempt_id"].as_i64()? > 1;
    let at = attempt.pointer("/runtime_state/create_time").and_then(Json::as_i64)?;
    let deed = restart_of_step(step, config, attempt.get("step_run_params"));
    is_own.then(|| act(at, false, deed, start))
}

fn restart_of_step(step: &str, config: &Json, params: Option<&Json>) -> Deed {
    let policy = config["downstream_policy"].as_str().unwrap_or("RESTART_FROM_INCOMPLETE");
    let mut body = json!({ "restart_policy": policy });
    let params = params.or_else(|| config.get("step_restart_params")?.get(step));
    if let Some(params) = definitions(params) {
        body["step_run_params"] = params;
    }
    Deed::RestartStep(step.to_owned(), body)
}

/// The signals that let a waiting step go on.
fn signals(attempt: &Json, start: Timestamp) -> Vec<RecordedAct> {
    let at = attempt.pointer("/runtime_state/evaluate_param_time").and_then(Json::as_i64);
    let dependencies = attempt.pointer("/signal_dependencies/dependencies").and_then(Json::as_array);
    let matched = dependencies.into_iter().flatten().filter(|dependency| dependency["status"] == "MATCHED");
    let signals = matched.filter_map(|dependency| {
        let name = dependency["name"].as_str()?;
        let params = dependency["match_params"].as_object().into_iter().flatten();
        let params: Map<String, Json> =
            params.filter_map(|(name, match_)| Some((name.clone(), fitting(match_)?))).collect();
        let body = json!({ "name": name, "params": params });
        at.map(|at| act(at, false, Deed::Signal(body), start))
    });
    signals.collect()
}

/// A value that a dependency's condition lets through.
fn fitting(condition: &Json) -> Option<Json> {
    let value = condition.get("value")?;
    let moved = |by: i64| value.as_i64().and_then(|number| number.checked_add(by)).map(Json::from);
    match condition["operator"].as_str() {
        Some(">") => moved(1),
        Some("<") => moved(-1),
        _ => Some(value.clone()),
    }
}

fn number(document: &Json, name: &str) -> i64 {
    document[name].as_i64().unwrap_or(0)
}
