//! Breakpoints and pauses.

use serde_json::Value as Json;

use super::flow::Flow;
use crate::{
    id::{AttemptKey, VersionId},
    life::{Address, Note, Turn},
    status::StepStatus,
};

/// Whether a breakpoint holds an attempt: a field that is absent or 0 means any.
pub(super) fn matches(breakpoint: &Json, key: &AttemptKey, version: VersionId) -> bool {
    let fits = |field: &str, number: i64| match breakpoint.get(field).and_then(Json::as_i64) {
        None | Some(0) => true,
        Some(wanted) => wanted == number,
    };
    fits("workflow_version_id", version.0)
        && fits("workflow_instance_id", key.run.instance.0)
        && fits("workflow_run_id", key.run.run.0)
        && fits("step_attempt_id", key.attempt.0)
}

impl Flow {
    /// Tells the workflow that owns the breakpoints who pauses since when.
    pub(super) fn tell_of_pause(&self, at: usize, turn: &mut Turn<'_>) {
        let Some(since) = self.attempt(at).and_then(|attempt| attempt.times.of(StepStatus::Paused)) else { return };
        let enclosing = Address::Workflow(self.seed.enclosing_workflow().clone());
        let (attempt, version) = (self.attempt_key(at), self.seed.body.version);
        turn.send(enclosing, Note::Paused { attempt, version, at: since });
    }

    /// Goes on after a pause.
    pub(super) fn resume(&mut self, at: usize, turn: &mut Turn<'_>) {
        if self.attempt(at).is_some_and(|attempt| attempt.status == StepStatus::Paused) {
            self.tell_that_pause_is_over(at, turn);
            self.wait_for_signals(at, turn);
        }
    }

    pub(super) fn tell_that_pause_is_over(&self, at: usize, turn: &mut Turn<'_>) {
        let enclosing = Address::Workflow(self.seed.enclosing_workflow().clone());
        turn.send(enclosing, Note::Unpaused { attempt: self.attempt_key(at) });
    }

    /// Withdraws from whatever an attempt that has ended was waiting for.
    ///
    /// A pause that ends by force stays known until its breakpoint is removed.
    pub(super) fn stop_waiting(&self, at: usize, turn: &mut Turn<'_>) {
        // The phase that it ended in is the last one that it has a time for.
        let waited = |phase| self.attempt(at).is_some_and(|attempt| attempt.last_phase == phase);
        if waited(StepStatus::WaitingForSignals) && self.has_pending_signals(at) {
            turn.send(Address::Signals, Note::ForgetSignals { attempt: self.attempt_key(at) });
        }
    }
}
