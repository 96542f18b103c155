//! Why a definition or a document is no DAG, or a state does not fit one. The texts are those that clients of Maestro match.

use crate::id::StepId;

/// What is wrong with a graph or with what is said about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two steps of one level share an id.
    #[error("Invalid definition of workflow [{workflow}], where two steps have the same id [{step}]")]
    Duplicate {
        /// The workflow.
        workflow: String,
        /// The id that stands twice.
        step: StepId,
    },
    /// A successor is not a step of the same level.
    #[error(
        "Invalid workflow definition [{workflow}], step number mismatch between steps [{steps}] and dag definition [{named}]"
    )]
    Mismatch {
        /// The workflow.
        workflow: String,
        /// How many steps it has.
        steps: usize,
        /// How many ids its steps and their successors name.
        named: usize,
    },
    /// Some steps wait for each other.
    #[error("Invalid workflow definition [{workflow}], where DAG contains cycle")]
    Cycle {
        /// The workflow.
        workflow: String,
    },
    /// A run is to begin with a step that is not there.
    #[error("Cannot start the graph from step id [{step}] as workflow does not contain it.")]
    UnknownStart {
        /// The step.
        step: StepId,
    },
    /// A run is to end with a step that is not there.
    #[error("Cannot end the graph with step id [{step}] as workflow does not contain it.")]
    UnknownEnd {
        /// The step.
        step: StepId,
    },
    /// The step that is to be restarted waits for others in the runtime DAG.
    #[error("Invalid state: stepId [{step}] should be one of start nodes in the DAG")]
    NotAStart {
        /// The step.
        step: StepId,
    },
    /// The same, said of a fresh restart.
    #[error("Invalid state: stepId [{step}] should be one of root nodes in the DAG")]
    NotARoot {
        /// The step.
        step: StepId,
    },
    /// A step has a status although it can never have been started.
    #[error("Invalid state: stepId [{step}] should not have any status")]
    Unexpected {
        /// The step.
        step: StepId,
    },
    /// Steps have a status although nothing leads to them.
    #[error("Invalid state: steps [{steps}] are still within status map")]
    Stray {
        /// The steps, in DAG order.
        steps: String,
    },
    /// A walk from the roots does not meet every step: the document has a cycle.
    #[error("Invalid state: steps [{steps}] are still within child map")]
    Unreached {
        /// The steps, in DAG order.
        steps: String,
    },
    /// A document has not the shape of a DAG.
    #[error("the runtime DAG is malformed at [{place}]: expected {expected}")]
    Malformed {
        /// Where.
        place: String,
        /// What should stand there.
        expected: &'static str,
    },
}
