//! What a run tells of itself: its overview, its steps over all runs, and news for the run around it.

use std::sync::Arc;

use indexmap::IndexMap;

use super::flow::{Flow, LeafStop};
use crate::{
    definition::StepType,
    id::{AttemptKey, StepId},
    life::{Address, Effect, Initiator, Note, Task, Turn, Wake, note::Progress},
    param::Value,
    status::{InstanceStatus, Overview, Rollup, Run, StepState, nested_steps_of_earlier_runs, rollups_of_earlier_runs},
    time::Millis,
    timeline::Event,
};

/// How old the overview of a run may be whose steps go on without ending.
const REFRESH: Millis = Millis::from_secs(3);

impl Flow {
    /// Where the steps stand now.
    pub(super) fn overview_now(&self) -> Overview {
        self.board.overview(self.dag(), self.key(), self.base.as_ref())
    }

    /// Writes down where the steps stand, while the run goes.
    pub(super) fn refresh_overview(&mut self) {
        if std::mem::take(&mut self.unsaved.overview) && self.goes() {
            self.is_overview_stale = false;
            self.overview = Some(Arc::new(self.overview_now()));
        }
    }

    /// Has the whole tree stopped if it has more leaf steps than are allowed; only its root looks.
    pub(super) fn check_leaf_limit(&mut self, turn: &mut Turn<'_>) {
        let max = turn.surroundings.settings().leaf_steps_max;
        let rollup = self.overview.as_deref().and_then(|overview| overview.rollup_overview.as_ref());
        let Some(count) = rollup.map(|rollup| rollup.total_leaf_count).filter(|count| *count > max) else { return };
        if self.leaf_stop != LeafStop::No || !self.goes() || self.seed.initiator.parent().is_some() {
            return;
        }
        self.leaf_stop = LeafStop::Due;
        let message = format!(
            "Workflow instance {} has [{count}] leaf steps, more than the limit [{max}]: it is stopped.",
            self.reference()
        );
        self.timeline.add(Event::internal_error(turn.now, message, Vec::new()));
        turn.effects.push(Effect::Continue(Task::Decide));
    }

    /// Has the overview written in a while if steps only went on: the end of a step is written down at once.
    pub(super) fn refresh_overview_later(&mut self, turn: &mut Turn<'_>) {
        if self.goes() && self.is_overview_stale && !self.unsaved.overview && !self.will_refresh {
            self.will_refresh = true;
            turn.wake_at(turn.now + REFRESH, Wake::Other(0));
        }
    }

    /// Writes the overview now.
    pub(super) fn refresh_due(&mut self) {
        self.will_refresh = false;
        let is_due = self.goes() && self.is_overview_stale;
        self.unsaved.overview |= is_due;
        self.unsaved.run |= is_due;
        if is_due {
            self.save_loops();
        }
    }

    /// The states of the steps that exist.
    pub(super) fn states(&self) -> IndexMap<StepId, StepState> {
        let states = (0..self.steps.len()).filter_map(|at| Some((self.step_id(at).clone(), self.attempt(at)?.state())));
        states.collect()
    }

    /// The run as far as its instance's status depends on it.
    pub(super) fn as_aggregated<'a>(
        &'a self,
        status: InstanceStatus,
        states: Option<&'a IndexMap<StepId, StepState>>,
    ) -> Run<'a> {
        Run {
            key: self.key(),
            status,
            policy: self.seed.policy,
            restarted: self.seed.restarted_step(),
            dag: self.dag(),
            states,
            baseline: self.seed.baseline.as_deref().map(|baseline| &baseline.aggregate),
        }
    }

    /// Leaf steps of earlier runs that this one does not do again.
    pub(super) fn rollup_of_earlier_runs(&self) -> Option<Rollup> {
        let baseline = self.seed.baseline.as_ref().filter(|_| self.is_partial())?;
        let steps = &self.seed.body.definition.steps;
        let nested = nested_steps_of_earlier_runs(steps, &baseline.aggregate, self.dag());
        let instance = self.key().instance_key();
        let plain =
            rollups_of_earlier_runs(&instance, &baseline.aggregate, self.dag(), |step| nested.contains_key(step));
        let mut sum: Rollup = plain.iter().collect();
        for step in nested.keys() {
            let artifacts = baseline.steps.get(step).map(|previous| &previous.artifacts);
            if let Some(rollup) = artifacts.and_then(super::nested::rollup_of_artifacts) {
                sum.add(&rollup);
            } else if let Some(previous) = baseline.steps.get(step) {
                let run = crate::id::RunKey { run: previous.run, ..self.key().clone() };
                sum.add(&Rollup::leaf(&run, step, previous.attempt, previous.status));
            }
        }
        Some(sum)
    }

    /// Tells the run around this one how it is, if that changed or if it was asked for.
    pub(super) fn tell_parent(&mut self, turn: &mut Turn<'_>) {
        let is_asked = std::mem::take(&mut self.unsaved.report);
        let Some(parent) = self.seed.initiator.parent().filter(|parent| parent.sync != Some(false)) else { return };
        let is_news = match (&self.overview, &self.told) {
            (Some(now), Some(told)) => !now.says_the_same_as(told),
            (now, told) => now.is_some() != told.is_some(),
        };
        if !is_asked && !is_news {
            return;
        }
        self.told.clone_from(&self.overview);
        let attempt = AttemptKey { run: parent.run.clone(), step: parent.step.clone(), attempt: parent.attempt };
        let to = Address::Run(parent.run.clone());
        let progress = Progress {
            parent: attempt,
            child: self.key().clone(),
            status: self.status,
            overview: self.overview.clone(),
            values: self.values_for_loop(),
        };
        turn.send(to, Note::Progress(Box::new(progress)));
    }

    /// Values of step params that are named like params of the run: what loop variables of a `while` change by.
    fn values_for_loop(&self) -> Vec<(Arc<str>, Value)> {
        let is_while = matches!(self.seed.initiator, Initiator::Parent { kind: StepType::While, .. });
        let Some(names) = self.seed.run_params.as_ref().filter(|_| is_while && !self.is_alive()) else {
            return Vec::new();
        };
        let mut attempts: Vec<_> = (0..self.steps.len()).filter_map(|at| self.attempt(at)).collect();
        attempts.sort_by_key(|attempt| attempt.sequence);
        let params = attempts.into_iter().flat_map(|attempt| &attempt.params);
        let named = params.filter(|(name, _)| names.contains_key(*name));
        named.filter_map(|(name, param)| Some((Arc::clone(name), param.value()?.clone()))).collect()
    }
}
