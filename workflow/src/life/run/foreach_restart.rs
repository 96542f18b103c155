//! Iterations that run again: those that a restarted loop does not keep, and one that a person restarts while the loop runs.

use std::sync::Arc;

use super::{
    Failure,
    body::Earlier,
    flow::Flow,
    foreach::Foreach,
    nested::{FOREACH, rollup_of_artifacts},
};
use crate::{
    definition::FailureMode,
    id::{RunId, RunKey, WorkflowId},
    iteration::{Keep, Overview, Tracker},
    life::{Address, Note, RunSeed, Turn, read::LatestRun},
    port::{Reason, Refusal},
    restart::{Config, Nesting, Policy},
    status::Rollup,
};

impl Flow {
    /// What a restarted loop keeps of its last run, and how many iterations that had launched.
    pub(super) fn kept_iterations(&self, at: usize, body: &WorkflowId) -> (Tracker, Option<i64>) {
        let Some(artifact) = self.earlier_artifact(at, FOREACH) else { return (Tracker::default(), None) };
        let before: Option<Overview> = serde_json::from_value(artifact["foreach_overview"].clone()).ok();
        let mut overview = Overview::default();
        let keep = if self.named_iteration(at, body).is_some() { Keep::Ended } else { Keep::Succeeded };
        let ancestors = overview.keep(before.as_ref(), keep);
        if self.seed.policy == Policy::RestartFromBeginning {
            return (Tracker::default(), Some(ancestors));
        }
        // What will run again is taken out when it is launched.
        overview.rollup = before.and_then(|before| before.rollup);
        (Tracker::of(overview), Some(ancestors))
    }

    /// Launches the iterations again of whose last runs it is known what they left.
    pub(super) fn launch_awaited(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let awaited = self.foreach(at).map(|foreach| foreach.awaited.clone()).unwrap_or_default();
        for iteration in awaited {
            let Some(foreach) = self.foreach(at) else { return Ok(()) };
            let instance = foreach.run_of(iteration).instance_key();
            let before = match self.earlier_iteration(at, instance, turn) {
                Earlier::Awaited => continue,
                Earlier::Nothing => None,
                Earlier::Run(before) => Some(before),
            };
            if let Some(foreach) = self.foreach_mut(at) {
                foreach.awaited.retain(|awaited| *awaited != iteration);
            }
            let seed = match before {
                None => self.fresh_iteration(at, iteration, turn)?,
                Some(before) => self.restarted_iteration(at, iteration, before, turn)?,
            };
            turn.send(Address::Run(seed.key.clone()), Note::Begin(Arc::new(seed)));
        }
        Ok(())
    }

    fn restarted_iteration(
        &mut self,
        at: usize,
        iteration: i64,
        before: Box<LatestRun>,
        turn: &mut Turn<'_>,
    ) -> Result<RunSeed, Failure> {
        self.ready_foreach(at, turn)?;
        let launch = self.iteration_launch(at, Nesting::Foreach, &before.seed.key)?;
        let foreach = self.foreach_mut(at).ok_or_else(|| Failure::text("the loop is gone"))?;
        foreach.tracker.forget(&rollup_of(&before));
        let run = RunId(foreach.run.0.max(before.seed.key.run.0 + 1));
        if run != foreach.run {
            foreach.runs.insert(iteration, run);
        }
        self.seed_of(at, iteration, run, launch, Some(before), turn)
    }

    /// Restarts one iteration that has ended while the loop runs; `None` when the restart is not about an iteration of this loop.
    pub(super) fn restart_iteration(
        &mut self,
        at: usize,
        config: &Config,
        turn: &mut Turn<'_>,
    ) -> Option<Result<(), Refusal>> {
        let next = config.next()?.instance.clone();
        let mode = self.steps[at].definition.failure_mode_or_default();
        let foreach = self.foreach_mut(at).filter(|foreach| foreach.body_id == next.workflow)?;
        let iteration = next.instance.0;
        if let Some((reason, why)) = refusal(foreach, iteration, mode) {
            let identity = self.step_identity(at);
            let message = format!(
                "The foreach iteration [{iteration}] is not ready to be restarted for foreach step {identity}: {why}"
            );
            return Some(Err(Refusal::new(reason, message)));
        }
        foreach.pending = Some((iteration, Arc::new(config.clone())));
        self.changed(at);
        self.look_at_foreach(at, turn);
        Some(Ok(()))
    }

    /// Launches the iteration that a person restarts, once it is known what its last run left.
    pub(super) fn launch_pending(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let Some(foreach) = self.foreach(at) else { return Ok(()) };
        let Some((iteration, config)) = foreach.pending.clone() else { return Ok(()) };
        let instance = foreach.run_of(iteration).instance_key();
        let before = match self.earlier_iteration(at, instance, turn) {
            Earlier::Awaited => return Ok(()),
            Earlier::Nothing => None,
            Earlier::Run(before) => Some(before),
        };
        let step = self.step_id(at).clone();
        let foreach = self.foreach_mut(at).ok_or_else(|| Failure::text("the loop is gone"))?;
        foreach.pending = None;
        let Some(before) = before else { return Ok(()) };
        let text = |error: &dyn std::fmt::Display| Failure::text(error.to_string());
        let rollup = rollup_of(&before);
        // A rollup that has drifted does not contain the iteration's leaf steps; then only the iteration is taken out.
        if foreach.tracker.restart(iteration, before.status, Some(&rollup)).is_err() {
            foreach.tracker.restart(iteration, before.status, None).map_err(|error| text(&error))?;
        }
        let run = RunId(foreach.run.0.max(before.seed.key.run.0) + 1);
        foreach.runs.insert(iteration, run);
        foreach.is_failing = false;
        let launch = (*config).clone().down(&step, Nesting::Foreach, &before.seed.key).map_err(|error| text(&error))?;
        self.ready_foreach(at, turn)?;
        let seed = self.seed_of(at, iteration, run, launch, Some(before), turn)?;
        self.changed(at);
        turn.send(Address::Run(seed.key.clone()), Note::Begin(Arc::new(seed)));
        self.answer_restarted(at, turn);
        Ok(())
    }
}

/// Why an iteration of a running loop cannot be restarted.
fn refusal(foreach: &Foreach, iteration: i64, mode: FailureMode) -> Option<(Reason, &'static str)> {
    if mode == FailureMode::FailImmediately {
        Some((Reason::BadRequest, "its failure mode is FAIL_IMMEDIATELY"))
    } else if foreach.pending.is_some() {
        Some((Reason::Conflict, "another one is being restarted"))
    } else if iteration > foreach.next || !foreach.tracker.has_ended(iteration) {
        Some((Reason::Conflict, "it has not ended"))
    } else {
        None
    }
}

/// The leaf steps that a run told of when it ended.
fn rollup_of(run: &LatestRun) -> Rollup {
    let key = &run.seed.key;
    let mut sum = Rollup::default();
    for (step, previous) in &run.baseline.steps {
        let own = || {
            let run = RunKey { run: previous.run, ..key.clone() };
            Rollup::leaf(&run, step, previous.attempt, previous.status)
        };
        sum.add(&rollup_of_artifacts(&previous.artifacts).unwrap_or_else(own));
    }
    sum
}
