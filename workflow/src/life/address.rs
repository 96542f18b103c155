//! Where a message goes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RowKey, Table};
use crate::id::{InstanceId, RunId, RunKey, WorkflowId};

/// The machine that a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What the names of rows begin with that `Signals` keeps under names of its own.
pub(crate) const SIGNAL_ROWS: &str = "signal-";

impl Address {
    /// The machines that all workflows share. What others asked of them is in memory only, so whoever brings machines back begins with
    /// these.
    pub const SHARED: [Self; 3] = [Self::Permits, Self::Signals, Self::Library];

    /// Whether it is one of [`Address::SHARED`].
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Workflow(_) | Self::Run(_) => false,
            Self::Permits | Self::Signals | Self::Library => true,
        }
    }

    /// The machine that a live row belongs to; `None` for rows that no machine is loaded by.
    pub fn of_row(key: &RowKey) -> Option<Self> {
        match key.table {
            Table::Workflow => Some(Self::Workflow(WorkflowId::from(&*key.name))),
            Table::Run => Some(Self::Run(RunKey {
                workflow: WorkflowId::from(&*key.name),
                instance: InstanceId(key.first),
                run: RunId(key.second),
            })),
            Table::Permit => Some(Self::Permits),
            Table::Signal => Some(Self::Signals),
            // Firings that no workflow has settled.
            Table::Other if key.name.starts_with(SIGNAL_ROWS) => Some(Self::Signals),
            Table::Template | Table::Output => Some(Self::Library),
            _ => None,
        }
    }
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
