//! Runs of a loop's body: one seed an iteration, made from what all iterations share.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Failure, flow::Flow, subworkflow::tag, values};
use crate::{
    definition::{Step, StepType, Workflow},
    graph::{self, Scope},
    id::{InstanceId, InstanceKey, LoopBody, RunId, RunKey, WorkflowId, is_loop_body},
    life::{
        Effect, Initiator, RunSeed, Turn,
        read::LatestRun,
        seed::{Baseline, RunBody, Standing, Written},
    },
    param::{self, Definitions, Mode, Name, Params, Source, Value, layers},
    port::{Found, Lookup},
    restart::{Config, Launch, Nesting},
    time::Timestamp,
};

/// What the iterations of one loop run share.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub workflow: WorkflowId,
    base: Arc<RunBody>,
    initiator: Initiator,
    source: Source,
    tag: &'static str,
    /// Run params that are the same in each iteration.
    shared_definitions: Definitions,
    /// The params that they come to.
    shared: Params,
}

/// What is known of an iteration's runs so far.
pub(super) enum Earlier {
    /// It is being looked up.
    Awaited,
    /// It never ran.
    Nothing,
    /// Its latest run.
    Run(Box<LatestRun>),
}

/// What is different in one iteration.
pub(super) struct Iteration {
    pub id: InstanceId,
    pub run: RunId,
    pub uuid: Arc<str>,
    pub launch: Launch,
    /// Loop variables and the like, in order.
    pub params: IndexMap<Name, Value>,
    /// Its latest run, for one that is restarted.
    pub before: Option<Box<LatestRun>>,
}

impl Flow {
    /// The workflow id of a loop step's body.
    pub(super) fn body_id(&self, at: usize, step_type: StepType) -> Result<WorkflowId, Failure> {
        let seed = &self.seed;
        let outer = seed.initiator.ancestors().iter().rev().map(|ancestor| &ancestor.run);
        let outer = std::iter::once(&seed.key).chain(outer).find(|run| !is_loop_body(&run.workflow));
        let body = LoopBody {
            step_type,
            internal_id: seed.body.internal_id,
            outer_instance: outer.unwrap_or(&seed.key).instance,
            step: self.step_id(at),
            workflow: &seed.key.workflow,
            instance: seed.key.instance,
        };
        body.workflow_id().map_err(|error| Failure::text(error.to_string()))
    }

    /// `[workflow][instance][run][step][attempt][uuid]`.
    pub(super) fn identity(&self, at: usize) -> String {
        let key = self.attempt_key(at);
        let uuid = self.attempt(at).map(|attempt| Arc::clone(&attempt.uuid)).unwrap_or_default();
        let RunKey { workflow, instance, run } = &key.run;
        format!("[{workflow}][{instance}][{run}][{}][{}][{uuid}]", key.step, key.attempt)
    }

    /// Prepares what the iterations of a loop share.
    pub(super) fn loop_body(&self, at: usize, workflow: WorkflowId, turn: &mut Turn<'_>) -> Result<Body, Failure> {
        let step = Arc::clone(&self.steps[at].definition);
        let (source, tag_name) = match step.step_type() {
            StepType::While => (Source::While, "maestro_while"),
            _ => (Source::Foreach, "maestro_foreach"),
        };
        let initiator = self.initiator_below(at, step.step_type(), None, turn);
        let initiator = initiator.map_err(|error| Failure::text(error.to_string()))?;
        let definition = self.body_definition(at, &step, &workflow, tag_name);
        let dag = graph::translate(&workflow, &definition.steps, Scope::Whole);
        let dag = dag.map_err(|error| Failure::text(error.to_string()))?;
        let mut shared_definitions = self.inherited_params(at);
        shared_definitions.shift_remove("loop_params");
        let origin = layers::Origin { parent: Some(source), is_restart: false };
        let bundled = param::defaults::bundled_workflow();
        let merged = layers::workflow_first(bundled, None, Some(&shared_definitions), origin)?;
        let mut shared = layers::unevaluated(merged);
        self.evaluating(at, turn, |evaluator| evaluator.workflow_params(&mut shared))?;
        let body = RunBody {
            definition: Arc::new(definition),
            dag: Arc::new(dag),
            written: Written::default(),
            ..(*self.seed.body).clone()
        };
        let (base, tag) = (Arc::new(body), tag_name);
        Ok(Body { workflow, base, initiator, source, tag, shared_definitions, shared })
    }

    fn body_definition(&self, at: usize, step: &Step, workflow: &WorkflowId, tag_name: &str) -> Workflow {
        let identity = self.identity(at);
        let mut tags = step.tags.clone().unwrap_or_default();
        tags.retain(|known| &*known.name != tag_name);
        tags.push(tag(tag_name));
        Workflow {
            id: workflow.clone(),
            name: Some(identity.as_str().into()),
            description: Some(format!("Maestro inline workflow for step {identity}").into()),
            tags: Some(tags),
            timeout: None,
            time_triggers: None,
            signal_triggers: None,
            criticality: self.seed.body.definition.criticality,
            instance_step_concurrency: self.seed.body.definition.instance_step_concurrency,
            params: None,
            steps: step.body().to_vec(),
        }
    }

