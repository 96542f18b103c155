//! From a sample to what an engine runs.

use serde_json::Value as Json;
use workflow::{
    id::{InstanceId, InstanceKey},
    port::{Act, Rehearsal},
};

use crate::sample::Kept;

/// What would start runs that nobody asked for: nothing but the sample's own run may start while it is replayed.
const TRIGGERS: [&str; 2] = ["time_triggers", "signal_triggers"];

/// The sample, ready to be run with engines seeded by `seed`.
pub fn rehearsal(kept: &Kept, seed: u64) -> Rehearsal {
    let sample = &kept.sample;
    // Every sample gets an empty store, so its run is the first instance.
    let instance = InstanceKey { workflow: sample.workflow.as_str().into(), instance: InstanceId::FIRST };
    let acts = sample.acts.iter().map(|act| Act {
        after: act.after,
        is_after_end: act.is_after_end,
        request: act.deed.request(&instance),
    });
    let results = sample.stand_ins.iter();
    Rehearsal {
        id: kept.id.clone(),
        definitions: kept.definitions.iter().map(without_triggers).collect(),
        workflow: sample.workflow.clone(),
        start: sample.start.clone(),
        acts: acts.collect(),
        stand_ins: results.map(|one| ((one.path.clone(), one.attempt), one.result.clone())).collect(),
        at: sample.at,
        seed,
    }
}

fn without_triggers(definition: &Json) -> Json {
    let mut definition = definition.clone();
    if let Some(Json::Object(workflow)) = definition.get_mut("workflow") {
        for trigger in TRIGGERS {
            workflow.shift_remove(trigger);
        }
    }
    definition
}
