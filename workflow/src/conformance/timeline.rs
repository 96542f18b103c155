//! `timeline.jsonl`: bounded lists of events.

use serde_json::Value as Json;

use super::{
    Case, Failure,
    status::{fails, read},
};
use crate::{
    status::StepStatus,
    time::Timestamp,
    timeline::{Event, Timeline, Unreadable},
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let now = Timestamp::default();
    let mut timeline = Timeline::from_json(case.input("timeline"), now).map_err(|error| failure(&error))?;
    match case.function.as_str() {
        "add_all" => {
            for event in case.input("events").as_array().into_iter().flatten() {
                timeline.add(Event::from_json(event, now).map_err(|error| failure(&error))?);
            }
            Ok(timeline.to_json())
        }
        "enrich" => {
            let state = &case.input("instance")["runtime_state"];
            let status = read::<Option<StepStatus>>(&state["status"])?.unwrap_or(StepStatus::NotCreated);
            let reached = Event::step_statuses(status, |name| state[name].as_i64().map(Timestamp));
            // The reference sorts its list in place and gives nothing back; what a reader sees has tests of its own.
            drop(timeline.enriched(reached));
            Ok(Json::Null)
        }
        other => Err(Failure { kind: "unknown", text: format!("no operation `{other}`") }),
    }
}

fn failure(error: &Unreadable) -> Failure {
    fails("JsonProcessingException", error)
}
