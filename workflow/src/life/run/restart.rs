//! Restarts on their way up to the first run that can take them (runtime.md §7.5, §7.7).

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::flow::{Flow, Revival};
use crate::{
    definition::FailureMode,
    id::{InstanceKey, StepId},
    life::{
        Address, Note, Ticket, Turn,
        note::{RestartAnswer, RestartWalk, Waits},
    },
    param::{self, Definitions},
    port::{Reason, Refusal},
    restart::{Config, PathNode, Policy, Upstream},
    status::StepStatus,
    tag,
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
        let policy = policy_of(body, "restart_policy")?;
        if self.is_alive() {
            let (reference, status) = (self.reference(), self.status);
            return Err(Refusal::new(
                Reason::BadRequest,
                format!(
                    "workflow instance {reference} is not in a terminal state but [{status}] and cannot be restarted"
                ),
            ));
        }
        let config = Config {
            path: vec![PathNode { instance: self.instance(), step: None }],
            policy,
            downstream: policy,
            params: definitions(body, "run_params")?,
            step_params: None,
            skip_steps: Vec::new(),
        };
        let answer = RestartAnswer::Instance;
        let walk = walk(ticket, user, policy, config, body, answer, Waits::No);
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
        let downstream = policy_of(body, "restart_policy")?;
        let upstream: Option<Upstream> =
            body.get("upstream_restart_mode").and_then(|mode| serde_json::from_value(mode.clone()).ok());
        let upstream = upstream.unwrap_or_default();
        let policy = upstream.policy(downstream);
        let step_params =
            definitions(body, "step_run_params")?.map(|params| [(step.clone(), params)].into_iter().collect());
        let config = Config {
            path: vec![PathNode { instance: self.instance(), step: Some(step.clone()) }],
            policy,
            downstream,
            params: None,
            step_params,
            skip_steps: Vec::new(),
        };
        self.check_restartable(step)?;
        let answer = RestartAnswer::Step { instance: self.instance(), step: step.clone() };
        let waits = if is_blocking { Waits::ForEffect } else { Waits::No };
        self.walk_up(walk(ticket, user, policy, config, body, answer, waits), turn);
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
        let walk = walk(ticket, user, Policy::RestartFromSpecific, config, &Json::Null, answer, waits);
        self.walk_up(walk, turn);
        Ok(())
    }

    /// Whether some run ever had the step.
    fn check_restartable(&self, step: &StepId) -> Result<(), Refusal> {
        let view = self.aggregate(self.status).ok().and_then(|all| all.step_aggregated_views.get(step).copied());
        let reference = self.reference();
        match view {
            None => Err(Refusal::new(
                Reason::NotFound,
                format!("step [{step}] is not part of workflow instance {reference}"),
            )),
            Some(view) if view.status == StepStatus::NotCreated => Err(Refusal::new(
                Reason::BadRequest,
                format!("Cannot restart step [{step}] of workflow instance {reference}: it is not created yet"),
            )),
            Some(_) => Ok(()),
        }
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
        let reference = self.reference();
        let step = walk.config.path.last().and_then(|node| node.step.clone());
        let step = step.ok_or_else(|| refuse(format!("workflow instance {reference} is not in a terminal state")))?;
        let at = self.dag().position(&step).ok_or_else(|| {
            refuse(format!("Cannot restart step [{step}]: it is not part of the runtime DAG of {reference}"))
        })?;
        let is_running = self.attempt(at).is_some_and(|attempt| attempt.status == StepStatus::Running);
        if let Some(taken) = is_running.then(|| self.restart_iteration(at, &walk.config, turn)).flatten() {
            let before = self.attempt(at).map_or(0, |attempt| attempt.id.0 - 1);
            return taken.map(|()| self.answer_delegated(walk, &step, before, turn));
        }
        let is_mode = self.steps[at].definition.failure_mode_or_default() == FailureMode::FailAfterRunning;
        match self.attempt(at) {
            Some(attempt) => {
                let is_over = attempt.status.is_manually_restartable();
                if !is_over || attempt.retry.is_retryable || !is_mode {
                    let status = attempt.status;
                    return Err(refuse(format!(
                        "Cannot restart step {reference}[{step}] with status [{status}] while its workflow instance is running"
                    )));
                }
            }
            None if self.progress.is_placeholder(at) => {}
            None => {
                return Err(refuse(format!("Cannot restart step {reference}[{step}]: it has not been created yet")));
            }
        }
        let before = self.attempt(at).map_or(0, |attempt| attempt.id.0);
        self.steps[at].revival = Some(Revival { config: Arc::new(walk.config.clone()) });
        self.progress.reopen(&Arc::clone(self.dag()), at);
        self.create(at, turn);
        self.decide_soon(turn);
        self.answer_delegated(walk, &step, before, turn);
        Ok(())
    }

    fn answer_delegated(&self, walk: &RestartWalk, step: &StepId, before: i64, turn: &mut Turn<'_>) {
        let key = self.key();
        let name = &walk.user.name;
        let message = format!("User [{name}] take action [RESTART] on the step [{step}]");
        let event = crate::timeline::Event::log(turn.now, crate::timeline::Level::Info, message);
        let body = json!({
            "workflow_id": key.workflow, "workflow_version_id": self.seed.body.version, "workflow_instance_id": key.instance,
            "workflow_run_id": key.run, "step_id": step, "step_attempt_id": before + 1, "status": "DELEGATED",
            "timeline_event": event.to_json(),
        });
        turn.reply(walk.ticket, Ok(crate::port::Answer::ok(body)));
    }
}

fn walk(
    ticket: Ticket,
    user: User,
    policy: Policy,
    config: Config,
    body: &Json,
    answer: RestartAnswer,
    waits: Waits,
) -> RestartWalk {
    RestartWalk {
        ticket,
        user,
        policy,
        config,
        request_id: body["request_id"].as_str().map(Arc::from),
        runtime_tags: body.get("runtime_tags").map(|tags| tag::read(tags, "runtime_tags", &mut Vec::new())),
        answer,
        waits,
    }
}

fn policy_of(body: &Json, field: &str) -> Result<Policy, Refusal> {
    let bad = || Refusal::new(Reason::BadRequest, format!("`{field}` is no restart policy: {}", body[field]));
    match &body[field] {
        Json::Null => Ok(Policy::DEFAULT_RESTART),
        written => {
            let policy: Policy = serde_json::from_value(written.clone()).map_err(|_| bad())?;
            let is_public = matches!(policy, Policy::RestartFromIncomplete | Policy::RestartFromBeginning);
            if is_public { Ok(policy) } else { Err(bad()) }
        }
    }
}

fn definitions(body: &Json, field: &str) -> Result<Option<Definitions>, Refusal> {
    let Some(json) = body.get(field).filter(|json| !json.is_null()) else { return Ok(None) };
    let mut problems = Vec::new();
    let params = param::read::definitions(json, field, &mut problems);
    match problems.first() {
        None => Ok(Some(params)),
        Some(problem) => Err(Refusal::new(Reason::BadRequest, problem.to_string())),
    }
}
