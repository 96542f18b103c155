//! Whether a run has nothing to do for a while: most runs that live for days only sleep or wait.

use super::{
    attempt::Attempt,
    flow::{Flow, LeafStop, Slot},
};
use crate::{
    life::{Rest, Turn, Wish},
    status::StepStatus,
};

impl Flow {
    /// How it waits, if its rows say all that it knows and it goes on only by a timer that is set or by being told.
    pub(super) fn how_it_rests(&self, turn: &Turn<'_>) -> Option<Rest> {
        let is_written = !self.is_overview_stale && !self.will_refresh && !self.unsaved.is_any();
        let rests = self.goes()
            && is_written
            && !self.will_decide
            && self.leaf_stop == LeafStop::No
            && self.opened.is_empty()
            && self.steps.iter().all(Slot::is_resting);
        if !rests {
            return None;
        }
        let mut rest = Rest { until: self.deadline(turn), permits: Vec::new() };
        for at in 0..self.steps.len() {
            let Some(attempt) = self.attempt(at).filter(|attempt| !attempt.has_ended()) else { continue };
            let timers = [rest.until, self.sleep_end(at), self.step_deadline(at, turn)];
            rest.until = timers.into_iter().flatten().min();
            if attempt.has_asked_permits {
                rest.permits.push(Wish {
                    step: self.step_id(at).clone(),
                    attempt: attempt.id,
                    tags: self.permits_of(at),
                    since: attempt.waits_for_permits_since()?,
                    is_held: attempt.status != StepStatus::WaitingForPermits,
                });
            }
        }
        Some(rest)
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
        let is_sleeping = self.is_sleeping() && self.ending.is_none();
        let is_waiting = self.status == StepStatus::WaitingForPermits && self.has_asked_permits;
        !knows_more && (self.has_ended() || is_sleeping || is_waiting)
    }
}
