//! A step that runs its body once for each combination of its loop params.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::{
    Failure,
    attempt::Nested,
    body::{Body, Iteration},
    flow::{Action, Aim, Flow},
    nested::FOREACH,
};
use crate::{
    definition::{CONCURRENCY, FailureMode, Kind, StepType},
    id::{self, InstanceId, RunId, RunKey, WorkflowId},
    iteration::{Ordering, Overview, Product, Tracker},
    life::{Address, Note, RunSeed, Turn, note, read::LatestRun},
    param::{Name, Value},
    restart::{Config, Launch, Policy},
    status::{InstanceStatus, Rollup, StepStatus, action},
    user::User,
    wire::artifact::{self, Artifact},
};

/// The iterations of a foreach as its step follows them.
#[derive(Clone, Debug)]
pub(super) struct Foreach {
    pub body_id: WorkflowId,
    pub total: i64,
    pub(super) identity: String,
    pub(super) run: RunId,
    pub(super) policy: Policy,
    pub(super) own_run: RunId,
    /// How many iterations the runs before had launched; `None` for a fresh one.
    pub(super) ancestors: Option<i64>,
    /// Zero-based index of the next iteration.
    pub(super) next: i64,
    pub(super) tracker: Tracker,
    /// Runs of iterations that have another run number than the loop: those that were restarted by themselves.
    pub(super) runs: IndexMap<i64, RunId>,
    /// Iterations that are launched as soon as it is known what their last run left.
    pub(super) awaited: Vec<i64>,
    /// An iteration that a person restarts while the loop runs, and how.
    pub(super) pending: Option<(i64, Arc<Config>)>,
    pub(super) is_failing: bool,
    /// Whether it came back from its row, which is written later than iterations are launched: the next ones may exist already.
    pub(super) is_recovered: bool,
    /// Made when it is first needed after a recovery.
    pub(super) work: Option<Box<Work>>,
}

#[derive(Clone, Debug)]
pub(super) struct Work {
    body: Body,
    product: Product,
}

impl Foreach {
    pub(super) fn rollup(&self) -> Option<Arc<Rollup>> {
        let overview = self.tracker.overview();
        (overview.checkpoint > 0 && self.next > 0).then(|| Arc::new(overview.overall_rollup()))
    }

    pub(super) fn live(&self) -> Vec<RunKey> {
        self.tracker.running().map(|(iteration, _)| self.run_of(iteration)).collect()
    }

    pub(super) fn run_of(&self, iteration: i64) -> RunKey {
        let run = self.runs.get(&iteration).copied().unwrap_or(self.run);
        RunKey { workflow: self.body_id.clone(), instance: InstanceId(iteration), run }
    }

    pub(super) fn update(&mut self, progress: &note::Progress) {
        let iteration = progress.child.instance.0;
        if self.run_of(iteration) != progress.child {
            return;
        }
        let rollup = progress.overview.as_ref().and_then(|overview| overview.rollup_overview.clone());
        self.tracker.update(iteration, progress.status, rollup.map(Arc::new).unwrap_or_default());
        if progress.status.is_terminal() {
            self.runs.shift_remove(&iteration);
        }
    }

    pub(super) fn artifact(&self) -> Json {
        let artifact = artifact::Foreach {
            foreach_workflow_id: self.body_id.clone(),
            foreach_identity: self.identity.clone(),
            foreach_run_id: self.run,
            run_policy: self.policy,
            run_id: self.own_run,
            ancestor_iteration_count: self.ancestors,
            total_loop_count: self.total,
            next_loop_index: self.next,
            foreach_overview: self.tracker.overview().clone(),
        };
        Artifact::Foreach(artifact).to_json()
    }

    pub(super) fn own(&self) -> Json {
        let runs = self.runs.iter().map(|(iteration, run)| (iteration.to_string(), Json::from(run.0)));
        let mut own =
            json!({ "kind": FOREACH, "is_failing": self.is_failing, "runs": runs.collect::<serde_json::Map<_, _>>() });
        let unheard: Vec<i64> = self.tracker.unheard().collect();
        if !unheard.is_empty() {
            own["launched"] = unheard.into();
        }
        if let Some((iteration, config)) = &self.pending {
            own["pending"] = json!({ "iteration": iteration, "config": config.to_json() });
        }
        own
    }

