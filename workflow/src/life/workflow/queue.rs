//! The queue at work: what goes next, what ends without going, and what a crash left open.

use super::{
    Workflow,
    members::{self, Standing},
    order::Order,
    record::log,
    start::quoted,
};
use crate::{
    id::RunKey,
    life::{Address, Effect, Note, Task, Turn, Wake, note::Starts},
    port::InstanceAction,
    status::InstanceStatus,
    strategy::{At, Because, Decided},
    time::Millis,
    user::User,
};

/// How long a run that replaced others is held back. Starts come in bursts, of which LAST_ONLY wants the last: one that would be
/// stopped again within a moment never begins.
const SETTLES_WITHIN: Millis = Millis(400);

/// The timer of a run that is held back.
pub(super) const SETTLED: Wake = Wake::Other(2);

/// Who stops runs on behalf of a run strategy.
const STRATEGY_USER: &str = "maestro";

impl Workflow {
    /// Looks again at what may go; when, is the engine's choice.
    pub(super) fn dequeue_soon(&self, turn: &mut Turn<'_>) {
        let [queued, _, _] = self.queue.counts();
        if queued > 0 {
            turn.effects.push(Effect::Continue(Task::Dequeue));
        }
    }

    /// Launches what the run strategy lets go.
    pub(super) fn dequeue(&mut self, turn: &mut Turn<'_>) {
        let strategy = self.properties().run_strategy_or_default();
        let mut launched = self.queue.launchable(strategy);
        if let Some(until) = self.settles_at.filter(|until| turn.now < *until) {
            launched.retain(|at| !self.queue.is_promised(*at));
            turn.wake_at(until, SETTLED);
        }
        for &at in &launched {
            if !self.queue.launch(at) {
                continue;
            }
            self.is_changed = true;
            if let Some(uuid) = self.queue.uuid(at) {
                turn.save(members::row(&self.id, at, uuid, Standing::Running));
            }
            turn.send(Address::Run(self.run_key(at)), Note::Launch);
        }
        // One pass launches a bounded number; the next one takes the rest.
        if !launched.is_empty() && !self.queue.launchable(strategy).is_empty() {
            turn.effects.push(Effect::Continue(Task::Dequeue));
        }
    }

    /// A run has ended: make room for the next one.
    pub(super) fn on_run_ended(&mut self, run: &RunKey, status: InstanceStatus, turn: &mut Turn<'_>) {
        let at = At { instance: run.instance, run: run.run };
        self.forget_order(at, turn);
        self.settle(at, status, turn);
    }

    /// Takes a run out of the queue; one that failed goes on to block.
    pub(super) fn settle(&mut self, at: At, status: InstanceStatus, turn: &mut Turn<'_>) {
        let Some(uuid) = self.queue.uuid(at).cloned() else { return };
        self.queue.finish(at, status);
        self.is_changed = true;
        if status == InstanceStatus::Failed {
            turn.save(members::row(&self.id, at, &uuid, Standing::Failed));
        } else {
            turn.forget(members::key(&self.id, at));
        }
        self.dequeue_soon(turn);
    }

    /// Ends the runs that a new one replaced.
    pub(super) fn end_replaced(&mut self, decided: &Decided, turn: &mut Turn<'_>) {
        for (run, because) in &decided.stopped {
            turn.forget(members::key(&self.id, run.at));
            let starts = match because {
                Because::Replaced => Starts::AtItsEnd,
                Because::Alive(_) | Because::Overtaken(_) => Starts::Never,
            };
            let event = log(turn.now, &quoted(because));
            self.order(run.at, Order::EndQueued { status: InstanceStatus::Stopped, event, starts }, turn);
        }
        if decided.stop.is_some() || decided.stopped.iter().any(|(_, because)| matches!(because, Because::Replaced)) {
            self.settles_at = Some(turn.now + SETTLES_WITHIN);
        }
        if let Some(stop) = &decided.stop {
            let reason = format!("{} It is replaced by the run {}", Because::Replaced, stop.then);
            let user = User::named(STRATEGY_USER);
            self.order(stop.run.at, Order::Act { action: InstanceAction::Stop, user, reason }, turn);
        }
    }

    /// Asks again for everything that a crash may have cut off: launched runs may not have heard of it, or may have ended unheard.
    pub(super) fn recover(&mut self, turn: &mut Turn<'_>) {
        let running: Vec<At> = self.queue.running().collect();
        for at in running {
            turn.send(Address::Run(self.run_key(at)), Note::Launch);
        }
        self.order_again(turn);
        // What was missed meanwhile is started now, and `Signals` is told again what it may not have heard.
        self.follow_triggers(turn);
        self.go_on_deleting(turn);
        turn.effects.extend(self.waiting.keys().cloned().map(Effect::Fetch));
        turn.effects.push(Effect::Continue(Task::Dequeue));
    }

    pub(super) fn run_key(&self, at: At) -> RunKey {
        RunKey { workflow: self.id.clone(), instance: at.instance, run: at.run }
    }
}
