//! A step that runs its body again while a condition holds.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::{
    Failure,
    attempt::Nested,
    body::{Body, Earlier, Iteration},
    flow::Flow,
    nested::WHILE,
    values,
};
use crate::{
    definition::{Kind, StepType},
    id::{self, InstanceId, RunId, RunKey, WorkflowId},
    life::{Address, Note, RunSeed, Turn, note},
    param::{Name, Param, Params, Value, stored},
    restart::{Launch, Nesting, Policy},
    status::{InstanceStatus, Overview, Rollup, StepStatus},
    wire::artifact::{self, Artifact},
};

/// What the step's timeline says when it cannot go on.
const CANNOT: &str = "Failed to execute while step runtime with an error";

/// What follows an iteration.
enum Next {
    /// Another one.
    Run(Box<RunSeed>),
    /// Another one, once it is known what its last run left.
    Awaited,
    /// The end.
    Over,
}

/// The iterations of a while as its step follows them.
#[derive(Clone, Debug)]
pub(super) struct While {
    body_id: WorkflowId,
    identity: String,
    run: RunId,
    policy: Policy,
    own_run: RunId,
    first: i64,
    last: i64,
    last_status: Option<InstanceStatus>,
    last_overview: Option<Arc<Overview>>,
    /// Leaf steps of the iterations before the last.
    rollup: Rollup,
    /// Each loop variable: its first value, then that after each iteration that succeeded.
    variables: IndexMap<Name, Vec<Value>>,
    /// Whether the first iteration restarts what an earlier run of it left.
    restarts_first: bool,
    /// Made when it is first needed after a recovery.
    body: Option<Box<Body>>,
}

impl While {
    pub(super) fn rollup(&self) -> Option<Arc<Rollup>> {
        if self.last < self.first {
            return None;
        }
        let mut sum = self.rollup.clone();
        if let Some(last) = self.last_overview.as_ref().and_then(|overview| overview.rollup_overview.as_ref()) {
            sum.add(last);
        }
        Some(Arc::new(sum))
    }

    pub(super) fn live(&self) -> Vec<RunKey> {
        let is_live = self.last >= self.first && self.last_status.is_none_or(|status| !status.is_terminal());
        is_live.then(|| self.run_of(self.last)).into_iter().collect()
    }

    fn run_of(&self, iteration: i64) -> RunKey {
        RunKey { workflow: self.body_id.clone(), instance: InstanceId(iteration), run: self.run }
    }

    pub(super) fn update(&mut self, progress: &note::Progress) {
        let has_ended = self.last_status.is_some_and(InstanceStatus::is_terminal);
        if self.run_of(self.last) != progress.child || has_ended {
            return;
        }
        self.last_status = Some(progress.status);
        self.last_overview.clone_from(&progress.overview);
        if progress.status == InstanceStatus::Succeeded {
            for (name, values) in &mut self.variables {
                let latest = progress.values.iter().rev().find(|(changed, _)| changed == name);
                let next = latest.map(|(_, value)| value).or(values.last()).cloned().unwrap_or(Value::Null);
                values.push(next);
            }
        }
    }

    /// The current value of each loop variable.
    fn current(&self) -> impl Iterator<Item = (Name, Value)> {
        self.variables.iter().filter_map(|(name, values)| Some((Arc::clone(name), values.last()?.clone())))
    }

    pub(super) fn artifact(&self) -> Json {
        let artifact = artifact::While {
            loop_workflow_id: self.body_id.clone(),
            loop_identity: self.identity.clone(),
            loop_run_id: self.run,
            run_policy: self.policy,
            run_id: self.own_run,
            first_iteration: self.first,
            last_iteration: self.last,
            last_status: self.last_status,
            last_overview: self.last_overview.clone(),
            rollup: self.rollup.clone(),
            loop_param_values: self.variables.clone(),
        };
        Artifact::While(artifact).to_json()
    }

