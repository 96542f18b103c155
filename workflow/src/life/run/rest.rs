//! Whether a run has nothing to do for a while: most runs that live for days only sleep or wait.

use super::{
    attempt::{Attempt, Nested},
    flow::{Flow, LeafStop, Slot},
};
use crate::{definition::StepType, status::StepStatus};

impl Flow {
    /// Whether its rows say all that it knows, and it goes on only by a timer that is set or by being told.
    pub(super) fn is_resting(&self) -> bool {
        let is_written = !self.is_overview_stale && !self.will_refresh && !self.unsaved.is_any();
        self.goes()
            && is_written
            && !self.will_decide
            && self.leaf_stop == LeafStop::No
            && self.opened.is_empty()
            && self.steps.iter().all(Slot::is_resting)
    }
}

impl Slot {
    fn is_resting(&self) -> bool {
        let is_alone =
            self.retry_at.is_none() && self.action.is_none() && self.revival.is_none() && self.waiters.is_empty();
        is_alone && self.attempt.as_deref().is_none_or(Attempt::is_resting)
    }
}

impl Attempt {
    /// Whether it has ended, sleeps, or waits for a permit that it has asked for.
    fn is_resting(&self) -> bool {
        let knows_more = self.reported.is_some() || !self.found.is_empty() || !self.changes.is_empty();
        let is_sleeping = self.status == StepStatus::Running
            && self.definition.step_type() == StepType::Sleep
            && matches!(self.nested, Nested::Leaf)
            && !self.is_executing
            && self.ending.is_none();
        let is_waiting = self.status == StepStatus::WaitingForPermits && self.has_asked_permits;
        !knows_more && (self.has_ended() || is_sleeping || is_waiting)
    }
}
