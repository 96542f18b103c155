//! What a run publishes (runtime.md §20).

use serde_json::{Map, Value as Json, json};

use super::{attempt::Attempt, flow::Flow};
use crate::{
    event::Event,
    life::{Effect, RunSeed, Turn, seed::Standing},
    status::InstanceStatus,
    tag,
};

/// A change of a run's status.
pub(super) fn instance(seed: &RunSeed, from: InstanceStatus, to: InstanceStatus, turn: &mut Turn<'_>) {
    if !turn.surroundings.settings().has_events {
        return;
    }
    let (key, definition) = (&seed.key, &seed.body.definition);
    let mut document = json!({
        "type": "WORKFLOW_INSTANCE_STATUS_CHANGE_EVENT",
        "workflow_id": key.workflow,
        "workflow_name": definition.name.as_deref().unwrap_or(&definition.id),
        "workflow_instance_id": key.instance,
        "workflow_run_id": key.run,
        "workflow_uuid": &*seed.uuid,
        "correlation_id": &*seed.body.correlation,
        "depth": seed.initiator.depth(),
        "cluster_name": turn.surroundings.settings().cluster_name,
        "old_status": from,
        "new_status": to,
        "event_time": turn.now,
    });
    if let Some(tags) = definition.tags.as_ref().filter(|tags| !tags.is_empty()) {
        document["tags"] = tag::write(tags);
    }
    let key = format!("run/{}/{from}/{to}", seed.uuid);
    turn.effects.push(Effect::Publish(Event { key, document }));
}

/// The end of a run that ended when it was made: published by whoever makes it, since the run itself may never hear of it.
pub(in crate::life) fn ended_when_made(seed: &RunSeed, turn: &mut Turn<'_>) {
    let Standing::Ended { status, .. } = seed.standing else { return };
    // A run that failed when it was made is told as going from FAILED to FAILED.
    let from = if status == InstanceStatus::Failed { status } else { InstanceStatus::Created };
    instance(seed, from, status, turn);
}

impl Flow {
    /// Publishes the status changes of an attempt since the last batch.
    pub(super) fn publish_batch(&mut self, at: usize, turn: &mut Turn<'_>) {
        let seed = std::sync::Arc::clone(&self.seed);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if attempt.changes.is_empty() {
            return;
        }
        if turn.surroundings.settings().has_events {
            let document = batch(&seed, attempt, turn);
            let key = format!("step/{}/{}", attempt.uuid, attempt.published);
            turn.effects.push(Effect::Publish(Event { key, document }));
        }
        attempt.published += attempt.changes.len();
        attempt.changes.clear();
    }
}

fn batch(seed: &RunSeed, attempt: &Attempt, turn: &Turn<'_>) -> Json {
    let record = |change: &super::attempt::Change| json!({ "old_status": change.from, "new_status": change.to, "event_time": change.at });
    let mut document = Map::new();
    let mut put = |name: &str, value: Json| document.insert(name.to_owned(), value);
    put("type", "STEP_INSTANCE_STATUS_CHANGE_EVENT".into());
    put("workflow_id", seed.key.workflow.as_str().into());
    put("workflow_instance_id", seed.key.instance.0.into());
    put("workflow_run_id", seed.key.run.0.into());
    put("step_id", attempt.definition.id.as_str().into());
    put("step_attempt_id", attempt.id.0.into());
    put("workflow_uuid", (*seed.uuid).into());
    put("step_uuid", (*attempt.uuid).into());
    put("correlation_id", (*seed.body.correlation).into());
    put("step_instance_id", attempt.sequence.into());
    put("cluster_name", turn.surroundings.settings().cluster_name.as_str().into());
    put("status_change_records", attempt.changes.iter().map(record).collect());
    Json::Object(document)
}
