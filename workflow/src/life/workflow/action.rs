//! Stopping, killing and unblocking instances, one or all of a workflow.

use serde_json::{Value as Json, json};

use super::{Workflow, members, order::Order, wish::Wish};
use crate::{
    id::InstanceKey,
    life::{Address, Note, Ticket, Turn, author, note::Starts},
    port::{Answer, Caller, Found, InstanceAction, Reason, Refusal},
    status::InstanceStatus,
    strategy::At,
    timeline::{Event, Level},
    user::User,
    wire,
};

/// Instances that one call for all of a workflow ends or unblocks at most; the answer says how many, and a further call takes the rest.
const BATCH_MAX: usize = 10_000;

/// An action on an instance that is not alive: what it means depends on how its latest run ended.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) ticket: Ticket,
    pub(super) user: User,
    pub(super) instance: InstanceKey,
    pub(super) action: InstanceAction,
}

impl Workflow {
    /// An action on one instance.
    pub(super) fn on_instance_action(
        &mut self,
        ticket: Ticket,
        caller: &Caller,
        instance: InstanceKey,
        action: InstanceAction,
        turn: &mut Turn<'_>,
    ) {
        let user = match author(caller) {
            Ok(user) => user,
            Err(refusal) => return turn.reply(ticket, Err(refusal)),
        };
        let live = self.queue.live_run(instance.instance);
        let answer = match (action, live) {
            (InstanceAction::Unblock, None) if self.queue.blocking_run(instance.instance).is_some() => {
                self.unblock(&user, &instance, turn)
            }
            (InstanceAction::Stop | InstanceAction::Kill, Some(at)) if self.queue.is_queued(at) => {
                self.end_queued(at, action, &user, turn);
                done(&self.run_key(at), target(action), &event(action, &user, turn), "The action is completed.", true)
            }
            (InstanceAction::Stop | InstanceAction::Kill, Some(at)) => {
                let reason = format!("[API] call to {} the workflow instance", word(action));
                self.order(at, Order::Act { action, user: user.clone(), reason }, turn);
                let info = "The action is accepted and is still running. Please check it again.";
                done(&self.run_key(at), InstanceStatus::InProgress, &event(action, &user, turn), info, false)
            }
            _ => return self.proceed(Wish::Act(Act { ticket, user, instance, action }), turn),
        };
        turn.reply(ticket, Ok(answer));
    }

    /// Ends a run that has not left the queue.
    fn end_queued(&mut self, at: At, action: InstanceAction, user: &User, turn: &mut Turn<'_>) {
        let status = target(action);
        let message = format!(
            "Workflow instance status becomes [{status}] due to reason [User [{}] take an action to {} the queued workflow instance run]",
            user.name,
            word(action)
        );
        let event = json!({ "timestamp": turn.now.0, "type": "LOG", "level": "WARN", "message": message });
        self.order(at, Order::EndQueued { status, event, starts: Starts::Never }, turn);
        self.settle(at, status, turn);
    }

    fn unblock(&mut self, user: &User, instance: &InstanceKey, turn: &mut Turn<'_>) -> Answer {
        let reason = "[API] call to UNBLOCK a failed workflow instance run.";
        let event = unblocked(user, reason, turn);
        let Some(at) = self.queue.unblock(instance.instance) else {
            return Answer::ok(Json::Null);
        };
        self.is_changed = true;
        turn.forget(members::key(&self.id, at));
        turn.send(Address::Run(self.run_key(at)), Note::AddEvent(event.to_json()));
        self.dequeue_soon(turn);
        done(&self.run_key(at), InstanceStatus::Failed, &event, "The action is done.", true)
    }

