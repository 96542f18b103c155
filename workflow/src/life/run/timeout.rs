//! Time limits of attempts and of the run.
//!
//! Who is woken looks at the clock again, since it may have been set back meanwhile, and waits on if it is too early.

use super::{
    attempt::Nested,
    flow::{Action, Aim, Flow},
};
use crate::{
    life::{Turn, Wake},
    retry::Class,
    status::{StepStatus, action},
    time::Timestamp,
    user::User,
};

impl Flow {
    /// When the attempt's time is up, if it has started.
    pub(super) fn step_deadline(&self, at: usize, turn: &Turn<'_>) -> Option<Timestamp> {
        let attempt = self.attempt(at).filter(|attempt| !attempt.has_ended())?;
        let default = turn.surroundings.settings().step_timeout_default;
        Some(attempt.times.start()? + attempt.timeout.unwrap_or(default))
    }

    pub(super) fn arm_step_timeout(&self, at: usize, turn: &mut Turn<'_>) {
        if let Some(deadline) = self.step_deadline(at, turn) {
            turn.wake_at(deadline, Wake::StepTimeout(self.step_id(at).clone()));
        }
    }

    /// Ends the attempt if its time is up.
    pub(super) fn step_time_up(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(deadline) = self.step_deadline(at, turn) else { return };
        if turn.now < deadline {
            return turn.wake_at(deadline, Wake::StepTimeout(self.step_id(at).clone()));
        }
        let key = self.attempt_key(at);
        let Some(attempt) = self.attempt(at) else { return };
        let is_tried_again = turn.surroundings.decisions().retries(&key, !attempt.retry.is_exhausted(Class::Timeout));
        if is_tried_again {
            // What runs outside is left alone, as in the reference: the next attempt may run beside it.
            return self.end_as(at, StepStatus::TimeoutFailed, turn);
        }
        if matches!(attempt.nested, Nested::Leaf) {
            self.cancel_work(at, turn);
            self.log(at, turn, "Step instance is timed out.");
            return self.end_as(at, StepStatus::TimedOut, turn);
        }
        let action = Action {
            kind: action::Step::TimeOut,
            user: User::named("MAESTRO_TASK"),
            reason: "Step instance is timed out.".to_owned(),
            aim: Aim::Step,
        };
        self.terminate(at, &action, turn);
    }

    /// Ends every active step if the run's time is up.
    pub(super) fn time_up(&mut self, turn: &mut Turn<'_>) {
        let Some(deadline) = self.deadline(turn).filter(|_| self.goes()) else { return };
        if turn.now < deadline {
            return turn.wake_at(deadline, Wake::RunTimeout);
        }
        self.is_timed_out = true;
        self.unsaved.run = true;
        self.opened.clear();
        let action = Action {
            kind: action::Step::TimeOut,
            user: User::named("MAESTRO_TASK"),
            reason: "workflow is timed out".to_owned(),
            aim: Aim::Run,
        };
        for at in 0..self.steps.len() {
            let is_active = self.attempt(at).is_some_and(|attempt| !attempt.has_ended());
            if is_active || self.steps[at].retry_at.is_some() {
                self.act(at, action.clone(), turn);
            }
        }
        self.decide_soon(turn);
    }
}
