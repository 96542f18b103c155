//! Restarts that have arrived at a root, and restarts of nested instances by their parents.

use crate::{
    definition,
    graph::{self, Dag},
    id::StepId,
    life::{note::RestartAnswer, seed::Baseline},
    port::{Answer, Reason, Refusal},
    restart::Policy,
};

/// What a restart runs again.
pub(super) fn dag(
    policy: Policy,
    step: Option<&StepId>,
    baseline: &Baseline,
    definition: &definition::Workflow,
) -> Result<Dag, Refusal> {
    let views = baseline.aggregate.step_aggregated_views.iter().map(|(id, view)| (id, view.status));
    let start = graph::start_steps(policy, views, step);
    let scope = match &start {
        Some(start) => graph::Scope::Part { start, end: &[] },
        None => graph::Scope::Whole,
    };
    graph::translate(&definition.id, &definition.steps, scope)
        .map_err(|error| Refusal::new(Reason::BadRequest, error.to_string()))
}

/// The answer in the shape that the caller's endpoint has.
pub(super) fn shaped(shape: &RestartAnswer, mut answer: Answer) -> Answer {
    let Some(body) = answer.body.as_mut().and_then(serde_json::Value::as_object_mut) else { return answer };
    match shape {
        RestartAnswer::Instance => {}
        RestartAnswer::Step { .. } => {
            body.shift_remove("workflow_uuid");
        }
        RestartAnswer::Skip { .. } => {
            for field in ["workflow_uuid", "workflow_version_id", "status"] {
                body.shift_remove(field);
            }
        }
    }
    answer
}
