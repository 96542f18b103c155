//! What follows from a definition without running it: params with their defaults, and the next moments at which triggers fire.

use serde_json::{Map, Value as Json, json};

use super::Found;
use crate::{
    definition::{self, Step},
    param::{
        self, Definitions, defaults,
        layers::{self, StepLayers},
        write,
    },
    port::{Reason, Refusal},
    schedule::Schedule,
    time::Timestamp,
};

/// The extras of a stored definition, seen at a moment.
pub(super) fn of(workflow: &Json, now: Timestamp) -> Found {
    let read = definition::read::workflow(workflow);
    let unreadable = || Refusal::new(Reason::InternalError, "the stored definition cannot be read");
    let workflow = read.value.ok_or_else(unreadable)?;
    let params = layers::workflow_static(defaults::bundled_workflow(), workflow.params.as_ref())
        .map_err(|error| refusal(&error))?;
    let mut steps = Map::new();
    for step in &workflow.steps {
        let params = step_params(step).map_err(|error| refusal(&error))?;
        steps.insert(step.id.to_string(), write::definitions(&params));
    }
    let mut extras = json!({ "workflow_params": write::definitions(&params), "step_params": steps });
    let triggers = workflow.time_triggers_or_none();
    if !triggers.is_empty() {
        let next = |trigger| Schedule::new(trigger, &workflow.id).ok()?.next(now);
        let times: Vec<Option<Timestamp>> = triggers.iter().map(next).collect();
        if let Some(first) = times.iter().flatten().min() {
            extras["next_execution_time"] = first.0.into();
        }
        extras["next_execution_times"] = times.iter().map(|at| Json::from(at.map(|at| at.0))).collect();
    }
    Ok(extras)
}

fn step_params(step: &Step) -> Result<Definitions, param::Error> {
    let layers =
        StepLayers { bundled: defaults::bundled_step(step.step_type()), injected: None, defined: step.params.as_ref() };
    layers.merged_static()
}

fn refusal(error: &param::Error) -> Refusal {
    Refusal::new(Reason::BadRequest, error.to_string())
}
