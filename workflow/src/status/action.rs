//! What may be done to an instance or a step in each status, and what that makes of it.

use serde::{Deserialize, Serialize};

use super::{InstanceStatus, StepStatus};

/// An action on an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the reference's; runtime.md §15.1 explains them")]
pub enum Instance {
    Stop,
    Kill,
    Restart,
    Unblock,
}

impl Instance {
    /// What may be done to an instance in a status, in the order in which documents list it.
    pub fn allowed(status: InstanceStatus) -> &'static [Self] {
        match status {
            InstanceStatus::Created | InstanceStatus::InProgress | InstanceStatus::Paused => &[Self::Stop, Self::Kill],
            InstanceStatus::TimedOut | InstanceStatus::Stopped | InstanceStatus::Succeeded => &[Self::Restart],
            InstanceStatus::Failed => &[Self::Restart, Self::Unblock],
        }
    }

    /// The status that the action leads to; `None` for one that does not end the run.
    pub fn target(self) -> Option<InstanceStatus> {
        match self {
            Self::Stop => Some(InstanceStatus::Stopped),
            Self::Kill => Some(InstanceStatus::Failed),
            Self::Restart | Self::Unblock => None,
        }
    }
}

/// An action on a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the reference's; runtime.md §15.2 explains them")]
pub enum Step {
    Stop,
    Kill,
    Skip,
    Restart,
    Pause,
    Resume,
    BypassStepDependencies,
    /// The engine's own, when the time of a step or of a run that encloses it is up.
    TimeOut,
}

impl Step {
    /// What may be done to a step in a status, in the order in which documents list it.
    pub fn allowed(status: StepStatus) -> &'static [Self] {
        use StepStatus as S;
        match status {
            S::NotCreated => &[],
            S::Created => &[Self::Pause, Self::Stop, Self::Kill],
            S::Initialized => &[Self::Pause, Self::Stop, Self::Kill, Self::Skip],
            S::Paused => &[Self::Resume, Self::Stop, Self::Kill, Self::Skip],
            S::WaitingForSignals => &[Self::Stop, Self::Kill, Self::Skip, Self::BypassStepDependencies],
            S::EvaluatingParams
            | S::WaitingForPermits
            | S::Starting
            | S::Running
            | S::Finishing
            | S::UserFailed
            | S::PlatformFailed
            | S::TimeoutFailed => &[Self::Stop, Self::Kill, Self::Skip],
            S::Disabled | S::Unsatisfied => &[Self::Restart],
            S::Skipped
            | S::Succeeded
            | S::CompletedWithError
            | S::FatallyFailed
            | S::InternallyFailed
            | S::Stopped
            | S::TimedOut => &[Self::Restart, Self::Skip],
        }
    }

    /// The status that the action leads to; `None` for one that does not end the step.
    pub fn target(self) -> Option<StepStatus> {
        match self {
            Self::Stop => Some(StepStatus::Stopped),
            Self::Kill => Some(StepStatus::FatallyFailed),
            Self::Skip => Some(StepStatus::Skipped),
            Self::TimeOut => Some(StepStatus::TimedOut),
            Self::Restart | Self::Pause | Self::Resume | Self::BypassStepDependencies => None,
        }
    }

    /// What the action makes of a step below the one that it was meant for, where it reaches that far.
    pub fn target_below(self) -> Option<StepStatus> {
        self.target().map(|_| StepStatus::Stopped)
    }

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Kill => "KILL",
            Self::Skip => "SKIP",
            Self::Restart => "RESTART",
            Self::Pause => "PAUSE",
            Self::Resume => "RESUME",
            Self::BypassStepDependencies => "BYPASS_STEP_DEPENDENCIES",
            Self::TimeOut => "TIME_OUT",
        }
    }
}
