//! How a run begins, and how it ends.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{events, flow::Flow};
use crate::{
    life::{Address, Note, Turn, Wake, note::Starts, seed::Standing},
    restart::Policy,
    status::{Aggregate, Check, InstanceStatus, aggregated_status, verdict},
    time::{Millis, Timestamp},
};

impl Flow {
    /// Takes up a run that was just made.
    pub(super) fn begin(&mut self, turn: &mut Turn<'_>) {
        self.unsaved.run = true;
        if matches!(self.seed.standing, Standing::Ended { .. }) {
            self.tell_of_end(turn);
        } else if self.seed.initiator.is_loop() {
            self.unsaved.seed = true;
            self.launch(turn);
        }
    }

    /// Lets a queued run go. One that has ended says so again: its workflow would not ask if it had heard.
    pub(super) fn launch(&mut self, turn: &mut Turn<'_>) {
        if !self.is_alive() {
            return self.tell_of_end(turn);
        }
        if self.status != InstanceStatus::Created {
            return;
        }
        self.start_time = Some(turn.now);
        self.timeline.info(turn.now, "Workflow instance is dequeued.");
        self.base = self.rollup_of_earlier_runs();
        self.turn_into(InstanceStatus::InProgress, turn);
        self.overview = Some(Arc::new(self.overview_now()));
        self.opened = self.progress.starts(&self.seed.body.dag);
        self.arm_timeout(turn);
        self.decide_soon(turn);
    }

    /// Loop bodies have no time limit of their own.
    pub(super) fn arm_timeout(&self, turn: &mut Turn<'_>) {
        if let Some(deadline) = self.deadline(turn) {
            turn.wake_at(deadline, Wake::RunTimeout);
        }
    }

    /// When the run's time is up, if it has started.
    pub(super) fn deadline(&self, turn: &Turn<'_>) -> Option<Timestamp> {
        Some(self.start_time? + self.time_limit(turn)?)
    }

    pub(super) fn time_limit(&self, turn: &Turn<'_>) -> Option<Millis> {
        let default = turn.surroundings.settings().workflow_timeout_default;
        (!self.seed.initiator.is_loop()).then(|| self.seed.timeout.unwrap_or(default))
    }

    /// Ends a run that never left the queue.
    pub(super) fn end_queued(&mut self, status: InstanceStatus, event: &Json, starts: Starts, turn: &mut Turn<'_>) {
        if !self.is_alive() {
            // Whoever says it again has not heard.
            self.tell_of_end(turn);
            return;
        }
        if self.status != InstanceStatus::Created {
            return;
        }
        self.add_event(event, turn);
        self.end_time = Some(turn.now);
        if starts == Starts::AtItsEnd {
            self.start_time = Some(turn.now);
        }
        self.turn_into(status, turn);
        self.tell_of_end(turn);
    }

    /// Ends the run if nothing is left to do.
    pub(super) fn conclude(&mut self, turn: &mut Turn<'_>) {
        let waits = self.steps.iter().any(|slot| slot.retry_at.is_some()) || !self.opened.is_empty();
        if !self.goes() || waits {
            return;
        }
        let cannot_start_more = || Ok::<_, std::convert::Infallible>(self.is_timed_out || self.progress.is_done());
        let verdict = verdict(self.board.tally(), self.dag().len(), Check::Running, cannot_start_more);
        let Ok(Some(run_status)) = verdict else { return };
        self.end_time = Some(turn.now);
        let mut overview = self.overview_now();
        let status = self.instance_status(run_status);
        overview.run_status = (status != run_status).then_some(run_status);
        self.overview = Some(Arc::new(overview));
        self.turn_into(status, turn);
        self.tell_of_end(turn);
    }

    /// What the instance as a whole came to.
    fn instance_status(&self, run_status: InstanceStatus) -> InstanceStatus {
        if run_status != InstanceStatus::Succeeded || self.seed.policy.is_fresh() {
            return run_status;
        }
        let Ok(aggregate) = self.aggregate(run_status) else { return run_status };
        let run = self.as_aggregated(run_status, None);
        aggregated_status(run, &aggregate.step_aggregated_views).unwrap_or(run_status)
    }

    /// The view over all runs up to this one.
    pub(super) fn aggregate(&self, status: InstanceStatus) -> Result<Aggregate, crate::graph::Error> {
        let states = self.states();
        let run = self.as_aggregated(status, Some(&states));
        Aggregate::of(run, self.seed.body.definition.steps.iter().map(|step| &step.id))
    }

    fn turn_into(&mut self, to: InstanceStatus, turn: &mut Turn<'_>) {
        let seed = Arc::clone(&self.seed);
        events::instance(&seed, self.status, to, turn);
        self.note_end(to, turn);
        self.status = to;
        self.unsaved.run = true;
        self.unsaved.report = true;
    }

    /// Tells the queue that there is room; the parent hears of it when the rows are saved.
    pub(super) fn tell_of_end(&mut self, turn: &mut Turn<'_>) {
        self.unsaved.report = true;
        if !self.seed.initiator.is_loop() {
            let key = self.seed.key.clone();
            let note = Note::RunEnded { run: key.clone(), status: self.status };
            turn.send(Address::Workflow(key.workflow), note);
        }
    }

    /// Whether this run does a part of an earlier one again.
    pub(super) fn is_partial(&self) -> bool {
        !self.seed.policy.is_fresh() && self.seed.policy != Policy::RestartFromBeginning
    }
}
