//! Status of one attempt of a step.

use serde::{Deserialize, Serialize};

/// Where an attempt stands (runtime.md §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the reference's; runtime.md §8 explains them")]
pub enum StepStatus {
    NotCreated,
    Created,
    Initialized,
    Paused,
    WaitingForSignals,
    EvaluatingParams,
    WaitingForPermits,
    Starting,
    Running,
    Finishing,
    Disabled,
    Unsatisfied,
    Skipped,
    Succeeded,
    CompletedWithError,
    UserFailed,
    PlatformFailed,
    FatallyFailed,
    InternallyFailed,
    Stopped,
    TimeoutFailed,
    TimedOut,
}

impl StepStatus {
    /// Every status with its name in documents.
    const NAMES: [(Self, &'static str); 22] = [
        (Self::NotCreated, "NOT_CREATED"),
        (Self::Created, "CREATED"),
        (Self::Initialized, "INITIALIZED"),
        (Self::Paused, "PAUSED"),
        (Self::WaitingForSignals, "WAITING_FOR_SIGNALS"),
        (Self::EvaluatingParams, "EVALUATING_PARAMS"),
        (Self::WaitingForPermits, "WAITING_FOR_PERMITS"),
        (Self::Starting, "STARTING"),
        (Self::Running, "RUNNING"),
        (Self::Finishing, "FINISHING"),
        (Self::Disabled, "DISABLED"),
        (Self::Unsatisfied, "UNSATISFIED"),
        (Self::Skipped, "SKIPPED"),
        (Self::Succeeded, "SUCCEEDED"),
        (Self::CompletedWithError, "COMPLETED_WITH_ERROR"),
        (Self::UserFailed, "USER_FAILED"),
        (Self::PlatformFailed, "PLATFORM_FAILED"),
        (Self::FatallyFailed, "FATALLY_FAILED"),
        (Self::InternallyFailed, "INTERNALLY_FAILED"),
        (Self::Stopped, "STOPPED"),
        (Self::TimeoutFailed, "TIMEOUT_FAILED"),
        (Self::TimedOut, "TIMED_OUT"),
    ];

    /// Every status, in lifecycle order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.into_iter().map(|(status, _)| status)
    }

    /// Whether the attempt has ended.
    pub fn is_terminal(self) -> bool {
        self.is_complete() || self.is_retryable() || self.is_manually_restartable()
    }

    /// Whether it opens the gates of its successors.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Disabled | Self::Unsatisfied | Self::Skipped | Self::Succeeded | Self::CompletedWithError)
    }

    /// Whether the system tries again.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::UserFailed | Self::PlatformFailed | Self::TimeoutFailed)
    }

    /// Whether only a person can bring it back.
    pub fn is_manually_restartable(self) -> bool {
        matches!(self, Self::FatallyFailed | Self::InternallyFailed | Self::Stopped | Self::TimedOut)
    }

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize].1
    }
}

impl std::fmt::Display for StepStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::StepStatus;

    #[test]
    fn names_stand_at_their_variant() {
        for (index, (status, _)) in StepStatus::NAMES.into_iter().enumerate() {
            assert_eq!(status as usize, index);
        }
    }
}
