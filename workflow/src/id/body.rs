//! Workflow ids of loop bodies: one per loop step and instance, the same for all its runs and attempts.

use super::{InstanceId, NotPositive, StepId, WorkflowId, hash_key, parts_md5, range_key};
use crate::definition::StepType;

/// What every derived workflow id begins with.
const PREFIX: &str = "maestro_";

/// The loop step whose body wants a workflow id.
#[derive(Clone, Copy, Debug)]
pub struct LoopBody<'a> {
    /// Foreach or while.
    pub step_type: StepType,
    /// The random number of the workflow; bodies inherit it.
    pub internal_id: i64,
    /// The instance of the nearest workflow around the step that is not itself a loop body.
    pub outer_instance: InstanceId,
    /// The loop step.
    pub step: &'a StepId,
    /// The workflow that the step stands in; may be a loop body.
    pub workflow: &'a WorkflowId,
    /// Its instance.
    pub instance: InstanceId,
}

impl LoopBody<'_> {
    /// The body's workflow id.
    pub fn workflow_id(&self) -> Result<WorkflowId, NotPositive> {
        let prefix = loop_body_prefix(self.step_type, self.internal_id)?;
        let range = range_key(self.outer_instance.0)?;
        let step = parts_md5(&[self.step, &self.instance.to_string(), self.workflow]);
        Ok(WorkflowId::from(format!("{prefix}{range}_{step}")))
    }
}

/// What the ids of all loop bodies of one workflow begin with.
pub fn loop_body_prefix(step_type: StepType, internal_id: i64) -> Result<String, NotPositive> {
    Ok(format!("{PREFIX}{}_{}_", name(step_type), hash_key(internal_id)?))
}

/// Whether only an engine may give this id.
pub fn is_reserved(workflow: &str) -> bool {
    workflow.starts_with(PREFIX)
}

/// Whether a workflow id was derived from a loop step.
pub fn is_loop_body(workflow: &str) -> bool {
    workflow.starts_with("maestro_foreach_") || workflow.starts_with("maestro_while_")
}

fn name(step_type: StepType) -> &'static str {
    match step_type {
        StepType::Foreach => "foreach",
        StepType::While => "while",
        StepType::Subworkflow => "subworkflow",
        StepType::Template => "template",
        StepType::NoOp => "NoOp",
        StepType::Sleep => "Sleep",
        StepType::Http => "Http",
        StepType::Kubernetes => "Kubernetes",
        StepType::Notebook => "Notebook",
        StepType::Titus => "Titus",
        StepType::Join => "Join",
    }
}

#[cfg(test)]
mod tests {
    use super::{InstanceId, LoopBody, StepId, StepType, WorkflowId};

    #[test]
    fn a_body_has_the_id_that_the_reference_gives_it() {
        let (step, workflow) = (StepId::from("loop"), WorkflowId::from("etl"));
        let body = LoopBody {
            step_type: StepType::Foreach,
            internal_id: 10_000,
            outer_instance: InstanceId(1),
            step: &step,
            workflow: &workflow,
            instance: InstanceId(1),
        };
        assert_eq!(&*body.workflow_id().unwrap(), "maestro_foreach_Ib2_11_0fd0311349330fced130011b5d54d4b0");
    }
}
