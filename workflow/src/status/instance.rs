//! Status of a workflow instance's run.

use serde::{Deserialize, Serialize};

/// Where a run stands (runtime.md §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstanceStatus {
    /// Stored; queued until it is picked up.
    Created,
    /// Running.
    InProgress,
    /// Part of the language of clients; no engine sets it.
    Paused,
    /// Its time was up.
    TimedOut,
    /// Somebody, or its run strategy, stopped it.
    Stopped,
    /// A step failed for good. Stored documents of the 2.x stack tell apart whether the failure still blocks.
    #[serde(alias = "FAILED_1", alias = "FAILED_2")]
    Failed,
    /// Every step is complete.
    Succeeded,
}

impl InstanceStatus {
    /// Every status, in the order in which documents list them.
    pub const ALL: [Self; 7] =
        [Self::Created, Self::InProgress, Self::Paused, Self::TimedOut, Self::Stopped, Self::Failed, Self::Succeeded];

    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::TimedOut | Self::Stopped | Self::Failed | Self::Succeeded)
    }

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::Paused => "PAUSED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
            Self::Failed => "FAILED",
            Self::Succeeded => "SUCCEEDED",
        }
    }
}

impl std::fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
