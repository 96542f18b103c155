//! What callers ask of a run: actions on it and on its steps (runtime.md §15).

use serde_json::{Map, Value as Json, json};

use super::flow::{Action, Aim, Flow, Waiter, Wants};
use crate::{
    id::{RunKey, StepId},
    life::{Ticket, Turn, Wake},
    port::{Answer, Caller, Found, InstanceAction, Lookup, Reason, Refusal, Request, StepAction},
    status::{InstanceStatus, StepStatus, action},
    timeline::{Event, Level},
    user::User,
    wire,
};

/// Why API callers say that they act.
const BY_CALL_ON_RUN: &str = "manual workflow instance API call";
/// The same for a step.
const BY_CALL_ON_STEP: &str = "manual step instance API call";

impl Flow {
    /// Does what a caller asked for and answers, now or when it shows.
    pub(super) fn request(&mut self, ticket: Ticket, caller: &Caller, request: Request, turn: &mut Turn<'_>) {
        let answer = match request {
            Request::InstanceAction { run, action, .. } => {
                self.named(caller, |flow, user| flow.instance_action(action, run.as_deref(), &user, turn)).map(Some)
            }
            Request::StepAction { step, action, is_blocking, .. } => {
                self.named(caller, |flow, user| flow.step_action(ticket, &step, action, is_blocking, user, turn))
            }
            Request::ResumeAttempt { step, attempt, .. } => {
                self.named(caller, |flow, user| flow.resume_by_call(&step, &attempt, &user, turn)).map(Some)
            }
            Request::Restart { body, .. } => {
                self.named(caller, |flow, user| flow.restart_by_call(ticket, user, &body, turn)).map(|()| None)
            }
            Request::RestartStep { step, body, is_blocking, .. } => self
                .named(caller, |flow, user| flow.restart_step_by_call(ticket, user, &step, &body, is_blocking, turn))
                .map(|()| None),
            _ => Err(Refusal::new(Reason::InternalError, "a run was asked for what it does not do")),
        };
        match answer {
            Ok(Some(body)) => turn.reply(ticket, Ok(Answer::ok(body))),
            Ok(None) => {}
            Err(refusal) => turn.reply(ticket, Err(refusal)),
        }
    }

    fn named<T>(
        &mut self,
        caller: &Caller,
        act: impl FnOnce(&mut Self, User) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let user = caller.user.clone();
        let user =
            user.ok_or_else(|| Refusal::new(Reason::BadRequest, "the header `user` is missing: it names who asks"))?;
        act(self, user)
    }

    /// The run as messages name it.
    pub(super) fn reference(&self) -> String {
        let RunKey { workflow, instance, run } = self.key();
        format!("[{workflow}][{instance}][{run}]")
    }