    /// The latest run of an iteration.
    pub(super) fn earlier_iteration(&mut self, at: usize, instance: InstanceKey, turn: &mut Turn<'_>) -> Earlier {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return Earlier::Awaited };
        let lookup = Lookup::LatestRun(instance);
        let Some(index) = attempt.found.iter().position(|(asked, _)| *asked == lookup) else {
            turn.effects.push(Effect::Fetch(lookup));
            return Earlier::Awaited;
        };
        match attempt.found.swap_remove(index).1 {
            Found::LatestRun(run) => Earlier::Run(run),
            _ => Earlier::Nothing,
        }
    }

    /// How an iteration is launched again.
    pub(super) fn iteration_launch(&self, at: usize, nesting: Nesting, run: &RunKey) -> Result<Launch, Failure> {
        let launch = self.launch_below(at, nesting, run).map_err(|error| Failure::text(error.to_string()))?;
        if launch.config.is_some() {
            return Ok(launch);
        }
        // Params for a step of the body reach every iteration that runs again.
        let config = self.restart_here(at);
        let body = self.steps[at].definition.body();
        let names_step = |config: &Arc<Config>| {
            let named = config.step_params.iter().flatten().map(|(step, _)| step);
            named.into_iter().any(|named| body.iter().any(|step| step.id == *named))
        };
        Ok(Launch { config: config.filter(names_step).map(|config| (*config).clone()), ..launch })
    }

    /// The restart that brought back a step, or else the one that made the run.
    pub(super) fn restart_here(&self, at: usize) -> Option<Arc<Config>> {
        self.attempt(at).and_then(|attempt| attempt.restart.clone()).or_else(|| self.seed.restart.clone())
    }

    /// The iteration of a loop step that a restart names.
    pub(super) fn named_iteration(&self, at: usize, body: &WorkflowId) -> Option<i64> {
        let config = self.restart_here(at)?;
        let is_here = config.path.last().is_some_and(|node| node.step.as_ref() == Some(self.step_id(at)));
        let next = config.next().filter(|next| is_here && next.instance.workflow == *body)?;
        Some(next.instance.instance.0)
    }

    /// The seed of one iteration.
    pub(super) fn iteration_seed(
        &self,
        at: usize,
        body: &Body,
        iteration: Iteration,
        turn: &mut Turn<'_>,
    ) -> Result<RunSeed, Failure> {
        let Iteration { id, run, uuid, launch, params: own, before } = iteration;
        let mut definitions = body.shared_definitions.clone();
        definitions.extend(
            own.iter()
                .map(|(name, value)| (Arc::clone(name), values::injected(value, Some(Mode::Mutable), body.source))),
        );
        let (params, baseline) = match before {
            None => (self.fresh_params(at, body, &own, turn)?, None),
            Some(before) => {
                let config = launch.config.as_ref();
                let params = self.restarted_params(at, body, &definitions, &before.seed.params, config, turn)?;
                (params, Some(Arc::new(before.baseline)))
            }
        };
        let body_of_run = match &baseline {
            None => Arc::clone(&body.base),
            Some(baseline) => Self::restarted_body(body, baseline, &launch)?,
        };
        Ok(RunSeed {
            key: RunKey { workflow: body.workflow.clone(), instance: id, run },
            uuid,
            body: body_of_run,
            policy: launch.policy,
            restart: launch.config.map(Arc::new),
            initiator: body.initiator.clone(),
            run_params: Some(Arc::new(definitions)),
            step_run_params: None,
            requested_correlation: None,
            runtime_tags: Some(vec![tag(body.tag)]),
            params: Arc::new(params),
            timeout: None,
            request_time: Timestamp(0),
            create_time: turn.now,
            baseline,
            standing: Standing::Queued,
        })
    }

    /// Shared params with the iteration's own on top.
    fn fresh_params(
        &self,
        at: usize,
        body: &Body,
        own: &IndexMap<Name, Value>,
        turn: &mut Turn<'_>,
    ) -> Result<Params, Failure> {
        let mut params = body.shared.clone();
        let own = own
            .iter()
            .map(|(name, value)| (Arc::clone(name), values::injected(value, Some(Mode::Mutable), body.source)));
        params.extend(layers::unevaluated(own.collect()));
        self.evaluating(at, turn, |evaluator| evaluator.workflow_params(&mut params))?;
        Ok(params)
    }

    fn restarted_params(
        &self,
        at: usize,
        body: &Body,
        run: &Definitions,
        previous: &Params,
        config: Option<&Config>,
        turn: &mut Turn<'_>,
    ) -> Result<Params, Failure> {
        let origin = layers::Origin { parent: Some(body.source), is_restart: true };
        let of_restart = config.filter(|config| config.is_at_target()).and_then(|config| config.params.as_ref());
        let mut params = layers::unevaluated(layers::workflow_restarted(previous, Some(run), of_restart, origin)?);
        self.evaluating(at, turn, |evaluator| evaluator.workflow_params(&mut params))?;
        Ok(params)
    }

    /// The body with only those steps that a restart runs again.
    fn restarted_body(body: &Body, baseline: &Baseline, launch: &Launch) -> Result<Arc<RunBody>, Failure> {
        let node = launch.config.as_ref().and_then(|config| config.path.last());
        let restarted = node.and_then(|node| node.step.as_ref());
        let views = baseline.aggregate.step_aggregated_views.iter().map(|(step, view)| (step, view.status));
        let part = graph::part_to_restart(&body.workflow, &body.base.definition.steps, launch.policy, views, restarted);
        let Some(dag) = part.map_err(|error| Failure::text(error.to_string()))? else {
            return Ok(Arc::clone(&body.base));
        };
        Ok(Arc::new(RunBody { dag: Arc::new(dag), written: Written::default(), ..(*body.base).clone() }))
    }
}
