//! An attempt ends: its edges, its failure mode, its next attempt.

use std::sync::Arc;

use super::{
    Failure,
    attempt::FailureModeCounts,
    create::truth,
    flow::{Action, Aim, Flow},
};
use crate::{
    definition::FailureMode,
    life::{Address, Effect, Note, Turn, Wake},
    port::InstanceAction,
    status::{StepStatus, action},
    time::Millis,
    timeline::Event,
    user::User,
};

/// How long steps may take to end by themselves once one failed that fails everything: two requests to a server that is down do not
/// fail at quite the same moment.
const TOGETHER: Millis = Millis(250);

impl Flow {
    /// Enters a status.
    pub(super) fn go(&mut self, at: usize, to: StepStatus, turn: &mut Turn<'_>) {
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            attempt.go(to, turn.now);
        }
        self.note_passage(at, to, turn);
        self.changed(at);
    }

    /// Adds a note to a step's timeline.
    pub(super) fn log(&mut self, at: usize, turn: &Turn<'_>, message: impl Into<String>) {
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            attempt.timeline.info(turn.now, message.into());
        }
        self.changed(at);
    }

    /// Ends an attempt in a complete status and says which edges are taken.
    pub(super) fn finish_as(&mut self, at: usize, status: StepStatus, turn: &mut Turn<'_>) {
        self.go(at, status, turn);
        self.finish(at, turn);
    }

    /// Says which edges a complete step takes; opens the gates behind it.
    pub(super) fn finish(&mut self, at: usize, turn: &mut Turn<'_>) {
        if let Err(failure) = self.evaluate_edges(at, turn) {
            if let Failure::Param(crate::param::Error::Pending(lookup)) = failure {
                turn.effects.push(Effect::Fetch(*lookup));
                return;
            }
            return self.fail_internally(at, &failure, turn);
        }
        self.step_completed(at, turn);
        self.settle(at, turn);
    }

    /// Evaluates the conditions of all edges; those of an unsatisfied step are false as they are.
    fn evaluate_edges(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let Some(attempt) = self.attempt(at) else { return Ok(()) };
        let edges = if attempt.status == StepStatus::Unsatisfied {
            let refused = |param: &Arc<crate::param::Param>| truth(param.definition.body.clone(), false, turn.now);
            attempt.edges.iter().map(|param| Arc::new(refused(param))).collect()
        } else {
            self.edges_taken(at, turn)?
        };
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            attempt.edges = edges;
            attempt.found.clear();
        }
        Ok(())
    }

    /// Whether it is said which edges a step takes.
    pub(super) fn has_evaluated_edges(&self, at: usize) -> bool {
        self.attempt(at).is_none_or(|attempt| attempt.edges.iter().all(|param| param.evaluated.is_some()))
    }

    /// Ends an attempt that the engine, its definition or its params kept from working.
    pub(super) fn fail_internally(&mut self, at: usize, failure: &Failure, turn: &mut Turn<'_>) {
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            let event = Event::internal_error(turn.now, "marked as INTERNALLY_FAILED", failure.lines());
            attempt.timeline.add(event);
        }
        self.end_as(at, StepStatus::InternallyFailed, turn);
    }

    /// Ends an attempt in a status that is not complete.
    pub(super) fn end_as(&mut self, at: usize, status: StepStatus, turn: &mut Turn<'_>) {
        self.end_with(at, status, FailureModeCounts::Yes, turn);
    }

    pub(super) fn end_with(&mut self, at: usize, status: StepStatus, mode: FailureModeCounts, turn: &mut Turn<'_>) {
        self.go(at, status, turn);
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut().filter(|_| status.is_manually_restartable()) {
            attempt.retry.is_retryable = false;
        }
        if status == StepStatus::FatallyFailed && mode == FailureModeCounts::Yes {
            match self.steps[at].definition.failure_mode.unwrap_or_default() {
                FailureMode::IgnoreFailure => {
                    let message =
                        "Step is failed but marked as COMPLETED_WITH_ERROR because its failure mode is IGNORE_FAILURE.";
                    self.log(at, turn, message);
                    return self.finish_as(at, StepStatus::CompletedWithError, turn);
                }
                FailureMode::FailImmediately => self.stop_others(at, turn),
                FailureMode::FailAfterRunning => {}
            }
        }
        if status.is_retryable() {
            self.retry_later(at, turn);
        } else {
            self.step_failed(at, turn);
        }
        self.settle(at, turn);
    }

    /// Has everything that is not complete stopped because a step failed that fails everything.
    ///
    /// A step that does not exist yet ends as soon as it does. What runs is given [`TOGETHER`], so that what fails of the same cause
    /// still ends by itself.
    pub(super) fn stop_others(&mut self, failed: usize, turn: &mut Turn<'_>) {
        let stop = self.stop_because_of(failed);
        for at in 0..self.steps.len() {
            if self.attempt(at).is_none() {
                self.act(at, stop.clone(), turn);
            }
        }
        turn.wake_at(turn.now + TOGETHER, Wake::StopOthers(self.step_id(failed).clone()));
    }

    /// Stops what still runs although a step failed that fails everything.
    pub(super) fn others_stop(&mut self, failed: usize, turn: &mut Turn<'_>) {
        // Somebody may have brought the step back meanwhile.
        let is_failed = self.attempt(failed).is_some_and(|attempt| attempt.status == StepStatus::FatallyFailed);
        if is_failed && self.goes() {
            let Action { user, reason, aim, .. } = self.stop_because_of(failed);
            self.act_on_all(InstanceAction::Stop, &user, &reason, aim, turn);
        }
    }

    fn stop_because_of(&self, failed: usize) -> Action {
        let reason =
            format!("Stop all steps because step [{}] with FAIL_IMMEDIATELY mode is failed.", self.step_id(failed));
        Action { kind: action::Step::Stop, user: User::named("MAESTRO_TASK"), reason, aim: Aim::Run }
    }

    /// Has the system try again after a wait.
    fn retry_later(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        let delay = attempt.retry.next_delay(attempt.status).unwrap_or_default();
        let due = turn.now + delay;
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            // It follows the end of the attempt; readers see both in the order of their times.
            attempt.timeline.info(turn.now + Millis(1), format!("Retrying task in [{}]", readable(delay)));
        }
        self.changed(at);
        self.steps[at].retry_at = Some(due);
        turn.wake_at(due, Wake::Retry(self.step_id(at).clone()));
    }

    /// Makes the next attempt if its time has come.
    pub(super) fn retry_due(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.steps[at].retry_at {
            Some(due) if turn.now < due => turn.wake_at(due, Wake::Retry(self.step_id(at).clone())),
            Some(_) if self.goes() => self.retry_now(at, turn),
            _ => {}
        }
    }

    pub(super) fn retry_now(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.steps[at].retry_at = None;
        self.create(at, turn);
        self.decide_soon(turn);
    }

    /// Gives back what an ended attempt holds and answers those who wait for its end.
    fn settle(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.publish_batch(at, turn);
        let key = self.attempt_key(at);
        self.stop_waiting(at, turn);
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            if std::mem::take(&mut attempt.has_asked_permits) {
                turn.send(Address::Permits, Note::ReleasePermits { attempt: key });
            }
            attempt.ending = None;
        }
        if self.steps[at].retry_at.is_none() {
            self.steps[at].action = None;
            self.answer_waiters(at, turn);
        }
    }
}

/// A span as people say it: `1h 2m 3s`.
fn readable(span: Millis) -> String {
    let seconds = span.0 / 1000;
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if said.is_empty() { "0s".to_owned() } else { said.join(" ") }
}
