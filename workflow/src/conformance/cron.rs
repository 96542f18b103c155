//! `cron.jsonl`: when time triggers fire.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{Parsable, TimeTrigger, TimeTriggerKind},
    schedule::{Error, Schedule, Watermark, earliest, planned, watermarks_after},
    time::Timestamp,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let number = |name: &str| case.input(name).as_i64().unwrap_or_default();
    let executions = |triggers: &[Watermark]| {
        let limit = usize::try_from(number("max_executions")).unwrap_or(0);
        planned(triggers, Timestamp(number("end_ms")), limit)
    };
    let result = match case.function.as_str() {
        "next_execution" => {
            let schedule = schedule(case.input("trigger"), workflow(case))?;
            json!(schedule.next(Timestamp(number("after_ms"))))
        }
        "earliest_execution" => json!(earliest(&triggers(case)?)),
        "planned_executions" => {
            json!(executions(&triggers(case)?).iter().map(|execution| execution.at).collect::<Vec<_>>())
        }
        "watermarks_after_execution" => {
            let triggers = triggers(case)?;
            json!(watermarks_after(&triggers, &executions(&triggers)))
        }
        other => return Err(Failure::unknown_function(other)),
    };
    Ok(within_bounds(result, case.line.get("expect").unwrap_or(&Json::Null)))
}

fn workflow(case: &Case) -> &str {
    case.input("workflow_id").as_str().unwrap_or_default()
}

fn triggers(case: &Case) -> Result<Vec<Watermark>, Failure> {
    let list = case.input("triggers").as_array().into_iter().flatten();
    let read = |entry: &Json| {
        let last = entry.get("last_trigger_timestamp").and_then(Json::as_i64).unwrap_or_default();
        let trigger = entry.get("trigger").unwrap_or(&Json::Null);
        Ok(Watermark { schedule: schedule(trigger, workflow(case))?, last: Timestamp(last) })
    };
    list.map(read).collect()
}

fn schedule(trigger: &Json, workflow: &str) -> Result<Schedule, Failure> {
    let text = |name: &str| trigger.get(name).and_then(Json::as_str);
    let kind = match text("type").unwrap_or("CRON") {
        "PREDEFINED" => TimeTriggerKind::Predefined(text("expression").unwrap_or_default().into()),
        "INTERVAL" => TimeTriggerKind::Interval { interval: None, start: None },
        _ => TimeTriggerKind::Cron(text("cron").unwrap_or_default().into()),
    };
    let fuzzy_max_delay = trigger.get("fuzzy_max_delay").and_then(|delay| match delay {
        Json::Number(number) => Some(Parsable::Number(number.clone())),
        Json::String(text) => Some(Parsable::Text(text.as_str().into())),
        _ => None,
    });
    let trigger = TimeTrigger { kind, timezone: text("timezone").map(Into::into), fuzzy_max_delay };
    Schedule::new(&trigger, workflow).map_err(|error| Failure {
        kind: match error {
            Error::Cron { .. } => "ParseException",
            Error::Interval => "UnsupportedOperationException",
            _ => "IllegalArgumentException",
        },
        text: error.to_string(),
    })
}

/// The stated bounds themselves where the result keeps them, so that the comparison of results sees no difference.
fn within_bounds(result: Json, stated: &Json) -> Json {
    let bound = |stated: &Json, name: &str| stated.get(name).and_then(Json::as_i64);
    let is_within = |value: &Json, stated: &Json| {
        let (min, max) = (bound(stated, "min"), bound(stated, "max_exclusive"));
        let value = value.as_i64();
        value.zip(min).zip(max).is_some_and(|((value, min), max)| (min..max).contains(&value))
    };
    let keeps = match (&result, stated.get("each")) {
        (Json::Array(values), Some(each)) => {
            bound(stated, "count") == i64::try_from(values.len()).ok()
                && values.iter().all(|value| is_within(value, each))
        }
        (value, None) => is_within(value, stated),
        _ => false,
    };
    if keeps { stated.clone() } else { result }
}