    pub(super) fn from_row(artifact: &Json, own: &Json) -> Self {
        let number = |field: &str| artifact[field].as_i64().unwrap_or_default();
        let overview: Overview = serde_json::from_value(artifact["foreach_overview"].clone()).unwrap_or_default();
        let open =
            overview.details.as_ref().map(|details| details.all(|status| !status.is_terminal())).unwrap_or_default();
        let mut tracker = Tracker::of(overview);
        for iteration in open.ids() {
            tracker.update(iteration, InstanceStatus::Created, Arc::default());
        }
        for iteration in own["launched"].as_array().into_iter().flatten().filter_map(Json::as_i64) {
            tracker.launch(iteration);
        }
        let pending = own.get("pending").and_then(|pending| {
            let config = Config::from_json(&pending["config"]).ok()?;
            Some((pending["iteration"].as_i64()?, Arc::new(config)))
        });
        let runs = own["runs"].as_object().into_iter().flatten();
        Self {
            body_id: WorkflowId::from(artifact["foreach_workflow_id"].as_str().unwrap_or_default()),
            total: number("total_loop_count"),
            identity: artifact["foreach_identity"].as_str().unwrap_or_default().to_owned(),
            run: RunId(number("foreach_run_id")),
            policy: serde_json::from_value(artifact["run_policy"].clone()).unwrap_or(Policy::StartFreshNewRun),
            own_run: RunId(number("run_id")),
            ancestors: artifact["ancestor_iteration_count"].as_i64(),
            next: number("next_loop_index"),
            tracker,
            runs: runs.filter_map(|(id, run)| Some((id.parse().ok()?, RunId(run.as_i64()?)))).collect(),
            awaited: Vec::new(),
            pending,
            is_failing: own["is_failing"] == true,
            is_recovered: true,
            work: None,
        }
    }
}

impl Flow {
    /// Counts the iterations and launches the first.
    pub(super) fn start_foreach(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.new_foreach(at, turn) {
            Ok(foreach) => {
                let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
                attempt.nested = Nested::Foreach(Box::new(foreach));
                self.changed(at);
                self.look_at_foreach(at, turn);
            }
            Err(failure) => self.fail_loop(at, "Failed to execute foreach step runtime with an error", &failure, turn),
        }
    }

