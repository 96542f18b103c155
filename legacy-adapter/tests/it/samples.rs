//! Small workflows to run.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workflow::{port::Rehearsal, time::Timestamp};

/// A create request with these steps.
pub(crate) fn definition(id: &str, steps: &[Json]) -> Json {
    json!({ "properties": { "owner": "tester" }, "workflow": { "id": id, "steps": steps } })
}

/// A NoOp with edges that are always taken.
pub(crate) fn no_op(id: &str, next: &[&str]) -> Json {
    let successors: serde_json::Map<String, Json> = next.iter().map(|id| ((*id).to_owned(), json!("true"))).collect();
    json!({ "step": { "id": id, "type": "NoOp", "transition": { "successors": successors } } })
}

/// A diamond: one root, two branches, one join.
pub(crate) fn diamond() -> Json {
    let steps =
        [no_op("root", &["left", "right"]), no_op("left", &["join"]), no_op("right", &["join"]), no_op("join", &[])];
    definition("diamond", &steps)
}

/// Three iterations of one step.
pub(crate) fn loop_of_three() -> Json {
    let params =
        json!({ "loop_params": { "type": "MAP", "value": { "i": { "type": "LONG_ARRAY", "value": [1, 2, 3] } } } });
    definition("loop", &[json!({ "foreach": { "id": "each", "params": params, "steps": [no_op("body", &[])] } })])
}

/// A step that sleeps longer than its timeout allows.
pub(crate) fn too_slow() -> Json {
    let params = json!({ "sleep_seconds": { "type": "LONG", "value": 3_600 } });
    definition("slow", &[json!({ "step": { "id": "nap", "type": "Sleep", "timeout": 60, "params": params } })])
}

/// A sample that starts the workflow of a definition.
pub(crate) fn rehearsal(definition: Json, seed: u64) -> Rehearsal {
    let workflow = definition["workflow"]["id"].as_str().unwrap().to_owned();
    Rehearsal {
        id: workflow.clone(),
        definitions: vec![definition],
        workflow,
        start: json!({ "initiator": { "type": "manual" } }),
        acts: Vec::new(),
        stand_ins: BTreeMap::new(),
        at: Timestamp(1_780_000_000_000),
        seed,
    }
}