    pub(super) fn own(&self) -> Json {
        json!({ "kind": WHILE, "restarts_first": self.restarts_first })
    }

    pub(super) fn from_row(artifact: &Json, own: &Json) -> Self {
        let number = |field: &str| artifact[field].as_i64().unwrap_or_default();
        let variables = artifact["loop_param_values"].as_object().into_iter().flatten().map(|(name, values)| {
            let values = values.as_array().into_iter().flatten().map(stored::plain).collect();
            (Arc::from(name.as_str()), values)
        });
        let read = |json: &Json| serde_json::from_value(json.clone()).ok();
        Self {
            body_id: WorkflowId::from(artifact["loop_workflow_id"].as_str().unwrap_or_default()),
            identity: artifact["loop_identity"].as_str().unwrap_or_default().to_owned(),
            run: RunId(number("loop_run_id")),
            policy: serde_json::from_value(artifact["run_policy"].clone()).unwrap_or(Policy::StartFreshNewRun),
            own_run: RunId(number("run_id")),
            first: number("first_iteration"),
            last: number("last_iteration"),
            last_status: artifact.get("last_status").and_then(|json| serde_json::from_value(json.clone()).ok()),
            last_overview: artifact.get("last_overview").and_then(read).map(Arc::new),
            rollup: serde_json::from_value(artifact["rollup"].clone()).unwrap_or_default(),
            variables: variables.collect(),
            restarts_first: own["restarts_first"] == true,
            body: None,
        }
    }
}

impl Flow {
    /// Begins with the first values of the loop variables.
    pub(super) fn start_while(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.new_while(at) {
            Ok(repeat) => {
                let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
                attempt.nested = Nested::While(Box::new(repeat));
                self.changed(at);
                self.look_at_while(at, turn);
            }
            Err(failure) => self.fail_loop(at, CANNOT, &failure, turn),
        }
    }

    fn new_while(&self, at: usize) -> Result<While, Failure> {
        let value = self.attempt(at).and_then(|attempt| attempt.params.get("loop_params")?.value().cloned());
        let mut variables: IndexMap<Name, Vec<Value>> = match value {
            Some(Value::Map(params)) => {
                params.iter().map(|(name, value)| (Arc::clone(name), vec![value.clone()])).collect()
            }
            _ => IndexMap::new(),
        };
        let body_id = self.body_id(at, StepType::While)?;
        let before = self.earlier_artifact(at, WHILE).map(|artifact| While::from_row(&artifact, &Json::Null));
        let first = self.first_iteration(at, &body_id, before.as_ref())?;
        let mut rollup = Rollup::default();
        if let Some(before) = before.as_ref().filter(|_| first > 1) {
            // The values that the variables had when the first iteration began, and what the iterations before it came to.
            let known = usize::try_from(first).unwrap_or(usize::MAX);
            for (name, values) in &mut variables {
                if let Some(earlier) = before.variables.get(name) {
                    *values = earlier.iter().take(known).cloned().collect();
                }
            }
            rollup = before.rollup.clone();
        }
        Ok(While {
            body_id,
            identity: self.identity(at),
            run: self.loop_run(at, WHILE, "loop_run_id"),
            policy: self.seed.policy,
            own_run: self.key().run,
            first,
            last: first - 1,
            last_status: None,
            last_overview: None,
            rollup,
            variables,
            restarts_first: before.is_some_and(|before| before.last >= first),
            body: None,
        })
    }

    /// With which iteration a loop run begins (runtime.md §16.5).
    fn first_iteration(&self, at: usize, body: &WorkflowId, before: Option<&While>) -> Result<i64, Failure> {
        let Some(before) = before else { return Ok(1) };
        if let Some(named) = self.named_iteration(at, body) {
            if named > before.last {
                let last = before.last;
                return Err(Failure::text(format!("iteration [{named}] is beyond the last one [{last}]")));
            }
            return Ok(named.max(1));
        }
        let is_incomplete = self.seed.policy == Policy::RestartFromIncomplete;
        Ok(if is_incomplete { before.last.max(1) } else { 1 })
    }

