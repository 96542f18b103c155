//! Engines that do what the test says.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workflow::{
    life::Decisions,
    port::{EngineName, HarnessError, Rehearsal, Rehearsed, Stage},
    time::Millis,
};

/// A stage that answers by a function of the rehearsal.
pub(crate) struct Scripted {
    pub(crate) name: &'static str,
    pub(crate) plays: fn(&Rehearsal) -> Result<Rehearsed, HarnessError>,
}

impl Stage for Scripted {
    fn name(&self) -> EngineName {
        EngineName(self.name.into())
    }

    fn rehearse(&self, rehearsal: &Rehearsal, _: Arc<dyn Decisions>) -> Result<Rehearsed, HarnessError> {
        (self.plays)(rehearsal)
    }
}

/// One run that ended so, with one param and one step.
pub(crate) fn ended(status: &str, x: impl Into<Json>, took: i64) -> Rehearsed {
    let x: Json = x.into();
    let instance = json!({
        "workflow_id": "etl", "workflow_instance_id": 1, "workflow_run_id": 1, "status": status,
        "params": { "x": { "evaluated_result": x } },
    });
    let attempt = json!({ "step_id": "load", "step_attempt_id": 1, "runtime_state": { "status": status } });
    let change = |old: &str, new: &str| json!({ "old_status": old, "new_status": new });
    let event = json!({
        "type": "STEP_INSTANCE_STATUS_CHANGE_EVENT", "workflow_id": "etl", "workflow_instance_id": 1, "workflow_run_id": 1,
        "step_id": "load", "step_attempt_id": 1, "status_change_records": [change("RUNNING", status)],
    });
    Rehearsed { runs: vec![(instance, vec![attempt])], events: vec![event], answers: Vec::new(), took: Millis(took) }
}
