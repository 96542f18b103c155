//! Restarts on their way up to the first run that can take them (runtime.md §7.5, §7.7).

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    flow::{Flow, Revival, Waiter, Wants},
    restart_request::RestartRequest,
};
use crate::{
    definition::{FailureMode, StepType},
    id::{InstanceKey, StepId, is_loop_body},
    life::{
        Address, Initiator, Note, Ticket, Turn,
        note::{RestartAnswer, RestartWalk, Waits},
    },
    port::{Reason, Refusal},
    restart::{Config, PathNode, Policy, Upstream},
    status::StepStatus,
    user::User,
};

impl Flow {
    fn instance(&self) -> InstanceKey {
        self.key().instance_key()
    }

    /// Restart of the instance.
    pub(super) fn restart_by_call(
        &mut self,
        ticket: Ticket,
        user: User,
        body: &Json,
        turn: &mut Turn<'_>,
    ) -> Result<(), Refusal> {
        let request = RestartRequest::of_instance(body)?;
        if self.is_alive() {
            let (InstanceKey { workflow, instance }, status) = (self.instance(), self.status);
            return Err(Refusal::new(
                Reason::BadRequest,
                format!(
                    "workflow instance [{workflow}][{instance}] does not support restart action as it is in a non-terminal status [{status}]"
                ),
            ));
        }
        let config = Config {
            path: vec![PathNode { instance: self.instance(), step: None }],
            policy: request.policy,
            downstream: request.policy,
            params: request.params,
            step_params: None,
            skip_steps: Vec::new(),
        };
        let walk = RestartWalk {
            ticket,
            user,
            policy: request.policy,
            config,
            request_id: request.request_id,
            request_time: request.request_time,
            answer: RestartAnswer::Instance,
            waits: Waits::No,
        };
        self.walk_up(walk, turn);
        Ok(())
    }

    /// Restart of one step.
    pub(super) fn restart_step_by_call(
        &mut self,
        ticket: Ticket,
        user: User,
        step: &StepId,
        body: &Json,
        is_blocking: bool,
        turn: &mut Turn<'_>,
    ) -> Result<(), Refusal> {
        let request = RestartRequest::of_step(body)?;
        let policy = request.upstream.policy(request.policy);
        let config = Config {
            path: vec![PathNode { instance: self.instance(), step: Some(step.clone()) }],
            policy,
            downstream: request.policy,
            params: None,
            step_params: request.params.map(|params| [(step.clone(), params)].into_iter().collect()),
            skip_steps: Vec::new(),
        };
        let view = self.check_restartable(step)?;
        let waits = if is_blocking { Waits::ForEffect } else { Waits::No };
        let walk = RestartWalk {
            ticket,
            user,
            policy,
            config,
            request_id: request.request_id,
            request_time: request.request_time,
            answer: RestartAnswer::Step { instance: self.instance(), step: step.clone() },
            waits,
        };
        match request.upstream {
            Upstream::RestartFromStep => self.walk_up(walk, turn),
            Upstream::RestartFromInlineRoot => self.restart_inline_root(walk, step, view, turn)?,
        }
        Ok(())
    }

    /// Restarts the workflow around the loop that this run is an iteration of as a whole; any other run is its own inline root.
    fn restart_inline_root(
        &mut self,
        mut walk: RestartWalk,
        step: &StepId,
        view: StepStatus,
        turn: &mut Turn<'_>,
    ) -> Result<(), Refusal> {
        let refuse = |what: String| {
            Err(Refusal::new(Reason::BadRequest, format!("Invalid restart from-inline-root request: {what}")))
        };
        let (reference, status) = (self.reference(), self.status);
        if self.is_alive() {
            return refuse(format!("instance {reference} is in non-terminal state [{status}]"));
        }
        if !view.is_terminal() {
            return refuse(format!("step {reference}[{step}] is in non-terminal state [{view}]"));
        }
        let is_foreach = matches!(self.seed.initiator, Initiator::Parent { kind: StepType::Foreach, .. });
        let around = self.seed.initiator.ancestors().iter().rev().map(|ancestor| &ancestor.run);
        let root = around.filter(|run| !is_loop_body(&run.workflow)).find(|_| is_foreach).cloned();
        let target = root.as_ref().unwrap_or(self.key());
        walk.config.path = vec![PathNode { instance: target.instance_key(), step: None }];
        match root {
            Some(root) => turn.send(Address::Run(root), Note::RestartBelow(Box::new(walk))),
            None => self.walk_up(walk, turn),
        }
        Ok(())
    }

