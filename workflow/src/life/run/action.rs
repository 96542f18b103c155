//! What is done to steps from outside: stop, kill, skip, time-out, resume, bypass.

use super::{
    attempt::{Ending, FailureModeCounts, Nested},
    flow::{Action, Aim, Flow},
};
use crate::{
    life::{Effect, Turn},
    port::InstanceAction,
    status::{StepStatus, action},
    user::User,
};

impl Flow {
    /// Stops or kills the run: every step that is not complete, those that do not exist yet as soon as they do.
    pub(super) fn act_on_all(
        &mut self,
        kind: InstanceAction,
        user: &User,
        reason: &str,
        aim: Aim,
        turn: &mut Turn<'_>,
    ) {
        let kind = match kind {
            InstanceAction::Stop => action::Step::Stop,
            InstanceAction::Kill => action::Step::Kill,
            InstanceAction::Unblock => return,
        };
        for at in 0..self.steps.len() {
            self.act(at, Action { kind, user: user.clone(), reason: reason.to_owned(), aim }, turn);
        }
        self.decide_soon(turn);
    }

    /// Does something to one step, now or as soon as it exists.
    pub(super) fn act(&mut self, at: usize, action: Action, turn: &mut Turn<'_>) {
        let waits = self.steps[at].retry_at.is_some();
        match self.attempt(at).map(|attempt| attempt.status) {
            // The wait is over: the next attempt is created, and ends at once.
            Some(_) if waits => {
                self.steps[at].action = Some(action);
                self.retry_now(at, turn);
            }
            Some(status) if status.is_terminal() => {}
            // An attempt is created and initialized in one go, so nothing is seen in between.
            Some(_) => self.terminate(at, &action, turn),
            None if self.progress.is_placeholder(at) => {}
            None => self.steps[at].action = Some(action),
        }
    }

    /// Ends an attempt that has not ended: at once, or when everything below it has ended.
    pub(super) fn terminate(&mut self, at: usize, action: &Action, turn: &mut Turn<'_>) {
        let ending = ending(action);
        self.cancel_work(at, turn);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if attempt.ending.is_some() {
            return;
        }
        attempt.ending = Some(ending);
        if matches!(attempt.nested, Nested::Leaf) || !self.halt_below(at, action, turn) {
            return self.end_by_force(at, turn);
        }
        self.say_what_is_awaited(at, turn);
    }

    /// Notes that an attempt ends only when everything below it has ended, in the words that the reference uses for its next try.
    fn say_what_is_awaited(&mut self, at: usize, turn: &Turn<'_>) {
        let (reference, identity) = (self.reference(), self.identity(at));
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        let (id, uuid, kind) = (attempt.id, &attempt.uuid, attempt.definition.step_type().word().to_lowercase());
        let message = format!(
            "Failed to terminate the step [{}][{id}][{uuid}] of the workflow {reference} because [Termination at {kind} step {identity} is not done and will retry it.]",
            attempt.definition.id
        );
        attempt.timeline.warn(turn.now, message);
        self.changed(at);
    }

    /// Ends an attempt below which nothing runs any more.
    pub(super) fn end_by_force(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(ending) = self.steps[at].attempt.as_deref_mut().and_then(|attempt| attempt.ending.take()) else {
            return;
        };
        self.log(at, turn, ending.entry);
        match ending.status {
            StepStatus::Skipped => self.finish_as(at, StepStatus::Skipped, turn),
            status => self.end_with(at, status, ending.failure_mode, turn),
        }
    }

    /// Ends work on the pool.
    pub(super) fn cancel_work(&mut self, at: usize, turn: &mut Turn<'_>) {
        let key = self.attempt_key(at);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        if std::mem::take(&mut attempt.is_executing) {
            turn.effects.push(Effect::Cancel { attempt: key });
        }
    }
}

/// What an action makes of a step (runtime.md §15.2).
fn ending(action: &Action) -> Ending {
    let status = match action.aim {
        Aim::Ancestor => action.kind.target_below(),
        Aim::Step | Aim::Run => action.kind.target(),
    };
    let failure_mode = match action.aim {
        Aim::Step => FailureModeCounts::Yes,
        Aim::Run | Aim::Ancestor => FailureModeCounts::No,
    };
    let entry = if action.kind == action::Step::TimeOut {
        "Step instance is timed out.".to_owned()
    } else {
        let (user, kind, reason) = (&action.user.name, action.kind.as_str(), &action.reason);
        format!("User [{user}] take action [{kind}] on the step due to reason: [{reason}]")
    };
    // Only actions that end a step are ever applied to one.
    Ending { status: status.unwrap_or(StepStatus::Stopped), entry, failure_mode }
}
