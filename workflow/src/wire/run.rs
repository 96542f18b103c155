//! A run's document, put together from its rows (runtime.md §23.1).

use serde_json::{Map, Value as Json};

use crate::{
    life::OWN_FIELD as OWN,
    status::InstanceStatus,
    time::Timestamp,
    timeline::{Event, Timeline},
};

/// Fields that follow what the run started with, in order.
const STATE: [&str; 5] = ["status", "request_time", "create_time", "start_time", "end_time"];

/// The document of a run. `row` is absent while nothing has happened since it was made.
pub fn document(seed: &Json, row: Option<&Json>) -> Json {
    let mut document = Map::new();
    let seed_fields = seed.as_object().into_iter().flatten();
    for (name, value) in seed_fields.filter(|(name, _)| *name != OWN && !STATE.contains(&name.as_str())) {
        document.insert(name.clone(), value.clone());
        if name == "internal_id"
            && let Some(execution) = row.and_then(|row| row.get("execution_id"))
        {
            document.insert("execution_id".to_owned(), execution.clone());
        }
    }
    let of_row = |name: &str| row.and_then(|row| row.get(name)).or_else(|| seed.get(name)).cloned();
    let ended = &seed[OWN]["ended"];
    for name in STATE {
        let unsaid = match name {
            "status" => ended.get("status").cloned().or_else(|| Some(InstanceStatus::Created.as_str().into())),
            "end_time" => ended.get("status").and_then(|_| seed.get("create_time")).cloned(),
            "start_time" => {
                let is_stopped = ended["status"] == InstanceStatus::Stopped.as_str();
                is_stopped.then(|| seed.get("create_time").cloned()).flatten()
            }
            _ => None,
        };
        if let Some(value) = of_row(name).or(unsaid) {
            document.insert(name.to_owned(), value);
        }
    }
    let modified = of_row("modify_time").or_else(|| seed.get("create_time").cloned());
    document.insert("modify_time".to_owned(), modified.unwrap_or_default());
    for name in ["runtime_overview", "timeline"] {
        let unsaid = ended.get(name).cloned();
        if let Some(value) = row.and_then(|row| row.get(name)).cloned().or(unsaid) {
            document.insert(name.to_owned(), value);
        }
    }
    Json::Object(document)
}

/// Adds to a run's timeline the statuses that it went through; a queued run shows no timeline at all.
pub fn enrich(document: &mut Json) {
    let Some(noted) = document.get("timeline") else { return };
    let Ok(timeline) = Timeline::from_json(noted, Timestamp(0)) else { return };
    let time = |name: &str| document[name].as_i64().map(Timestamp);
    let Ok(status) = serde_json::from_value::<InstanceStatus>(document["status"].clone()) else { return };
    let statuses = Event::run_statuses(time("create_time"), time("start_time"), time("end_time"), status);
    document["timeline"] = timeline.enriched(statuses).iter().map(Event::to_json).collect();
}
