//! What steps with outside effects gave back, as far as their documents show it.

use serde_json::{Map, Value as Json, json};
use workflow::{definition::read, port::StandIn, time::Millis};

use super::tree::{Tree, path_of};
use crate::{placeholder::stands_in, sample::RecordedResult};

/// Longer than anything that ends an attempt from outside: its time-out or a caller comes first.
const UNTIL_ENDED: Millis = Millis(400 * 24 * 3_600_000);

/// What every attempt gave back that a placeholder will stand in for.
pub(super) fn results(tree: &Tree) -> Vec<RecordedResult> {
    let mut results = Vec::new();
    for (run, attempts) in &tree.runs {
        for attempt in attempts.iter().filter(|attempt| needs_placeholder(attempt)) {
            let named = attempt["step_id"].as_str().zip(attempt["step_attempt_id"].as_i64());
            if let (Some((step, number)), Some(result)) = (named, result(attempt)) {
                results.push(RecordedResult { path: path_of(run, step), attempt: number, result });
            }
        }
    }
    results
}

/// A step whose definition cannot be read gets a placeholder, too.
fn needs_placeholder(attempt: &Json) -> bool {
    let step = read::step(&attempt["definition"]).value;
    step.is_none_or(|step| stands_in(&step))
}

/// What the work of an attempt came to; `None` if it never began.
fn result(attempt: &Json) -> Option<StandIn> {
    let time = |name: &str| attempt["runtime_state"][name].as_i64();
    let began = time("execute_time").or_else(|| time("start_time"))?;
    let ended = time("finish_time").or_else(|| time("end_time")).unwrap_or(began);
    let recorded = Millis((ended - began).max(0));
    let (conclusion, took) = match attempt["runtime_state"]["status"].as_str()? {
        "SUCCEEDED" => ("DONE", recorded),
        "USER_FAILED" => ("USER_ERROR", recorded),
        "PLATFORM_FAILED" => ("PLATFORM_ERROR", recorded),
        "FATALLY_FAILED" | "COMPLETED_WITH_ERROR" => (final_failure(attempt), recorded),
        "STOPPED" if is_child(attempt) && !was_ended_by_caller(attempt) => ("STOPPED", recorded),
        "TIMED_OUT" if is_child(attempt) && attempt.get("timeout_in_millis").is_none() => ("TIMED_OUT", recorded),
        // Something else ended it: the work itself goes on for longer.
        _ => ("DONE", UNTIL_ENDED),
    };
    Some(StandIn {
        conclusion: if was_ended_by_caller(attempt) { "DONE" } else { conclusion }.to_owned(),
        took: if was_ended_by_caller(attempt) { UNTIL_ENDED } else { took },
        outputs: outputs(attempt),
        artifacts: attempt["artifacts"].as_object().cloned().unwrap_or_default(),
    })
}

/// The error behind a failure that was not tried again: one whose retries were used up, or one that forbids them.
fn final_failure(attempt: &Json) -> &'static str {
    let retry = &attempt["step_retry"];
    let is_used_up = |used: &str, limit: &str| {
        let (used, limit) = (retry[used].as_i64(), retry[limit].as_i64());
        used.zip(limit).is_some_and(|(used, limit)| limit > 0 && used >= limit)
    };
    if is_child(attempt) {
        "FATAL_ERROR"
    } else if is_used_up("error_retries", "error_retry_limit") {
        "USER_ERROR"
    } else if is_used_up("platform_retries", "platform_retry_limit") {
        "PLATFORM_ERROR"
    } else {
        "FATAL_ERROR"
    }
}

fn is_child(attempt: &Json) -> bool {
    attempt["definition"].get("subworkflow").is_some()
}

fn was_ended_by_caller(attempt: &Json) -> bool {
    let entries = attempt["timeline"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["message"].as_str()).any(|message| message.contains("] take action ["))
}

/// Params that the work published.
fn outputs(attempt: &Json) -> Map<String, Json> {
    let params = attempt["params"].as_object().into_iter().flatten();
    let published = params.filter(|(_, param)| param["source"] == "OUTPUT_PARAMETER");
    let output = |(name, param): (&String, &Json)| {
        (name.clone(), json!({ "type": param["type"], "value": param["evaluated_result"] }))
    };
    published.map(output).collect()
}
