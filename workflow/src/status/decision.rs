//! Whether a run is over, and what it came to (runtime.md §4.2).

use super::{InstanceStatus, StepStatus};

/// How many created steps of a run stand in each status, kept up to date step by step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [usize; StepStatus::COUNT],
    created: usize,
}

/// When a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// While it runs: a retryable failure is tried again.
    Running,
    /// After its flow has ended every task: nothing is tried again.
    Final,
}

impl Tally {
    /// Notes that a step went from one status to another; NOT_CREATED counts for nothing.
    pub fn change(&mut self, from: StepStatus, to: StepStatus) {
        if from != StepStatus::NotCreated {
            self.counts[from as usize] -= 1;
            self.created -= 1;
        }
        self.add(to, 1);
    }

    /// Counts further steps in a status.
    pub fn add(&mut self, status: StepStatus, steps: usize) {
        if status != StepStatus::NotCreated {
            self.counts[status as usize] += steps;
            self.created += steps;
        }
    }

    /// How many steps exist.
    pub fn created(&self) -> usize {
        self.created
    }

    /// How many steps stand in a status.
    pub fn count(&self, status: StepStatus) -> usize {
        self.counts[status as usize]
    }

    fn any(&self, holds: impl Fn(StepStatus) -> bool) -> bool {
        StepStatus::all().any(|status| self.count(status) > 0 && holds(status))
    }
}

/// What a run of `steps` steps came to; `None` while it is not over.
///
/// `cannot_start_more` is asked only when every created step has ended and some are not created.
pub fn verdict<E>(
    tally: &Tally,
    steps: usize,
    check: Check,
    cannot_start_more: impl FnOnce() -> Result<bool, E>,
) -> Result<Option<InstanceStatus>, E> {
    let is_open = |status: StepStatus| !status.is_terminal() || (check == Check::Running && status.is_retryable());
    if tally.any(is_open) || (steps > tally.created() && !cannot_start_more()?) {
        return Ok(None);
    }
    let is_failure = |status: StepStatus| {
        status.is_retryable() || matches!(status, StepStatus::FatallyFailed | StepStatus::InternallyFailed)
    };
    Ok(Some(if tally.created() == 0 || tally.any(is_failure) {
        InstanceStatus::Failed
    } else if tally.count(StepStatus::TimedOut) > 0 {
        InstanceStatus::TimedOut
    } else if tally.count(StepStatus::Stopped) > 0 {
        InstanceStatus::Stopped
    } else {
        InstanceStatus::Succeeded
    }))
}