    fn instance_action(
        &mut self,
        action: InstanceAction,
        run: Option<&str>,
        user: &User,
        turn: &mut Turn<'_>,
    ) -> Result<Json, Refusal> {
        if let Some(named) = run.and_then(|run| run.parse::<i64>().ok()).filter(|named| *named != self.key().run.0) {
            let (reference, latest) = (self.reference(), self.key().run);
            let message =
                format!("Cannot take an action on run [{named}] of {reference}: its latest run is [{latest}]");
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        if action == InstanceAction::Unblock {
            return self.unblock_nested(user, turn);
        }
        let (word, target) = match action {
            InstanceAction::Stop => ("STOP", InstanceStatus::Stopped),
            InstanceAction::Kill => ("KILL", InstanceStatus::Failed),
            InstanceAction::Unblock => ("UNBLOCK", self.status),
        };
        let run_status = self.overview.as_ref().and_then(|overview| overview.run_status).unwrap_or(self.status);
        if !self.is_alive() && run_status != target {
            let (reference, status) = (self.reference(), self.status);
            return Err(Refusal::new(
                Reason::BadRequest,
                format!("Cannot terminate a workflow instance {reference} from status [{status}] to [{target}]"),
            ));
        }
        let is_completed = !self.is_alive();
        let seen = self.status;
        self.act_on_run(action, user, BY_CALL_ON_RUN, Aim::Run, turn);
        let info = if is_completed {
            "The action is completed."
        } else {
            "The action is accepted and is still running. Please check it again."
        };
        let name = &user.name;
        let message = format!("User [{name}] take an action to {word} the running workflow instance run");
        let answer = wire::answer::InstanceAction {
            workflow_id: self.key().workflow.clone(),
            workflow_instance_id: self.key().instance,
            workflow_run_id: self.key().run,
            workflow_instance_status: seen,
            info: Some(info.into()),
            timeline_event: Some(Event::log(turn.now, Level::Info, message)),
            completed: is_completed,
        };
        Ok(serde_json::to_value(answer).unwrap_or_default())
    }

    /// A loop body blocks no queue: there is nothing to unblock.
    fn unblock_nested(&self, user: &User, turn: &Turn<'_>) -> Result<Json, Refusal> {
        if self.status != InstanceStatus::Failed {
            let (reference, status) = (self.reference(), self.status);
            let message = format!(
                "Cannot unblock a workflow instance {reference} from status [{status}] as it is not FAILED status"
            );
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        let reason = "[API] call to UNBLOCK a failed workflow instance run.";
        let message = Some("Unblocked the workflow instance.");
        let answer = wire::answer::InstanceAction {
            workflow_id: self.key().workflow.clone(),
            workflow_instance_id: self.key().instance,
            workflow_run_id: self.key().run,
            workflow_instance_status: self.status,
            info: Some("The workflow instance is unblocked already: no operation.".into()),
            timeline_event: Some(Event::action(turn.now, "UNBLOCK", user.clone(), message, Some(reason))),
            completed: false,
        };
        Ok(serde_json::to_value(answer).unwrap_or_default())
    }

    fn step_action(
        &mut self,
        ticket: Ticket,
        step: &StepId,
        action: StepAction,
        is_blocking: bool,
        user: User,
        turn: &mut Turn<'_>,
    ) -> Result<Option<Json>, Refusal> {
        let kind = match action {
            StepAction::Stop => action::Step::Stop,
            StepAction::Kill => action::Step::Kill,
            StepAction::Skip => action::Step::Skip,
            StepAction::Bypass => action::Step::BypassStepDependencies,
        };
        let at = match self.step_for(step, kind) {
            Ok(at) => at,
            Err(Aside::Refused(refusal)) => return Err(refusal),
            Err(Aside::ByRestart) => {
                self.skip_by_restart(ticket, user, step, is_blocking, turn)?;
                return Ok(None);
            }
        };
        self.check_no_action(at)?;
        let wants = if kind == action::Step::BypassStepDependencies { Wants::Bypass } else { Wants::End(kind) };
        let deadline = turn.now + turn.surroundings.settings().step_action_wait;
        if is_blocking {
            self.steps[at].waiters.push(Waiter { ticket, user: user.clone(), deadline, wants });
            self.arm_waiters(at, turn);
        }
        let answer = self.step_answer(at, kind, &user, Shown::Taken, turn);
        if kind == action::Step::BypassStepDependencies {
            self.bypass(at, &user, turn);
            self.answer_waiters(at, turn);
        } else {
            let reason = BY_CALL_ON_STEP.to_owned();
            self.act(at, Action { kind, user, reason, aim: Aim::Step }, turn);
        }
        Ok((!is_blocking).then_some(answer))
    }

    /// Refuses a second action on a step while the first one is under way.
    pub(super) fn check_no_action(&self, at: usize) -> Result<(), Refusal> {
        let slot = &self.steps[at];
        if slot.waiters.is_empty()
            && slot.action.is_none()
            && slot.attempt.as_ref().is_none_or(|one| one.ending.is_none())
        {
            return Ok(());
        }
        let identity = self.step_identity(at);
        let message = format!("There is an ongoing action for this step {identity} and please try it again later.");
        Err(Refusal::new(Reason::Conflict, message))
    }

    /// A step's latest attempt as messages name it.
    pub(super) fn step_identity(&self, at: usize) -> String {
        let attempt = self.attempt(at).map_or(0, |attempt| attempt.id.0);
        format!("{}[{}][{attempt}]", self.reference(), self.step_id(at))
    }

    /// The position of a step that an action may be applied to.
    fn step_for(&self, step: &StepId, kind: action::Step) -> Result<usize, Aside> {
        let refuse = |reason, message: String| Aside::Refused(Refusal::new(reason, message));
        let (reference, word) = (self.reference(), kind.as_str());
        if kind == action::Step::Skip {
            return self.step_to_skip(step);
        }
        if !self.is_alive() {
            let status = self.status;
            return Err(refuse(
                Reason::BadRequest,
                format!(
                    "Cannot manually {word} the step [{step}] as the workflow instance {reference} is in a terminal state [{status}]"
                ),
            ));
        }
        let Some(at) = self.dag().position(step) else {
            let status = self.status;
            return Err(refuse(
                Reason::BadRequest,
                format!(
                    "Cannot manually {word} the step [{step}] because the latest workflow run {reference} with status [{status}] does not contain it in the runtime dag."
                ),
            ));
        };
        let Some(attempt) = self.attempt(at) else {
            return Err(refuse(
                Reason::NotFound,
                format!(
                    "workflow instance {reference}'s step instance [{step}][0] not found (either not created or deleted)"
                ),
            ));
        };
        let (status, identity) = (attempt.status, self.step_identity(at));
        let message = match kind {
            action::Step::Stop | action::Step::Kill if status.is_terminal() && self.steps[at].retry_at.is_none() => {
                format!("Cannot manually {word} the step {identity} as it is in a terminal state [{status}]")
            }
            action::Step::BypassStepDependencies if status != StepStatus::WaitingForSignals => format!(
                "Cannot manually bypass-step-dependencies the step as its status [{status}] is not waiting for signals"
            ),
            _ => return Ok(at),
        };
        Err(refuse(Reason::BadRequest, message))
    }

    /// The position of a step that can be skipped as it stands; one that has ended is skipped by restarting it.
    fn step_to_skip(&self, step: &StepId) -> Result<usize, Aside> {
        let refuse = |message: String| Err(Aside::Refused(Refusal::new(Reason::BadRequest, message)));
        let RunKey { workflow, instance, .. } = self.key();
        let Some(status) = self.view_of(step) else {
            return refuse(format!(
                "Invalid: cannot find the step view of workflow step [{workflow}][{instance}][{step}]"
            ));
        };
        if status == StepStatus::NotCreated {
            return refuse(format!(
                "Cannot skip step [{workflow}][{instance}][{step}] before it is created. Please try it again."
            ));
        }
        let allowed = action::Step::allowed(status);
        if !allowed.contains(&action::Step::Skip) {
            let allowed: Vec<&str> = allowed.iter().map(|action| action.as_str()).collect();
            return refuse(format!(
                "Cannot skip step [{workflow}][{instance}][{step}] because it is unsupported by the step action map [{}]",
                allowed.join(", ")
            ));
        }
        match self.dag().position(step) {
            Some(at) if self.is_alive() && (!status.is_terminal() || self.steps[at].retry_at.is_some()) => Ok(at),
            _ => Err(Aside::ByRestart),
        }
    }

    /// Answers callers whose action shows.
    pub(super) fn answer_waiters(&mut self, at: usize, turn: &mut Turn<'_>) {
        for waiter in std::mem::take(&mut self.steps[at].waiters) {
            let kind = match waiter.wants {
                Wants::End(kind) => kind,
                Wants::Bypass => action::Step::BypassStepDependencies,
                Wants::Restart(_) => action::Step::Restart,
            };
            let body = self.step_answer(at, kind, &waiter.user, Shown::Effect, turn);
            turn.reply(waiter.ticket, Ok(Answer::ok(body)));
        }
    }

    /// Looks again when the first of those who wait has waited enough.
    pub(super) fn arm_waiters(&self, at: usize, turn: &mut Turn<'_>) {
        if let Some(first) = self.steps[at].waiters.iter().map(|waiter| waiter.deadline).min() {
            turn.wake_at(first, Wake::ActionDeadline(self.step_id(at).clone()));
        }
    }

    /// Tells callers who have waited long enough that their action is still on its way.
    pub(super) fn waited_enough(&mut self, at: usize, turn: &mut Turn<'_>) {
        let now = turn.now;
        let (due, others) = std::mem::take(&mut self.steps[at].waiters)
            .into_iter()
            .partition::<Vec<_>, _>(|waiter| waiter.deadline <= now);
        self.steps[at].waiters = others;
        self.arm_waiters(at, turn);
        let identity = self.step_identity(at);
        for waiter in due {
            let message = match &waiter.wants {
                Wants::End(kind) => format!(
                    "{} action for the step {identity} is timed out. No retry is needed and maestro will eventually complete the action.",
                    kind.as_str()
                ),
                Wants::Bypass => {
                    format!("bypass-step-dependencies action for the step {identity} is timed out and please retry it.")
                }
                Wants::Restart(_) => {
                    format!("RESTART action for the step {identity} is timed out and please retry it.")
                }
            };
            let refusal = Refusal { is_retryable: true, ..Refusal::new(Reason::RequestTimeout, message) };
            turn.reply(waiter.ticket, Err(refusal));
        }
    }

    pub(super) fn has_no_waiters(&self) -> bool {
        self.steps.iter().all(|slot| slot.waiters.is_empty())
    }

    fn step_answer(&self, at: usize, kind: action::Step, user: &User, shown: Shown, turn: &Turn<'_>) -> Json {
        let (name, step, word) = (&user.name, self.step_id(at), kind.as_str());
        let mut answer = Map::new();
        let key = self.key();
        answer.insert("workflow_id".to_owned(), key.workflow.as_str().into());
        answer.insert("workflow_instance_id".to_owned(), key.instance.0.into());
        answer.insert("workflow_run_id".to_owned(), key.run.0.into());
        answer.insert("step_id".to_owned(), step.as_str().into());
        if let Some(attempt) = self.attempt(at).filter(|_| shown == Shown::Effect) {
            answer.insert("step_attempt_id".to_owned(), attempt.id.0.into());
            let mut state = Map::new();
            state.insert("status".to_owned(), attempt.status.as_str().into());
            state.extend(attempt.times.known().map(|(name, time)| (name.to_owned(), time.0.into())));
            state.insert("modify_time".to_owned(), turn.now.0.into());
            answer.insert("step_runtime_state".to_owned(), Json::Object(state));
        }
        let message = format!("User [{name}] take action [{word}] on the step due to reason: [{BY_CALL_ON_STEP}]");
        answer.insert("timeline_event".to_owned(), Event::log(turn.now, Level::Info, message).to_json());
        Json::Object(answer)
    }

    fn resume_by_call(
        &mut self,
        step: &StepId,
        attempt: &str,
        user: &User,
        turn: &mut Turn<'_>,
    ) -> Result<Json, Refusal> {
        let at = self.dag().position(step).filter(|&at| {
            let latest = self.attempt(at).filter(|latest| latest.status == StepStatus::Paused);
            latest.is_some_and(|latest| attempt == "latest" || attempt.parse() == Ok(latest.id.0))
        });
        let reference = self.reference();
        let Some(at) = at else {
            let message = format!("paused step attempt {reference}[{step}][{attempt}] not found");
            return Err(Refusal::new(Reason::NotFound, message));
        };
        let key = self.attempt_key(at);
        self.resume(at, turn);
        let message = format!("User [{}] take action [RESUME] on the step [{step}]", user.name);
        Ok(json!({
            "workflow_id": key.run.workflow, "workflow_instance_id": key.run.instance, "workflow_run_id": key.run.run,
            "step_id": key.step, "step_attempt_id": key.attempt,
            "timeline_event": Event::log(turn.now, Level::Info, message).to_json(),
        }))
    }

    /// Stops or kills the run, queued or going.
    pub(super) fn act_on_run(
        &mut self,
        action: InstanceAction,
        user: &User,
        reason: &str,
        aim: Aim,
        turn: &mut Turn<'_>,
    ) {
        if self.goes() {
            self.act_on_all(action, user, reason, aim, turn);
        } else if !self.is_alive() {
            // Whoever says it again has not heard.
            self.tell_of_end(turn);
        }
    }

    /// Adds an entry that somebody else wrote to the timeline.
    pub(super) fn add_event(&mut self, event: &Json, turn: &Turn<'_>) {
        if let Ok(event) = Event::from_json(event, turn.now) {
            self.timeline.add(event);
            self.unsaved.run = true;
        }
    }

    /// Hands an answer to every attempt that may have asked for it.
    pub(super) fn found(&mut self, lookup: &Lookup, found: &Found, turn: &mut Turn<'_>) {
        if let Lookup::Output { job } = lookup {
            return self.output_found(job, found, turn);
        }
        for at in 0..self.steps.len() {
            let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { continue };
            let is_evaluating = match attempt.status {
                StepStatus::EvaluatingParams | StepStatus::Running | StepStatus::Finishing => true,
                status => status.is_complete(),
            };
            if !is_evaluating || attempt.found.iter().any(|(known, _)| known == lookup) {
                continue;
            }
            attempt.found.push((lookup.clone(), found.clone()));
            let status = attempt.status;
            match status {
                StepStatus::EvaluatingParams => self.go_on_evaluating(at, turn),
                StepStatus::Running => self.look_at_nested(at, turn),
                status if status.is_complete() && !self.has_evaluated_edges(at) => self.finish(at, turn),
                _ => {}
            }
        }
    }

    /// Has a step taken further soon, if it stands in a status.
    pub(super) fn step_soon_in(&mut self, at: usize, status: StepStatus, turn: &mut Turn<'_>) {
        if self.attempt(at).is_some_and(|attempt| attempt.status == status) {
            self.step_soon(at, turn);
        }
    }

    /// Ends a run in the queue because of a step further up.
    pub(super) fn stop_queued(&mut self, user: &User, reason: &str, turn: &mut Turn<'_>) {
        let message = format!("Workflow instance is stopped by [{}] because of [{reason}]", user.name);
        let event = Event::log(turn.now, Level::Warn, message).to_json();
        self.end_queued(InstanceStatus::Stopped, &event, crate::life::note::Starts::Never, turn);
    }
}

/// Why an action is not applied to a step as it stands.
enum Aside {
    Refused(Refusal),
    /// The step has ended: it is skipped by restarting it.
    ByRestart,
}

/// Whether an answer shows what became of the step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Taken,
    Effect,
}
