//! A run comes back from its rows and asks again for everything that it waits for.

use serde_json::Value as Json;

use super::{attempt::Nested, flow::Flow, rows};
use crate::{
    definition::FailureMode,
    id::{AttemptId, AttemptKey, RunKey, StepId},
    life::{Bound, Effect, Order, RowKey, Rows, RunSeed, Scan, Table, Turn, Unreadable, Wake, row, seed_row::OWN},
    port::Lookup,
    status::StepStatus,
    time::Timestamp,
    timeline::Timeline,
};

/// Attempts of one run that are read back at most: 300 steps, each with every retry of every class and room for manual ones.
const ATTEMPTS_MAX: usize = 300 * 1000;

impl Flow {
    /// A run from its rows; `None` when there is no such run.
    pub(super) fn load(key: &RunKey, rows: &dyn Rows) -> Result<Option<Self>, Unreadable> {
        let seed_key = RowKey::seed(key);
        let Some(body) = rows.row(&seed_key)? else { return Ok(None) };
        let seed = RunSeed::from_row(&seed_key, &body)?;
        let mut flow = Self::new(std::sync::Arc::new(seed), Timestamp(0));
        let run_key = RowKey::run(key);
        let Some(body) = rows.row(&run_key)? else { return Ok(Some(flow)) };
        let json: Json = row::parse(&run_key, &body)?;
        flow.read(&json).ok_or_else(|| Unreadable(format!("row {run_key:?} is no run")))?;
        for (step, (_, json)) in rows::latest(stored_attempts(key, rows)?) {
            let Some(at) = flow.dag().position(&step) else { continue };
            let attempt = flow.read_attempt(at, &json);
            let attempt = attempt.ok_or_else(|| Unreadable(format!("an attempt of {step} in {key} is unreadable")))?;
            flow.put_back(at, attempt);
        }
        flow.unsaved = super::flow::Unsaved::default();
        // Attempts may have been saved after the overview, and most were not: then a run that comes back has nothing to write.
        let now = flow.overview_now();
        flow.is_overview_stale = !flow.overview.as_deref().is_some_and(|stored| stored.says_the_same_as(&now));
        Ok(Some(flow))
    }

    fn read(&mut self, json: &Json) -> Option<()> {
        let time = |name: &str| json[name].as_i64().map(Timestamp);
        self.status = serde_json::from_value(json["status"].clone()).ok()?;
        self.start_time = time("start_time");
        self.end_time = time("end_time");
        self.modify_time = time("modify_time")?;
        self.timeline = Timeline::from_json(json.get("timeline").unwrap_or(&Json::Null), Timestamp(0)).ok()?;
        let overview = json.get("runtime_overview").map(|json| serde_json::from_value(json.clone()));
        self.overview = overview.transpose().ok()?.map(std::sync::Arc::new);
        self.told.clone_from(&self.overview);
        self.sequence = json[OWN]["sequence"].as_i64()?;
        self.is_timed_out = json[OWN]["is_timed_out"] == true;
        self.stored_rest = json[OWN].get("rest").and_then(|rest| serde_json::from_value(rest.clone()).ok());
        self.base = self.rollup_of_earlier_runs();
        Some(())
    }

    /// Puts an attempt where it was, and notes what it means for the gates behind it.
    fn put_back(&mut self, at: usize, attempt: super::attempt::Attempt) {
        let status = attempt.status;
        let retry_at = attempt.retry.next_delay(status).zip(attempt.times.end()).map(|(delay, end)| end + delay);
        self.steps[at].retry_at = retry_at.filter(|_| self.is_alive());
        self.steps[at].attempt = Some(Box::new(attempt));
        let dag = std::sync::Arc::clone(&self.seed.body.dag);
        self.progress.reopen(&dag, at);
        if status.is_complete() {
            self.progress.complete(&dag, at);
        } else if status.is_terminal() && !status.is_retryable() {
            self.progress.fail(&dag, at);
        }
        self.changed(at);
    }