    fn repeat(&self, at: usize) -> Option<&While> {
        match &self.attempt(at)?.nested {
            Nested::While(repeat) => Some(repeat),
            _ => None,
        }
    }

    fn repeat_mut(&mut self, at: usize) -> Option<&mut While> {
        match &mut self.steps[at].attempt.as_deref_mut()?.nested {
            Nested::While(repeat) => Some(repeat),
            _ => None,
        }
    }

    /// Goes on with the next iteration, or ends with the last.
    pub(super) fn look_at_while(&mut self, at: usize, turn: &mut Turn<'_>) {
        if self.attempt(at).is_none_or(|attempt| attempt.ending.is_some() || attempt.status != StepStatus::Running) {
            return;
        }
        let Some(repeat) = self.repeat(at) else { return };
        let waits_for_answer = repeat.last == repeat.first && repeat.restarts_first;
        if waits_for_answer && repeat.last_status == Some(InstanceStatus::Created) && self.has_found(at) {
            return self.launch_last(at, turn);
        }
        let (end, word) = match repeat.last_status.filter(|_| repeat.last >= repeat.first) {
            None if repeat.last < repeat.first => return self.next_iteration(at, turn),
            Some(InstanceStatus::Succeeded) => return self.next_iteration(at, turn),
            Some(InstanceStatus::Failed) => (StepStatus::FatallyFailed, "FATAL_ERROR"),
            Some(InstanceStatus::Stopped) => (StepStatus::Stopped, "STOPPED"),
            Some(InstanceStatus::TimedOut) => (StepStatus::TimedOut, "TIMED_OUT"),
            _ => return,
        };
        let RunKey { workflow, instance, run } = repeat.run_of(repeat.last);
        let status = repeat.last_status.map_or("", InstanceStatus::as_str);
        let message = format!(
            "While step is in [{word}] status because its loop instance [{workflow}][{instance}][{run}] is in [{status}] status"
        );
        self.log(at, turn, message);
        self.end_as(at, end, turn);
    }

    /// Whether an answer about an earlier iteration is at hand.
    fn has_found(&self, at: usize) -> bool {
        self.attempt(at).is_some_and(|attempt| !attempt.found.is_empty())
    }

    fn launch_last(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.while_iteration(at, turn) {
            Ok(Next::Run(seed)) => turn.send(Address::Run(seed.key.clone()), Note::Begin(Arc::new(*seed))),
            Ok(Next::Awaited | Next::Over) => {}
            Err(failure) => self.fail_loop(at, CANNOT, &failure, turn),
        }
    }

    fn next_iteration(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.try_next_iteration(at, turn) {
            Ok(Next::Run(seed)) => turn.send(Address::Run(seed.key.clone()), Note::Begin(Arc::new(*seed))),
            Ok(Next::Awaited) => {}
            Ok(Next::Over) => self.done(at, turn),
            Err(Failure::Param(crate::param::Error::Pending(lookup))) => {
                turn.effects.push(crate::life::Effect::Fetch(*lookup));
            }
            Err(failure) => self.fail_loop(at, CANNOT, &failure, turn),
        }
    }

