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
    /// How many statuses there are.
    pub const COUNT: usize = Self::NAMES.len();

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

    /// Whether rollups name the steps in this status, not only count them.
    pub fn is_in_rollup_refs(self) -> bool {
        use StepStatus as S;
        let is_waiting =
            matches!(self, S::Paused | S::WaitingForSignals | S::EvaluatingParams | S::WaitingForPermits | S::Running);
        is_waiting || self.is_retryable() || matches!(self, S::FatallyFailed | S::InternallyFailed)
    }

    /// The number by which the flattened view of a loop stores the status; a later one of the same attempt is never lower.
    pub fn code(self) -> i64 {
        match self {
            Self::TimedOut => 110,
            Self::TimeoutFailed => 111,
            Self::NotCreated => 0,
            other if (other as i64) < Self::Disabled as i64 => other as i64 * 10,
            other => 100 + other as i64 - Self::Disabled as i64,
        }
    }

    /// How much the status matters when one of many iterations has to stand for all, the most telling highest.
    pub fn priority(self) -> i64 {
        match self {
            Self::Succeeded => 10,
            Self::Unsatisfied => 20,
            Self::NotCreated => 30,
            Self::Disabled => 40,
            Self::Skipped => 50,
            Self::Finishing => 60,
            Self::Starting => 70,
            Self::Initialized => 80,
            Self::Created => 90,
            Self::CompletedWithError => 100,
            Self::Stopped => 110,
            Self::Running => 120,
            Self::WaitingForPermits => 130,
            Self::EvaluatingParams => 140,
            Self::WaitingForSignals => 150,
            Self::TimedOut => 160,
            Self::InternallyFailed => 170,
            Self::FatallyFailed => 180,
            Self::PlatformFailed => 190,
            Self::UserFailed => 200,
            Self::TimeoutFailed => 201,
            Self::Paused => 210,
        }
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
