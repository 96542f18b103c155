//! What params and conditions of a run may see, and their evaluation.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Failure, attempt::Nested, create::truth, flow::Flow};
use crate::{
    definition::{Kind, Parsable, Step, StepType, template},
    duration,
    life::{Initiator, Turn, seed::PreviousNested},
    param::{
        self, Cache, Context, Definition, Definitions, Evaluator, Param, Params, Source, StepLevel, Value, context,
        layers::{Origin, Overrides, StepLayers, unevaluated},
        settle, stored,
    },
    port::{Found, Lookup},
    problem::Problem,
    retry::{self, StepRetry},
    sel,
    time::Millis,
};

/// Between a step's id and its param in a reference.
const SEPARATOR: &str = "__";

/// The longest time limit.
const TIMEOUT_MAX: Millis = Millis::from_secs(120 * 24 * 3600);

/// A run as its own params see it.
struct Scope<'a> {
    flow: &'a Flow,
    /// The step whose params are evaluated.
    at: usize,
    environment: &'a str,
}

impl Context for Scope<'_> {
    fn instance(&self) -> context::Instance<'_> {
        let (seed, body) = (&self.flow.seed, &self.flow.seed.body);
        let triggers = body.definition.time_triggers_or_none();
        context::Instance {
            workflow_id: &seed.key.workflow,
            instance_id: seed.key.instance.0,
            run_id: seed.key.run.0,
            run_policy: Some(seed.policy.as_str()),
            owner: Some(&body.properties.owner.name),
            first_trigger_timezone: triggers.first().and_then(|trigger| trigger.timezone.as_deref()),
            initiator: initiator(&seed.initiator),
            environment: self.environment,
        }
    }

    fn current_step(&self) -> Option<context::CurrentStep<'_>> {
        let attempt = self.flow.attempt(self.at)?;
        Some(context::CurrentStep {
            id: &attempt.definition.id,
            instance_id: attempt.sequence,
            uuid: &attempt.uuid,
            attempt_id: attempt.id.0,
            type_info: type_info(&attempt.definition),
            error_retries: attempt.retry.retries.error,
            status: attempt.status.as_str(),
            end_time: attempt.times.end(),
        })
    }

    fn step(&self, id: &str) -> context::Step<'_> {
        let flow = self.flow;
        if let Some(at) = flow.dag().position(id) {
            // A step that has not ended is no step to refer to.
            let ended = flow.attempt(at).filter(|attempt| attempt.has_ended() || at == self.at);
            let Some(attempt) = ended else { return context::Step::Unknown };
            return context::Step::Started(context::Attempt {
                step_type: type_info(&attempt.definition),
                status: attempt.status.as_str(),
                end_time: attempt.times.end(),
                params: &attempt.params,
                children: attempt.nested.children(),
            });
        }
        if flow.seed.body.definition.step(id).is_none() {
            return context::Step::Unknown;
        }
        let Some(previous) = flow.seed.baseline.as_ref().and_then(|baseline| baseline.steps.get(id)) else {
            return context::Step::NotStarted;
        };
        context::Step::Started(context::Attempt {
            step_type: "",
            status: previous.status.as_str(),
            end_time: previous.end_time,
            params: &previous.params,
            children: children_before(&previous.nested),
        })
    }

    fn signal(&self, query: context::SignalQuery<'_>) -> context::Signal {
        self.flow.signal_param(self.at, query)
    }

    fn separator(&self) -> &str {
        SEPARATOR
    }

    fn found(&self, lookup: &Lookup) -> Option<&Found> {
        let attempt = self.flow.attempt(self.at)?;
        attempt.found.iter().find(|(asked, _)| asked == lookup).map(|(_, found)| found)
    }
}

fn initiator(initiator: &Initiator) -> context::Initiator<'_> {
    let timezone = match initiator {
        Initiator::Time { timezone, .. } => timezone.as_deref(),
        _ => None,
    };
    let user = match initiator {
        Initiator::Manual { user } => user.as_ref().map(|user| &*user.name),
        _ => None,
    };
    context::Initiator { kind: initiator.kind(), timezone, user }
}

fn type_info(step: &Step) -> &str {
    match &step.kind {
        Kind::Typed { sub_type: Some(sub_type), .. } => sub_type,
        _ => step.step_type().word(),
    }
}

