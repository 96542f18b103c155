//! What a run is for: a fresh start, or which part of an earlier run it does again.

use serde::{Deserialize, Serialize};

/// How a run came about (runtime.md §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Policy {
    /// The first run of a new instance.
    StartFreshNewRun,
    /// The same with start and end steps; part of the language of documents, nobody can ask for it.
    StartCustomizedRun,
    /// Runs again what is not complete, and what follows it.
    RestartFromIncomplete,
    /// Runs everything again.
    RestartFromBeginning,
    /// Runs one step again, and what follows it.
    RestartFromSpecific,
    /// A restart with start and end steps; part of the language of documents, nobody can ask for it.
    RestartCustomizedRun,
}

impl Policy {
    /// What a restart does when nobody says otherwise.
    pub const DEFAULT_RESTART: Self = Self::RestartFromIncomplete;

    /// Whether nothing of an earlier run matters.
    pub fn is_fresh(self) -> bool {
        matches!(self, Self::StartFreshNewRun | Self::StartCustomizedRun)
    }

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StartFreshNewRun => "START_FRESH_NEW_RUN",
            Self::StartCustomizedRun => "START_CUSTOMIZED_RUN",
            Self::RestartFromIncomplete => "RESTART_FROM_INCOMPLETE",
            Self::RestartFromBeginning => "RESTART_FROM_BEGINNING",
            Self::RestartFromSpecific => "RESTART_FROM_SPECIFIC",
            Self::RestartCustomizedRun => "RESTART_CUSTOMIZED_RUN",
        }
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
