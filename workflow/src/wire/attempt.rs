//! The document of an attempt of a step, put together from the rows of the attempt and of its run's seed (runtime.md §23.2).

use serde_json::{Map, Value as Json, json};

use crate::{
    definition::FailureMode,
    life::{OWN_FIELD as OWN, SIGNAL_PARAMS},
    status::StepStatus,
    time::Timestamp,
    timeline::{Event, Timeline},
};

/// The document of an attempt.
pub fn document(seed: &Json, row: &Json) -> Json {
    let mut document = Map::new();
    let mut put = |name: &str, value: Option<&Json>| {
        if let Some(value) = value {
            document.insert(name.to_owned(), value.clone());
        }
    };
    for name in ["workflow_id", "workflow_instance_id", "workflow_run_id"] {
        put(name, seed.get(name));
    }
    for name in ["step_id", "step_attempt_id"] {
        put(name, row.get(name));
    }
    put("workflow_uuid", seed.get("workflow_uuid"));
    put("step_uuid", row.get("step_uuid"));
    put("correlation_id", seed.get("correlation_id"));
    put("step_instance_id", row.get("step_instance_id"));
    put("workflow_version_id", seed.get("workflow_version_id"));
    put("group_info", seed.get("group_info"));
    put("owner", seed["run_properties"].get("owner"));
    let definition = definition(seed, row["step_id"].as_str().unwrap_or_default());
    put("definition", Some(&definition));
    let said = row.as_object().into_iter().flatten();
    for (name, value) in said.filter(|(name, _)| !SAID_ALREADY.contains(&name.as_str())) {
        put(name, Some(value));
    }
    if let Some(dependencies) =
        document.get_mut("signal_dependencies").and_then(|json| json["dependencies"].as_array_mut())
    {
        for dependency in dependencies.iter_mut().filter_map(Json::as_object_mut) {
            dependency.shift_remove(SIGNAL_PARAMS);
        }
    }
    Json::Object(document)
}

const SAID_ALREADY: [&str; 5] = ["step_id", "step_attempt_id", "step_uuid", "step_instance_id", OWN];

/// The step as written, with its failure mode, and with the edges that the run has.
fn definition(seed: &Json, step: &str) -> Json {
    let steps = seed["runtime_workflow"]["steps"].as_array().into_iter().flatten();
    let wrapped = steps.filter_map(Json::as_object).find_map(|wrapper| {
        let (kind, inner) = wrapper.iter().next()?;
        (inner["id"] == step).then_some((kind, inner))
    });
    let Some((kind, inner)) = wrapped else { return Json::Null };
    let mut inner = inner.clone();
    inner["transition"] = seed["runtime_dag"].get(step).cloned().unwrap_or_else(|| json!({}));
    if let Some(fields) = inner.as_object_mut() {
        fields.entry("failure_mode").or_insert_with(|| FailureMode::default().word().into());
        fields.entry("params").or_insert_with(|| json!({}));
    }
    json!({ kind.as_str(): inner })
}

/// Adds to a step's timeline the statuses that the attempt went through, and what is known of its signals.
pub fn enrich(document: &mut Json) {
    let Ok(timeline) = Timeline::from_json(&document["timeline"], Timestamp(0)) else { return };
    let state = &document["runtime_state"];
    let Ok(status) = serde_json::from_value::<StepStatus>(state["status"].clone()) else { return };
    let statuses = Event::step_statuses(status, |name| state[name].as_i64().map(Timestamp));
    let infos = ["signal_dependencies", "signal_outputs"]
        .into_iter()
        .filter_map(|name| Event::from_json(document.get(name)?.get("info")?, Timestamp(0)).ok());
    let events: Vec<Event> = timeline.enriched(statuses.chain(infos).collect::<Vec<_>>());
    document["timeline"] = events.iter().map(Event::to_json).collect();
}