    /// The next iteration's seed, or nothing when the condition no longer holds.
    fn try_next_iteration(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<Next, Failure> {
        let definition = Arc::clone(&self.steps[at].definition);
        let Kind::While { condition, .. } = &definition.kind else { return Ok(Next::Over) };
        let own = self.params_for_condition(at);
        let key = self.attempt_key(at);
        let Some(repeat) = self.repeat(at) else { return Ok(Next::Over) };
        let last = repeat.last;
        let holds = self.condition_holds(at, condition, &own, turn)?;
        let so_far = usize::try_from(last).unwrap_or(usize::MAX);
        let wanted = turn.surroundings.decisions().iterations(&key, so_far + usize::from(holds));
        if wanted <= so_far {
            self.log(at, turn, format!("while step is done at iteration [{last}] because its next condition is false"));
            return Ok(Next::Over);
        }
        let most = turn.surroundings.settings().foreach_iterations_max;
        if so_far >= most {
            return Err(Failure::text(format!("While step cannot have more than {most} iterations")));
        }
        if let Some(repeat) = self.repeat_mut(at) {
            if let Some(rollup) = repeat.last_overview.take().and_then(|overview| overview.rollup_overview.clone()) {
                repeat.rollup.add(&rollup);
            }
            repeat.last += 1;
            repeat.last_status = Some(InstanceStatus::Created);
        }
        self.changed(at);
        self.while_iteration(at, turn)
    }

    /// The step's params with the loop variables at their current values.
    fn params_for_condition(&self, at: usize) -> Params {
        let Some(attempt) = self.attempt(at) else { return Params::new() };
        let mut params = attempt.params.clone();
        let current: Vec<(Name, Value)> = self.repeat(at).map(|repeat| repeat.current().collect()).unwrap_or_default();
        let literal = |value| -> Arc<Param> { Arc::new(values::literal(value)) };
        params.extend(current.into_iter().map(|(name, value)| (name, literal(value))));
        params
    }

    /// The seed of the last iteration, as soon as it is known what it restarts.
    fn while_iteration(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<Next, Failure> {
        let gone = || Failure::text("the loop is gone");
        let repeat = self.repeat(at).ok_or_else(gone)?;
        if repeat.body.is_none() {
            let body = self.loop_body(at, repeat.body_id.clone(), turn)?;
            if let Some(repeat) = self.repeat_mut(at) {
                repeat.body = Some(Box::new(body));
            }
        }
        let repeat = self.repeat(at).ok_or_else(gone)?;
        let key = repeat.run_of(repeat.last);
        let mut launch = self.fresh_launch();
        let mut earlier = None;
        if repeat.restarts_first && repeat.last == repeat.first {
            match self.earlier_iteration(at, key.instance_key(), turn) {
                Earlier::Awaited => return Ok(Next::Awaited),
                Earlier::Run(before) if before.seed.key.run < key.run => {
                    launch = self.iteration_launch(at, Nesting::Other, &before.seed.key)?;
                    earlier = Some(before);
                }
                Earlier::Run(_) | Earlier::Nothing => {}
            }
        }
        let repeat = self.repeat(at).ok_or_else(gone)?;
        let body = repeat.body.as_deref().ok_or_else(gone)?;
        let id = InstanceId(repeat.last);
        let mut params: IndexMap<Name, Value> = IndexMap::from([("loop_index".into(), Value::Long(repeat.last - 1))]);
        params.extend(repeat.current());
        params.insert("condition".into(), Value::Boolean(true));
        let one = Iteration {
            id,
            run: repeat.run,
            uuid: id::while_request(&repeat.body_id, id, repeat.run).to_string().into(),
            launch,
            params,
            before: earlier,
        };
        Ok(Next::Run(Box::new(self.iteration_seed(at, body, one, turn)?)))
    }

    /// How an iteration that never ran is launched.
    fn fresh_launch(&self) -> Launch {
        Launch::of(if self.seed.policy.is_fresh() { self.seed.policy } else { Policy::RestartFromBeginning })
    }

    pub(super) fn recover_while(&mut self, at: usize, turn: &mut Turn<'_>) {
        let live = self.repeat(at).map(While::live).unwrap_or_default();
        for run in live {
            match self.while_iteration(at, turn) {
                Ok(Next::Run(seed)) => turn.send(Address::Run(run), Note::Begin(Arc::new(*seed))),
                Ok(Next::Awaited | Next::Over) => turn.send(Address::Run(run), Note::Report),
                Err(failure) => return self.fail_loop(at, CANNOT, &failure, turn),
            }
        }
        self.look_at_while(at, turn);
    }
}
