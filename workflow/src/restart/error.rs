//! Why a restart cannot go its way. The texts are those that clients of Maestro match.

use super::Policy;
use crate::id::{AttemptKey, RunKey, WorkflowId};

/// What is wrong with a restart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A restart without a path.
    #[error("Cannot get restart info in empty restart configuration")]
    NoPath,
    /// A loop body on the path is not the one that the step launches.
    #[error("Cannot restart a FOREACH iteration [{found}] as it does not match run request [{wanted}]")]
    OtherLoop {
        /// What the step launches.
        found: WorkflowId,
        /// What the path names.
        wanted: WorkflowId,
    },
    /// A nested instance on the path is not the one that the step launches.
    #[error(
        "Cannot restart a workflow instance [{}][{}][{}] as it does not match run request {wanted}",
        .found.workflow, .found.instance, .found.run
    )]
    OtherInstance {
        /// What the step launches.
        found: RunKey,
        /// What the path names, as text.
        wanted: String,
    },
    /// Only a restart from a specific step can be handed to a step.
    #[error(
        "Invalid step restart policy [{policy}] for step [{}][{}][{}][{}]",
        .step.run.workflow, .step.run.instance, .step.run.run, .step.step
    )]
    NotForAStep {
        /// The policy.
        policy: Policy,
        /// The step.
        step: AttemptKey,
    },
    /// A document is no restart configuration.
    #[error("the restart configuration cannot be read: {why}")]
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
}
