//! Why a start was refused.

use crate::{id::RunKey, strategy::Run};

/// Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An instance may have one live run only: stop it, or wait for its end.
    #[error(
        "There is already a workflow instance run [{}][{}][{}] and cannot restart another run.",
        .0.workflow, .0.instance, .0.run
    )]
    StillAlive(RunKey),
    /// The strategy changed while several runs were alive: stop all but one.
    #[error("Invalid case: finding more than 1 {what} beside [{beside}] with {rule} run strategy.")]
    TooManyAlive {
        /// `non-terminal runs`, …
        what: &'static str,
        /// One of them.
        beside: Run,
        /// The strategy's rule.
        rule: &'static str,
    },
    /// Too many runs are queued: wait until some have ended.
    #[error("workflow [{workflow}] has [{queued}] queued runs and takes no more")]
    Full {
        /// The workflow.
        workflow: crate::id::WorkflowId,
        /// How many there are.
        queued: usize,
    },
}