    /// An action on all instances.
    pub(super) fn on_workflow_action(
        &mut self,
        caller: &Caller,
        action: InstanceAction,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refusal> {
        let user = author(caller)?;
        if action == InstanceAction::Unblock {
            return Ok(self.unblock_all(&user, turn));
        }
        let queued: Vec<At> = self.queue.queued().take(BATCH_MAX).collect();
        let running: Vec<At> = self.queue.running().collect();
        let reason = format!(
            "All workflow instances of workflow id [{}] are terminated to status [{}] by the caller [{}]",
            self.id,
            target(action),
            user.name
        );
        for &at in &queued {
            self.end_queued(at, action, &user, turn);
        }
        for &at in &running {
            self.order(at, Order::Act { action, user: user.clone(), reason: reason.clone() }, turn);
        }
        let message = format!(
            "Terminated [{}] queued instances and terminating [{}] running instances",
            queued.len(),
            running.len()
        );
        let body = json!({
            "timestamp": turn.now.0, "type": "ACTION", "action": word(action), "author": user.to_json(),
            "message": message, "reason": reason,
        });
        Ok(Answer { status: 202, body: Some(body) })
    }

    fn unblock_all(&mut self, user: &User, turn: &mut Turn<'_>) -> Answer {
        let reason = format!("Unblock workflow [{}]", self.id);
        let unblocked_runs = self.queue.unblock_oldest(BATCH_MAX);
        self.is_changed |= !unblocked_runs.is_empty();
        for &at in &unblocked_runs {
            turn.forget(members::key(&self.id, at));
            let event = unblocked(user, &reason, turn);
            turn.send(Address::Run(self.run_key(at)), Note::AddEvent(event.to_json()));
        }
        self.dequeue_soon(turn);
        Answer::ok(json!({
            "timestamp": turn.now.0, "type": "ACTION", "action": "UNBLOCK", "author": user.to_json(),
            "message": format!("Unblocked [{}] failed workflow instances.", unblocked_runs.len()), "reason": reason,
        }))
    }
}

impl Act {
    /// The answer, now that it is known how the latest run ended.
    pub(super) fn answer(&self, found: &Found, turn: &Turn<'_>) -> Result<Answer, Refusal> {
        let InstanceKey { workflow, instance } = &self.instance;
        let Found::LatestRun(latest) = found else {
            let message =
                format!("workflow instance [{workflow}][{instance}][0] not found (either not created or deleted)");
            return Err(Refusal::new(Reason::NotFound, message));
        };
        let (key, status) = (&latest.seed.key, latest.status);
        let reference = format!("[{workflow}][{instance}][{}]", key.run);
        let event = event(self.action, &self.user, turn);
        match self.action {
            InstanceAction::Unblock if status == InstanceStatus::Failed => {
                let event = unblocked(&self.user, "[API] call to UNBLOCK a failed workflow instance run.", turn);
                Ok(done(key, status, &event, "The workflow instance is unblocked already: no operation.", false))
            }
            InstanceAction::Unblock => {
                let message = format!(
                    "Cannot unblock a workflow instance {reference} from status [{status}] as it is not FAILED status"
                );
                Err(Refusal::new(Reason::BadRequest, message))
            }
            action if status == target(action) => Ok(done(key, status, &event, "The action is completed.", true)),
            action => {
                let target = target(action);
                let message =
                    format!("Cannot terminate a workflow instance {reference} from status [{status}] to [{target}]");
                Err(Refusal::new(Reason::BadRequest, message))
            }
        }
    }
}

fn done(key: &crate::id::RunKey, status: InstanceStatus, event: &Event, info: &str, is_completed: bool) -> Answer {
    let answer = wire::answer::InstanceAction {
        workflow_id: key.workflow.clone(),
        workflow_instance_id: key.instance,
        workflow_run_id: key.run,
        workflow_instance_status: status,
        info: Some(info.into()),
        timeline_event: Some(event.clone()),
        completed: is_completed,
    };
    Answer::ok(serde_json::to_value(answer).unwrap_or_default())
}

fn event(action: InstanceAction, user: &User, turn: &Turn<'_>) -> Event {
    let message = format!("User [{}] take an action to {} the running workflow instance run", user.name, word(action));
    Event::log(turn.now, Level::Info, message)
}

fn unblocked(user: &User, reason: &str, turn: &Turn<'_>) -> Event {
    Event::action(turn.now, "UNBLOCK", user.clone(), Some("Unblocked the workflow instance."), Some(reason))
}

fn target(action: InstanceAction) -> InstanceStatus {
    match action {
        InstanceAction::Stop => InstanceStatus::Stopped,
        InstanceAction::Kill | InstanceAction::Unblock => InstanceStatus::Failed,
    }
}

fn word(action: InstanceAction) -> &'static str {
    match action {
        InstanceAction::Stop => "STOP",
        InstanceAction::Kill => "KILL",
        InstanceAction::Unblock => "UNBLOCK",
    }
}
