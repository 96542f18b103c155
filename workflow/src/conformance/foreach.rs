//! `foreach.jsonl`: bookkeeping of loop iterations.
//!
//! What Maestro holds back until the next refresh is in no document of it; where a case depends on it, its input says it as
//! `pending`: a list of [iteration, status].

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    Case, Failure,
    status::{fails, mismatch, read, write},
};
use crate::{
    iteration::{self, Details, Error, Intervals, Keep, Overview},
    status::{InstanceStatus, Rollup},
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        function if function.starts_with("details_") => details(function, case),
        "encode_by_length" => write(&iteration::encode_by_length(text(case, "value")).ok_or_else(too_long)?),
        "decode_by_length" => write(&iteration::decode_by_length(text(case, "value"))),
        "iteration_rank" => write(&iteration::iteration_rank(text(case, "iteration_id"))),
        "leaf_step_instance_ref" => write(&iteration::leaf_step_instance_ref(
            case.input("leaf_workflow_id").as_str(),
            text(case, "iteration_rank"),
            text(case, "step_id"),
            text(case, "attempt_seq"),
        )),
        function => overview(function, case),
    }
}

fn details(function: &str, case: &Case) -> Result<Json, Failure> {
    let mut details: Details = read(case.input("details"))?;
    let iteration = case.input("iteration_id").as_i64().unwrap_or_default();
    match function {
        "details_is_iteration_restartable" => write(&details.is_restartable(iteration)),
        "details_reset_iteration" => {
            details
                .reset(iteration, status(case, "new_status")?, status(case, "old_status")?)
                .map_err(|error| failure(&error))?;
            write(&details)
        }
        "details_add_and_refresh" => {
            for (iteration, status) in read::<Vec<(i64, InstanceStatus)>>(case.input("add"))? {
                details.add(iteration, status);
            }
            details.refresh();
            let compared: Vec<InstanceStatus> = read(case.input("compare_statuses"))?;
            let compared: BTreeMap<_, _> = details.iter().filter(|(status, _)| compared.contains(status)).collect();
            write(&compared)
        }
        other => Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    }
}

fn overview(function: &str, case: &Case) -> Result<Json, Failure> {
    let mut overview: Overview = read(case.input("overview"))?;
    for (iteration, status) in read::<Option<Vec<(i64, InstanceStatus)>>>(case.input("pending"))?.unwrap_or_default() {
        overview.details.get_or_insert_default().add(iteration, status);
    }
    let iteration = case.input("iteration_id").as_i64().unwrap_or_default();
    let rollup = |name: &str| read::<Option<Rollup>>(case.input(name));
    let before = || read::<Option<Overview>>(case.input("prev"));
    let returned = match function {
        "add_one" => {
            overview.add(iteration, status(case, "status")?, rollup("rollup")?.as_ref());
            None
        }
        "refresh_detail" => {
            overview.refresh();
            None
        }
        "update_for_restart" => {
            let (to, from) = (status(case, "new_status")?, status(case, "old_status")?);
            overview.restart(iteration, to, from, rollup("rollup")?.as_ref()).map_err(|error| failure(&error))?;
            None
        }
        "initiate_step_rollup" => {
            let again = rollup("aggregated_rollups_prev_run")?;
            overview.keep_rollup(rollup("prev_rollup")?, again.as_ref()).map_err(|error| failure(&error))?;
            None
        }
        "initiate_by_prev_max_iteration_id" => {
            let keep = if case.input("to_reset_id") == &Json::from(0) { Keep::Succeeded } else { Keep::Ended };
            Some(Json::from(overview.keep(before()?.as_ref(), keep)))
        }
        "status_exist_in_iterations" => return write(&overview.has(status(case, "status")?)),
        "running_stats_count" => {
            let is_strict = case.input("prioritized") == &Json::Bool(true);
            return write(&if is_strict { overview.window() } else { overview.running() });
        }
        "first_restart_iteration_id" => return write(&overview.first_restarted()),
        "is_iteration_restartable" => return write(&overview.is_restartable(iteration)),
        "overall_rollup" => return write(&overview.overall_rollup()),
        "iterations_to_run_from_details" => return Ok(ids(&overview.to_run_again(before()?.as_ref()))),
        "skipped_iterations_with_checkpoint" => return Ok(ids(&overview.settled_after_checkpoint())),
        "skipped_iterations_in_range" => {
            let start = case.input("start").as_i64().unwrap_or_default();
            return Ok(ids(&overview.succeeded_from(start, case.input("end").as_i64())));
        }
        other => return Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    };
    let returned = returned.map(|value| ("return".to_owned(), value));
    let after = ("overview".to_owned(), write(&overview)?);
    Ok(Json::Object(returned.into_iter().chain([after]).collect::<Map<_, _>>()))
}

fn ids(set: &Intervals) -> Json {
    set.ids().map(Json::from).collect()
}

fn status(case: &Case, name: &str) -> Result<InstanceStatus, Failure> {
    read(case.input(name))
}

fn text<'a>(case: &'a Case, name: &str) -> &'a str {
    case.input(name).as_str().unwrap_or_default()
}

fn too_long() -> Failure {
    Failure { kind: "IllegalArgumentException", text: "The input number exceeds max length".to_owned() }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Rollup(error) => mismatch(*error),
        other => fails("IllegalArgumentException", other),
    }
}