    /// Asks again for everything that the run waits for.
    pub(super) fn recover(&mut self, turn: &mut Turn<'_>) {
        if !self.is_alive() {
            self.tell_of_end(turn);
            return;
        }
        if !self.goes() {
            return;
        }
        self.arm_timeout(turn);
        let ready = |at: &usize| self.steps[*at].attempt.is_none() && self.progress.is_gate_open(*at);
        self.opened = (0..self.steps.len()).filter(ready).filter(|&at| !self.progress.is_placeholder(at)).collect();
        for at in 0..self.steps.len() {
            self.recover_step(at, turn);
        }
        self.unsaved.report = true;
        self.unsaved.overview |= self.is_overview_stale;
        self.unsaved.run |= self.is_overview_stale;
        self.will_decide = false;
        self.decide_soon(turn);
    }

    /// Asks others again, who have lost what they were told; the run's own work goes on.
    pub(super) fn ask_again(&mut self, turn: &mut Turn<'_>) {
        if !self.is_alive() {
            self.tell_of_end(turn);
            return;
        }
        if !self.goes() {
            return;
        }
        for at in 0..self.steps.len() {
            self.ask_again_for(at, turn);
        }
        self.unsaved.report = true;
    }

    fn ask_again_for(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        let (status, holds_permits) = (attempt.status, attempt.has_asked_permits);
        match status {
            StepStatus::Paused => self.tell_of_pause(at, turn),
            StepStatus::WaitingForSignals if self.has_pending_signals(at) => self.want_signals(at, turn),
            StepStatus::EvaluatingParams => self.go_on_evaluating(at, turn),
            StepStatus::WaitingForPermits if turn.surroundings.settings().has_permits => self.ask_for_permits(at, turn),
            StepStatus::Starting | StepStatus::Running | StepStatus::Finishing => {
                // The ledger must know who holds them.
                if holds_permits {
                    self.ask_for_permits(at, turn);
                }
                if status == StepStatus::Finishing {
                    self.announce_again(at, turn);
                } else if let Some(reported) = self.attempt(at).and_then(|attempt| attempt.reported.as_deref()) {
                    turn.effects.push(Effect::Fetch(Lookup::Output { job: reported.job.clone() }));
                } else {
                    self.recover_nested(at, turn);
                }
            }
            _ => {}
        }
    }

    fn recover_step(&mut self, at: usize, turn: &mut Turn<'_>) {
        if let Some(due) = self.steps[at].retry_at {
            turn.wake_at(due, Wake::Retry(self.step_id(at).clone()));
        }
        let Some(attempt) = self.attempt(at) else { return };
        self.arm_step_timeout(at, turn);
        let is_leaf = matches!(attempt.nested, Nested::Leaf);
        match attempt.status {
            StepStatus::Created | StepStatus::Initialized => self.step_soon(at, turn),
            StepStatus::WaitingForSignals if !self.has_pending_signals(at) => self.step_soon(at, turn),
            StepStatus::WaitingForPermits if !turn.surroundings.settings().has_permits => self.step_soon(at, turn),
            StepStatus::FatallyFailed if self.fails_everything(at) => self.stop_others(at, turn),
            StepStatus::Starting | StepStatus::Running if is_leaf => {
                self.ask_again_for(at, turn);
                self.recover_work(at, turn);
            }
            _ => self.ask_again_for(at, turn),
        }
    }

    fn fails_everything(&self, at: usize) -> bool {
        self.steps[at].definition.failure_mode_or_default() == FailureMode::FailImmediately
    }

    fn recover_work(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        if attempt.is_executing {
            self.execute(at, true, turn);
        } else if attempt.is_polling() {
            self.poll(at, turn);
        } else {
            self.sleep(at, turn);
        }
    }
}

/// Every attempt of a run, in key order.
pub(super) fn stored_attempts(key: &RunKey, rows: &dyn Rows) -> Result<Vec<(AttemptKey, Json)>, Unreadable> {
    let one = |(row_key, body): (RowKey, crate::life::Body)| {
        let attempt =
            AttemptKey { run: key.clone(), step: StepId::from(&*row_key.part), attempt: AttemptId(row_key.third) };
        Ok((attempt, row::parse::<Json>(&row_key, &body)?))
    };
    rows.scan(&attempts_of(key))?.into_iter().map(one).collect()
}

fn attempts_of(key: &RunKey) -> Scan {
    let from = RowKey { table: Table::Attempt, ..RowKey::run(key) };
    let to = RowKey { second: key.run.0.saturating_add(1), ..from.clone() };
    let (from, to) = (Bound::Included(from), Bound::Excluded(to));
    Scan { table: Table::Attempt, from, to, order: Order::Ascending, limit: ATTEMPTS_MAX }
}