impl Flow {
    /// Lets `evaluate` evaluate something for a step.
    pub(super) fn evaluating<T>(
        &self,
        at: usize,
        turn: &mut Turn<'_>,
        evaluate: impl FnOnce(&mut Evaluator<'_>) -> Result<T, param::Error>,
    ) -> Result<T, param::Error> {
        let settings = turn.surroundings.settings();
        let scope = Scope { flow: self, at, environment: &settings.environment };
        evaluate(&mut Evaluator {
            context: &scope,
            cache: Cache::shared(),
            limits: sel::Limits::DEFAULT,
            json_max: settings.params_json_max,
            now: turn.now,
            ids: turn.ids,
            deadline: None,
        })
    }

    /// The params of an attempt, merged and evaluated; what earlier lookups found is used.
    pub(super) fn step_params(&self, at: usize, turn: &mut Turn<'_>) -> Result<Params, Failure> {
        let mut params = self.merged_params(at, turn)?;
        let key = self.attempt_key(at);
        let decisions = turn.surroundings.decisions();
        let mut failed = None;
        let mut evaluate = |mut params: Params| {
            let step = self.step_id(at);
            if let Err(error) =
                self.evaluating(at, turn, |evaluator| evaluator.step_params(step, &self.seed.params, &mut params))
            {
                failed = Some(error);
            }
            params
        };
        params = decisions.step_params(&key, params, &mut evaluate);
        failed.map_or(Ok(params), |error| Err(error.into()))
    }

    /// The params of an attempt before they are evaluated.
    fn merged_params(&self, at: usize, turn: &Turn<'_>) -> Result<Params, Failure> {
        let seed = &self.seed;
        let Some(attempt) = self.attempt(at) else { return Ok(Params::new()) };
        let step = &attempt.definition;
        let of_run = seed.step_run_params.as_ref().and_then(|params| params.get(&step.id));
        let config = attempt.restart.as_ref().or(seed.restart.as_ref()).filter(|config| config.path.len() == 1);
        let of_restart = config.and_then(|config| config.step_params.as_ref()?.get(&step.id));
        let template = self.template(at, turn)?;
        let layers = StepLayers {
            bundled: param::defaults::bundled_step(step.step_type()),
            injected: template.as_ref().map(|template| &template.params),
            defined: step.params.as_ref(),
        };
        let overrides = Overrides {
            run: attempt.step_run_params.as_ref().or(of_run),
            restart: of_restart.or_else(|| self.inline_root_params(at)),
            is_attempt_restarted: attempt.restart.is_some(),
        };
        let merged = unevaluated(layers.merged(&overrides, self.origin())?);
        // What was said about the step's predecessors stays in front.
        let mut params = attempt.params.clone();
        params.extend(merged);
        Ok(params)
    }

    /// What the step's job template brings; the version may be named by a param of the workflow.
    pub(super) fn template(&self, at: usize, turn: &Turn<'_>) -> Result<Option<template::Resolved>, Failure> {
        let step = &self.steps[at].definition;
        if !matches!(step.kind, Kind::Typed { sub_type: Some(_), .. }) {
            return Ok(None);
        }
        let params = &self.seed.params;
        let version = match params.get(template::VERSION_PARAM).and_then(|param| param.value()) {
            Some(Value::String(version)) => Some(&**version),
            _ => None,
        };
        let workflow = settle::definitions(params)?;
        let resolved = template::resolve(step, &workflow, version, turn.surroundings.templates());
        resolved.map_err(|error| match error {
            template::Error::Params(error) => error.into(),
            error => Failure::text(error.to_string()),
        })
    }

    /// Params that a restart from the inline root gives to a step of a loop body, in whichever iteration.
    fn inline_root_params(&self, at: usize) -> Option<&Definitions> {
        let config = self.seed.restart.as_ref().filter(|_| self.seed.initiator.is_loop())?;
        config.step_params.as_ref()?.get(self.step_id(at))
    }

    /// What started the run, as far as params are concerned.
    pub(super) fn origin(&self) -> Origin {
        let parent = match &self.seed.initiator {
            Initiator::Parent { kind: StepType::Foreach, .. } => Some(Source::Foreach),
            Initiator::Parent { kind: StepType::While, .. } => Some(Source::While),
            Initiator::Parent { kind: StepType::Template, .. } => Some(Source::Template),
            Initiator::Parent { .. } => Some(Source::Subworkflow),
            _ => None,
        };
        Origin { parent, is_restart: !self.seed.policy.is_fresh() }
    }

    /// The conditions of all edges of a complete step, evaluated.
    pub(super) fn edges_taken(&self, at: usize, turn: &mut Turn<'_>) -> Result<Vec<Arc<Param>>, Failure> {
        let Some(attempt) = self.attempt(at) else { return Ok(Vec::new()) };
        let (edges, step) = (attempt.edges.clone(), attempt.definition.id.clone());
        let mut taken = Vec::with_capacity(edges.len());
        for (edge, param) in self.seed.body.dag.node(at).successors.iter().zip(&edges) {
            // By far the most common condition needs no evaluation.
            let holds = if edge.condition.as_deref() == Some("true") {
                true
            } else {
                let name = self.step_id(edge.to);
                let level = StepLevel { id: &step, workflow: &self.seed.params, own: &attempt.params };
                let evaluate = |evaluator: &mut Evaluator<'_>| evaluator.at_step(name, &param.definition, level);
                self.evaluating(at, turn, evaluate)?.value == Value::Boolean(true)
            };
            taken.push(Arc::new(truth(param.definition.body.clone(), holds, turn.now)));
        }
        Ok(taken)
    }

    /// How an attempt is tried again; a policy that cannot be read counts as none.
    pub(super) fn retry_of(&self, at: usize, turn: &mut Turn<'_>) -> StepRetry {
        let definition = Arc::clone(&self.steps[at].definition);
        let Kind::Typed { retry_policy: Some(policy), .. } = &definition.kind else {
            return retry::Parsed::default().begin();
        };
        let parsed = self.evaluating(at, turn, |evaluator| {
            let mut interpolate = |text: &str| {
                let text = evaluator.setting("retry_policy", &Arc::from(text), &self.seed.params);
                text.map(|text| text.to_string()).map_err(|error| error.to_string())
            };
            Ok(retry::parse(policy, &mut interpolate))
        });
        parsed.ok().and_then(Result::ok).unwrap_or_default().begin()
    }

    /// The time limit of an attempt, if its definition sets one.
    pub(super) fn timeout_of(&self, at: usize, turn: &mut Turn<'_>) -> Result<Option<Millis>, Failure> {
        let definition = Arc::clone(&self.steps[at].definition);
        let (written, limit) = match &definition.timeout {
            None => return Ok(None),
            Some(Parsable::Number(number)) => {
                let seconds = number.as_i64().unwrap_or_default();
                (number.to_string(), Millis::from_secs(seconds))
            }
            Some(Parsable::Text(text)) => {
                let evaluate = |evaluator: &mut Evaluator<'_>| evaluator.setting("timeout", text, &self.seed.params);
                let text = self.evaluating(at, turn, evaluate)?;
                let limit = text.parse::<i64>().map_or_else(|_| duration::parse(&text), Millis::from_secs);
                (text.to_string(), limit)
            }
        };
        if limit.0 <= 0 || limit > TIMEOUT_MAX {
            return Err(Failure::text(format!(
                "timeout [{}ms] from [{written}] cannot be non-positive or more than system limit: 120 days",
                limit.0
            )));
        }
        Ok(Some(limit))
    }

    /// Evaluates a definition at the level of a step.
    pub(super) fn evaluated(
        &self,
        at: usize,
        name: &str,
        definition: &Definition,
        turn: &mut Turn<'_>,
    ) -> Result<Value, Failure> {
        let Some(attempt) = self.attempt(at) else { return Ok(Value::Null) };
        let level = StepLevel { id: self.step_id(at), workflow: &self.seed.params, own: &attempt.params };
        let evaluate = |evaluator: &mut Evaluator<'_>| evaluator.at_step(name, definition, level);
        Ok(self.evaluating(at, turn, evaluate)?.value)
    }

    /// Whether a condition holds for a step whose params were overlaid with `own`.
    pub(super) fn condition_holds(
        &self,
        at: usize,
        condition: &Arc<str>,
        own: &Params,
        turn: &mut Turn<'_>,
    ) -> Result<bool, Failure> {
        let level = StepLevel { id: self.step_id(at), workflow: &self.seed.params, own };
        Ok(self.evaluating(at, turn, |evaluator| evaluator.holds("condition", condition, level))?)
    }

    /// Takes what the work published into the attempt's params.
    pub(super) fn merge_outputs(&mut self, at: usize, outputs: &Map<String, Json>) -> Result<(), Failure> {
        if outputs.is_empty() {
            return Ok(());
        }
        let mut problems: Vec<Problem> = Vec::new();
        let published = stored::params(&Json::Object(outputs.clone()), "params", &mut problems);
        if let Some(problem) = problems.first() {
            return Err(Failure::text(format!("invalid output params: {problem}")));
        }
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return Ok(()) };
        Ok(param::output::merge_output(&mut attempt.params, &published)?)
    }
}

impl Nested {
    /// The runs that the step started, for references into them.
    fn children(&self) -> context::Children<'_> {
        match self {
            Self::Foreach(foreach) => context::Children::Iterations { body: &foreach.body_id, total: foreach.total },
            Self::Subworkflow(sub) => {
                sub.child.as_ref().map_or(context::Children::None, |child| context::Children::Child(&child.run))
            }
            Self::While(_) | Self::Leaf => context::Children::None,
        }
    }
}

/// The runs that a step started in an earlier run.
fn children_before(nested: &PreviousNested) -> context::Children<'_> {
    match nested {
        PreviousNested::Nothing => context::Children::None,
        PreviousNested::Iterations { body, total } => context::Children::Iterations { body, total: *total },
        PreviousNested::Child(run) => context::Children::Child(run),
    }
}
