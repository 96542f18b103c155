//! The derived workflow id of a loop's body.

use serde_json::Value as Json;

use super::{Found, run::Stored, workflow};
use crate::{
    definition::StepType,
    id::{InstanceId, InstanceKey, LoopBody, StepId, WorkflowId, is_loop_body},
    life::Rows,
    port::{Reason, Refusal},
};

/// The id of the body of a loop step; `asked` are the workflow, its instance, the step and its type.
pub(super) fn workflow_id(rows: &dyn Rows, asked: [Option<&str>; 4]) -> Found {
    let bad = |message: String| Refusal::new(Reason::BadRequest, message);
    let [Some(workflow), Some(instance), Some(step), kind] = asked else {
        return Err(bad("the workflow, the instance and the step of an inline workflow id are needed".to_owned()));
    };
    let number = instance.parse().map_err(|_| bad(format!("For input string: \"{instance}\"")))?;
    let key = InstanceKey { workflow: WorkflowId::from(workflow), instance: InstanceId(number) };
    let stored = Stored::find(rows, &key, None)?;
    let step_type = match kind {
        Some(word) => StepType::from_word(word),
        None => stored.as_ref().and_then(|stored| kind_of(&stored.seed()["runtime_workflow"]["steps"], step)),
    };
    let step_type = step_type.filter(|kind| matches!(kind, StepType::Foreach | StepType::While));
    let step_type = step_type.ok_or_else(|| bad(format!("step [{step}] is no loop of workflow [{workflow}]")))?;
    let (internal_id, outer_instance) = if let Some(stored) = &stored {
        (stored.seed()["internal_id"].as_i64().unwrap_or_default(), outer(stored.seed(), &key))
    } else {
        let header = workflow::header(rows, &key.workflow)?;
        (header.ok_or_else(|| crate::life::workflow::unknown(&key.workflow))?.internal_id, key.instance)
    };
    let step = StepId::from(step);
    let body = LoopBody {
        step_type,
        internal_id,
        outer_instance,
        step: &step,
        workflow: &key.workflow,
        instance: key.instance,
    };
    let id = body.workflow_id().map_err(|error| bad(error.to_string()))?;
    Ok(Json::from(id.as_str()))
}

/// The instance of the nearest workflow around a run that is not itself a loop body.
fn outer(seed: &Json, key: &InstanceKey) -> InstanceId {
    if !is_loop_body(&key.workflow) {
        return key.instance;
    }
    let ancestors = seed["initiator"]["ancestors"].as_array().into_iter().flatten().rev();
    let mut outside = ancestors.filter(|one| !one["workflow_id"].as_str().is_some_and(is_loop_body));
    outside.next().and_then(|one| one["instance_id"].as_i64()).map_or(key.instance, InstanceId)
}

/// The kind of a step of the top level.
fn kind_of(steps: &Json, step: &str) -> Option<StepType> {
    let wrappers = steps.as_array()?.iter().filter_map(Json::as_object);
    let found = wrappers.filter_map(|wrapper| wrapper.iter().next()).find(|(_, inner)| inner["id"] == step);
    found.and_then(|(kind, _)| StepType::from_word(kind))
}