    /// Ends a loop step that cannot go on.
    pub(super) fn fail_loop(&mut self, at: usize, message: &str, failure: &Failure, turn: &mut Turn<'_>) {
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            attempt.timeline.add(crate::timeline::Event::internal_error(turn.now, message, failure.lines()));
        }
        self.end_as(at, StepStatus::FatallyFailed, turn);
    }

    fn new_foreach(&self, at: usize, turn: &mut Turn<'_>) -> Result<Foreach, Failure> {
        let product = self.loop_product(at)?;
        let key = self.attempt_key(at);
        let total = turn.surroundings.decisions().iterations(&key, product.len());
        let most = turn.surroundings.settings().foreach_iterations_max;
        if total > most {
            return Err(Failure::text(format!(
                "Foreach step cannot have more than {most} iterations but its loop params give {total}"
            )));
        }
        let body_id = self.body_id(at, StepType::Foreach)?;
        let run = self.loop_run(at, FOREACH, "foreach_run_id");
        let (tracker, ancestors) = self.kept_iterations(at, &body_id);
        let named = self.named_iteration(at, &body_id);
        let pending = named.zip(self.restart_here(at));
        let body = self.loop_body(at, body_id.clone(), turn)?;
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        // Behind those that are kept, so that one of them that runs again by itself is not launched as well.
        let next = (0..total).find(|kept| !tracker.has_ended(kept + 1)).unwrap_or(total);
        Ok(Foreach {
            body_id,
            total,
            identity: self.identity(at),
            run,
            policy: self.seed.policy,
            own_run: self.key().run,
            ancestors,
            next,
            tracker,
            runs: IndexMap::new(),
            awaited: Vec::new(),
            pending,
            is_failing: false,
            is_recovered: false,
            work: Some(Box::new(Work { body, product })),
        })
    }

    fn loop_product(&self, at: usize) -> Result<Product, Failure> {
        let value = self.attempt(at).and_then(|attempt| attempt.params.get("loop_params")?.value().cloned());
        let params: IndexMap<Name, Value> = match value {
            Some(Value::Map(params)) => (*params).clone(),
            _ => IndexMap::new(),
        };
        Product::of(params).map_err(|error| Failure::text(error.to_string()))
    }

    /// The number of this loop's run: one more than the last.
    pub(super) fn loop_run(&self, at: usize, name: &str, field: &str) -> RunId {
        let before = self.earlier_artifact(at, name).and_then(|artifact| artifact[field].as_i64());
        RunId(before.unwrap_or(0) + 1)
    }

    /// Launches what may be launched, and ends the step when nothing is left.
    pub(super) fn look_at_foreach(&mut self, at: usize, turn: &mut Turn<'_>) {
        if self.attempt(at).is_none_or(|attempt| attempt.ending.is_some() || attempt.status != StepStatus::Running) {
            return;
        }
        if self.has_failing_iteration(at, turn) && self.fails_immediately(at, turn) {
            return;
        }
        let launched = self.launch_pending(at, turn).and_then(|()| self.launch_awaited(at, turn));
        if let Err(failure) = launched.and_then(|()| self.launch_iterations(at, turn)) {
            return self.fail_loop(at, "Failed to execute foreach step runtime with an error", &failure, turn);
        }
        let Some(foreach) = self.foreach(at) else { return };
        let is_over = (foreach.is_failing || foreach.next >= foreach.total) && foreach.pending.is_none();
        if !is_over || foreach.tracker.running().len() > 0 {
            return;
        }
        match foreach.tracker.outcome() {
            InstanceStatus::Failed => self.end_as(at, StepStatus::FatallyFailed, turn),
            InstanceStatus::TimedOut => self.end_as(at, StepStatus::TimedOut, turn),
            InstanceStatus::Stopped => self.end_as(at, StepStatus::Stopped, turn),
            _ => self.done(at, turn),
        }
    }

    pub(super) fn foreach(&self, at: usize) -> Option<&Foreach> {
        match &self.attempt(at)?.nested {
            Nested::Foreach(foreach) => Some(foreach),
            _ => None,
        }
    }

    pub(super) fn foreach_mut(&mut self, at: usize) -> Option<&mut Foreach> {
        match &mut self.steps[at].attempt.as_deref_mut()?.nested {
            Nested::Foreach(foreach) => Some(foreach),
            _ => None,
        }
    }

    /// Notes that an iteration failed; nothing more is launched then.
    fn has_failing_iteration(&mut self, at: usize, turn: &Turn<'_>) -> bool {
        let Some(foreach) = self.foreach_mut(at) else { return false };
        let has_failed = foreach.tracker.outcome() == InstanceStatus::Failed;
        let is_news = has_failed && !std::mem::replace(&mut foreach.is_failing, has_failed);
        let is_first = is_news && self.steps[at].definition.failure_mode_or_default() != FailureMode::FailImmediately;
        if is_first && let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            let message = "Foreach step will be failed after all running steps because of a step failure.";
            attempt.timeline.warn(turn.now, message);
        }
        has_failed
    }

    /// Kills what still runs, if that is the step's failure mode; tells whether it did.
    fn fails_immediately(&mut self, at: usize, turn: &mut Turn<'_>) -> bool {
        let is_mode = self.steps[at].definition.failure_mode_or_default() == FailureMode::FailImmediately;
        let runs = self.foreach(at).is_some_and(|foreach| foreach.tracker.running().len() > 0);
        if let Some(foreach) = self.foreach_mut(at).filter(|_| is_mode) {
            // No iteration is left to launch.
            foreach.next = foreach.total;
        }
        if is_mode && runs {
            let action = Action {
                kind: action::Step::Kill,
                user: User::named("MAESTRO_TASK"),
                reason: "Foreach step is failed immediately because of a step failure.".to_owned(),
                aim: Aim::Step,
            };
            self.terminate(at, &action, turn);
        }
        is_mode && runs
    }

    fn concurrency(&self, at: usize) -> (i64, Ordering) {
        let Kind::Foreach { concurrency, strict_ordering, .. } = &self.steps[at].definition.kind else {
            return (0, Ordering::Free);
        };
        let body = &self.seed.body;
        let around = match (body.definition.instance_step_concurrency, body.properties.step_concurrency) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other).unwrap_or(CONCURRENCY),
        };
        let limit = concurrency.map_or(around, |own| own.min(around));
        (limit, if *strict_ordering == Some(true) { Ordering::Strict } else { Ordering::Free })
    }

    fn launch_iterations(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let (limit, ordering) = self.concurrency(at);
        loop {
            let Some(foreach) = self.foreach(at) else { return Ok(()) };
            let slots = foreach.tracker.slots(limit, ordering);
            if foreach.is_failing || slots == 0 || foreach.next >= foreach.total {
                return Ok(());
            }
            let iteration = foreach.next + 1;
            if foreach.tracker.has_ended(iteration) {
                if let Some(foreach) = self.foreach_mut(at) {
                    foreach.next = iteration;
                }
                continue;
            }
            self.launch_iteration(at, iteration, turn)?;
        }
    }

    fn launch_iteration(&mut self, at: usize, iteration: i64, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let Some(foreach) = self.foreach_mut(at) else { return Ok(()) };
        foreach.tracker.launch(iteration);
        foreach.next = foreach.next.max(iteration);
        let is_again = foreach.ancestors.is_some_and(|ancestors| iteration <= ancestors);
        if is_again {
            foreach.awaited.push(iteration);
        }
        let may_exist = foreach.is_recovered;
        self.progressed(at);
        if is_again {
            return self.launch_awaited(at, turn);
        }
        let seed = Arc::new(self.fresh_iteration(at, iteration, turn)?);
        let to = Address::Run(seed.key.clone());
        turn.send(to, if may_exist { Note::Begin(seed) } else { Note::Create(seed) });
        Ok(())
    }

    /// The seed of an iteration that never ran.
    pub(super) fn fresh_iteration(
        &mut self,
        at: usize,
        iteration: i64,
        turn: &mut Turn<'_>,
    ) -> Result<RunSeed, Failure> {
        self.ready_foreach(at, turn)?;
        let policy = if self.seed.policy.is_fresh() { self.seed.policy } else { Policy::RestartFromBeginning };
        let run = self.foreach(at).map(|foreach| foreach.run).unwrap_or_default();
        self.seed_of(at, iteration, run, Launch::of(policy), None, turn)
    }

    /// The seed of one iteration; what the loop works with is ready.
    pub(super) fn seed_of(
        &self,
        at: usize,
        iteration: i64,
        run: RunId,
        launch: Launch,
        before: Option<Box<LatestRun>>,
        turn: &mut Turn<'_>,
    ) -> Result<RunSeed, Failure> {
        let gone = || Failure::text("the loop is gone");
        let foreach = self.foreach(at).ok_or_else(gone)?;
        let work = foreach.work.as_deref().ok_or_else(gone)?;
        let index = iteration - 1;
        let row = usize::try_from(index).ok().and_then(|index| work.product.at(index)).unwrap_or_default();
        let mut params: IndexMap<Name, Value> = IndexMap::from([("loop_index".into(), Value::Long(index))]);
        params.extend(row);
        let one = Iteration {
            id: InstanceId(iteration),
            run,
            uuid: id::foreach_request(&foreach.body_id, run, index).to_string().into(),
            launch,
            params,
            before,
        };
        self.iteration_seed(at, &work.body, one, turn)
    }

    /// Makes again what is not stored.
    pub(super) fn ready_foreach(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), Failure> {
        let Some(foreach) = self.foreach(at).filter(|foreach| foreach.work.is_none()) else { return Ok(()) };
        let body_id = foreach.body_id.clone();
        let product = self.loop_product(at)?;
        let body = self.loop_body(at, body_id, turn)?;
        if let Some(foreach) = self.foreach_mut(at) {
            foreach.work = Some(Box::new(Work { body, product }));
        }
        Ok(())
    }

    /// Begins every running iteration again: those that exist answer how they are.
    pub(super) fn recover_foreach(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(foreach) = self.foreach(at) else { return };
        for (iteration, run) in foreach.live().into_iter().map(|run| (run.instance.0, run)).collect::<Vec<_>>() {
            match self.fresh_iteration(at, iteration, turn) {
                Ok(seed) if seed.key == run => turn.send(Address::Run(run), Note::Begin(Arc::new(seed))),
                Ok(_) => turn.send(Address::Run(run), Note::Report),
                Err(failure) => {
                    return self.fail_loop(at, "Failed to execute foreach step runtime with an error", &failure, turn);
                }
            }
        }
        self.look_at_foreach(at, turn);
    }
}