    /// Skip of a step that has ended.
    pub(super) fn skip_by_restart(
        &mut self,
        ticket: Ticket,
        user: User,
        step: &StepId,
        is_blocking: bool,
        turn: &mut Turn<'_>,
    ) -> Result<(), Refusal> {
        self.check_restartable(step)?;
        let config = Config {
            path: vec![PathNode { instance: self.instance(), step: Some(step.clone()) }],
            policy: Policy::RestartFromSpecific,
            downstream: Policy::RestartFromIncomplete,
            params: None,
            step_params: None,
            skip_steps: vec![step.clone()],
        };
        let answer = RestartAnswer::Skip { instance: self.instance(), step: step.clone() };
        let waits = if is_blocking { Waits::ForEffect } else { Waits::No };
        let walk = RestartWalk {
            ticket,
            user,
            policy: Policy::RestartFromSpecific,
            config,
            request_id: None,
            request_time: None,
            answer,
            waits,
        };
        self.walk_up(walk, turn);
        Ok(())
    }

    /// Where a step stands over all runs; one that no run ever had cannot be restarted.
    fn check_restartable(&self, step: &StepId) -> Result<StepStatus, Refusal> {
        let reference = self.reference();
        match self.view_of(step) {
            None => Err(Refusal::new(
                Reason::BadRequest,
                format!("Invalid restart request: step [{step}] is not part of workflow instance {reference}"),
            )),
            Some(StepStatus::NotCreated) => Err(Refusal::new(
                Reason::BadRequest,
                format!("Invalid restart request [{reference}]: step [{step}] is not created in the DAG."),
            )),
            Some(status) => Ok(status),
        }
    }

    /// Where a step stands over all runs; `None` for one that the definition does not have.
    pub(super) fn view_of(&self, step: &StepId) -> Option<StepStatus> {
        let views = self.aggregate(self.status).ok()?.step_aggregated_views;
        views.get(step).map(|view| view.status)
    }

    /// A restart arrives from a nested run.
    pub(super) fn restart_below(&mut self, walk: RestartWalk, turn: &mut Turn<'_>) {
        self.walk_up(walk, turn);
    }

    /// Takes a restart here if the run goes, hands it to the run around this one, or has the workflow make a new run.
    fn walk_up(&mut self, mut walk: RestartWalk, turn: &mut Turn<'_>) {
        if self.is_alive() {
            if let Err(refusal) = self.delegate(&walk, turn) {
                turn.reply(walk.ticket, Err(refusal));
            }
            return;
        }
        match self.seed.initiator.parent() {
            None => turn.send(Address::Workflow(self.key().workflow.clone()), Note::RestartRoot(Box::new(walk))),
            Some(parent) => {
                let (run, step) = (parent.run.clone(), parent.step.clone());
                match walk.config.up(run.instance_key(), Some(step)) {
                    Ok(policy) => walk.policy = policy,
                    Err(error) => {
                        return turn.reply(walk.ticket, Err(Refusal::new(Reason::BadRequest, error.to_string())));
                    }
                }
                turn.send(Address::Run(run), Note::RestartBelow(Box::new(walk)));
            }
        }
    }

    /// Gives a step of this run, which goes, a new attempt.
    fn delegate(&mut self, walk: &RestartWalk, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        let refuse = |message: String| Refusal::new(Reason::BadRequest, message);
        let (reference, status) = (self.reference(), self.status);
        let step = walk.config.path.last().and_then(|node| node.step.clone());
        let step = step.ok_or_else(|| {
            let InstanceKey { workflow, instance } = self.instance();
            refuse(format!(
                "workflow instance [{workflow}][{instance}] does not support restart action as it is in a non-terminal status [{status}]"
            ))
        })?;
        let at = self.dag().position(&step).ok_or_else(|| {
            refuse(format!(
                "Cannot manually RESTART the step [{step}] because the latest workflow run {reference} with status [{status}] does not contain it in the runtime dag."
            ))
        })?;
        self.check_no_action(at)?;
        let is_running = self.attempt(at).is_some_and(|attempt| attempt.status == StepStatus::Running);
        if let Some(taken) = is_running.then(|| self.restart_iteration(at, &walk.config, turn)).flatten() {
            taken?;
            self.answer_when_restarted(at, walk, turn);
            return Ok(());
        }
        self.check_new_attempt(at, &step)?;
        let before = self.attempt(at).map_or(0, |attempt| attempt.id.0);
        self.steps[at].revival = Some(Revival { config: Arc::new(walk.config.clone()) });
        self.progress.reopen(&Arc::clone(self.dag()), at);
        self.create(at, turn);
        self.decide_soon(turn);
        self.answer_delegated(walk, &step, before, turn);
        Ok(())
    }

