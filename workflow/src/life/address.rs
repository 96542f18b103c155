//! Where a message goes.

use std::fmt;

use crate::id::{RunKey, WorkflowId};

/// The machine that a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// Versions, properties, numbers and the queue of one workflow.
    Workflow(WorkflowId),
    /// One run with its steps.
    Run(RunKey),
    /// Tag permits.
    Permits,
    /// Signal instances, waiting dependencies and triggers.
    Signals,
    /// Job templates and output data.
    Library,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workflow(id) => write!(f, "workflow {id}"),
            Self::Run(key) => write!(f, "run {key}"),
            Self::Permits => f.write_str("permits"),
            Self::Signals => f.write_str("signals"),
            Self::Library => f.write_str("library"),
        }
    }
}