    /// Refuses a new attempt of a step that has not failed for good, or whose failure mode says what follows.
    fn check_new_attempt(&self, at: usize, step: &StepId) -> Result<(), Refusal> {
        let refuse = |message: String| Err(Refusal::new(Reason::BadRequest, message));
        let (reference, identity) = (self.reference(), self.step_identity(at));
        let Some(attempt) = self.attempt(at) else {
            return if self.progress.is_placeholder(at) {
                Ok(())
            } else {
                refuse(format!(
                    "Cannot manually RESTART the step [{reference}][{step}] as it does not exist (either not started or reset previously)"
                ))
            };
        };
        let status = attempt.status;
        if !status.is_terminal() || status.is_complete() {
            return refuse(format!(
                "Cannot manually RESTART the step {identity} as its status [{status}] is either non-terminal or complete while the workflow instance or its ancestor workflow instances is still non-terminal."
            ));
        }
        if attempt.retry.is_retryable || !status.is_manually_restartable() {
            return refuse(format!(
                "Cannot manually RESTART the step {identity} as the system is still retrying. The current step retry is [{}]",
                attempt.retry.to_json()
            ));
        }
        let mode = self.steps[at].definition.failure_mode_or_default();
        if mode != FailureMode::FailAfterRunning {
            let mode = mode.word();
            return refuse(format!(
                "Cannot manually RESTART the step {identity} as step failure mode [{mode}] is not FAIL_AFTER_RUNNING"
            ));
        }
        Ok(())
    }

    /// Answers the restart of an iteration: a caller who waits, as soon as its new run is made.
    fn answer_when_restarted(&mut self, at: usize, walk: &RestartWalk, turn: &mut Turn<'_>) {
        let is_pending = self.foreach(at).is_some_and(|foreach| foreach.pending.is_some());
        if !is_pending || walk.waits == Waits::No {
            let before = self.attempt(at).map_or(0, |attempt| attempt.id.0 - 1);
            let step = self.step_id(at).clone();
            return self.answer_delegated(walk, &step, before, turn);
        }
        let deadline = turn.now + turn.surroundings.settings().step_action_wait;
        let wants = Wants::Restart(Box::new(walk.clone()));
        let waiter = Waiter { ticket: walk.ticket, user: walk.user.clone(), deadline, wants };
        self.steps[at].waiters.push(waiter);
        self.arm_waiters(at, turn);
    }

    /// Answers the caller who waits for the restart of an iteration.
    pub(super) fn answer_restarted(&mut self, at: usize, turn: &mut Turn<'_>) {
        let before = self.attempt(at).map_or(0, |attempt| attempt.id.0 - 1);
        let step = self.step_id(at).clone();
        let is_restart = |waiter: &mut Waiter| matches!(waiter.wants, Wants::Restart(_));
        for waiter in self.steps[at].waiters.extract_if(.., is_restart).collect::<Vec<_>>() {
            if let Wants::Restart(walk) = &waiter.wants {
                self.answer_delegated(walk, &step, before, turn);
            }
        }
    }

    fn answer_delegated(&self, walk: &RestartWalk, step: &StepId, before: i64, turn: &mut Turn<'_>) {
        let key = self.key();
        let name = &walk.user.name;
        let message =
            format!("User [{name}] take action [RESTART] on the step due to reason: [manual step instance API call]");
        let event = crate::timeline::Event::log(turn.now, crate::timeline::Level::Info, message);
        let body = json!({
            "workflow_id": key.workflow, "workflow_version_id": self.seed.body.version, "workflow_instance_id": key.instance,
            "workflow_run_id": key.run, "step_id": step, "step_attempt_id": before + 1, "status": "DELEGATED",
            "timeline_event": event.to_json(),
        });
        turn.reply(walk.ticket, Ok(crate::port::Answer::ok(body)));
    }
}
