//! A simulated start: what would fail as soon as a version is started fails its push.
//!
//! The DAG is computed, the params of the workflow are merged and evaluated, those of the steps of the top level merged.
//! Conditions, nested steps and signals are not looked at.

use std::sync::Arc;

use super::{
    Workflow,
    template::{self, Templates},
};
use crate::{
    graph,
    id::Ids,
    param::{
        self, Body, Cache, Context, Definitions, Evaluator, Params, Type, Value,
        context::{CurrentStep, Initiator, Instance, Signal, SignalQuery, Step, VALIDATION, VALIDATION_VALUE},
        defaults,
        layers::{self, Origin, Overrides, StepLayers},
        size,
    },
    port::{Found, Lookup},
    problem::{Path, Problem, code},
    sel,
    time::Timestamp,
};

/// What a simulated start takes from outside.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Who pushes.
    pub caller: Option<&'a str>,
    /// The configured name of the installation.
    pub environment: &'a str,
    /// What separates a step's id from its param's name in a reference.
    pub separator: &'a str,
    /// Where job templates are found.
    pub templates: &'a dyn Templates,
    /// When it would start.
    pub now: Timestamp,
    /// Says that the time is up; bounds one expression.
    pub deadline: Option<&'a dyn Fn() -> bool>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("now", &self.now).finish_non_exhaustive()
    }
}

/// The text with which the API refuses a push for a problem of its dry run.
pub fn refusal(workflow: &str, problem: &Problem) -> String {
    format!("Exception during dry run validation for workflow {workflow} Error=[{}]", problem.message)
}

/// What a simulated start came to.
#[derive(Clone, Debug, Default)]
pub struct Simulation {
    /// Everything that would fail.
    pub problems: Vec<Problem>,
    /// The params of the workflow, as far as they could be evaluated.
    pub params: Params,
}

/// Simulates a start of a workflow whose rules are kept.
pub fn dry_run(workflow: &Workflow, surroundings: Surroundings<'_>, ids: &mut dyn Ids) -> Simulation {
    let mut problems = Vec::new();
    let path = Path::Root.key("workflow");
    let steps = path.key("steps");
    if let Err(error) = graph::translate(&workflow.id, &workflow.steps, graph::Scope::Whole) {
        problems.push(Problem::new(code::CYCLE, steps.to_string(), error.to_string()));
    }
    for (index, step) in workflow.steps.iter().enumerate().filter(|(_, step)| !step.step_type().has_runtime()) {
        let at = steps.index(index);
        let message = format!("there is no runtime for steps of type {}", step.step_type());
        problems.push(Problem::new(code::UNSUPPORTED_STEP, at.key(step.wrapper()).to_string(), message));
    }
    let params = workflow_params(workflow, surroundings, ids, &mut problems);
    let version = match params.get(template::VERSION_PARAM).and_then(|param| param.value()) {
        Some(Value::String(version)) => Some(Arc::clone(version)),
        _ => None,
    };
    step_params(workflow, surroundings, version.as_deref(), &mut problems);
    Simulation { problems, params }
}

/// Merges and evaluates the params of the workflow.
fn workflow_params(
    workflow: &Workflow,
    surroundings: Surroundings<'_>,
    ids: &mut dyn Ids,
    problems: &mut Vec<Problem>,
) -> Params {
    let (root, name) = (Path::Root.key("workflow"), "params");
    let path = root.key(name);
    let defined = workflow.params.as_ref();
    let run: Definitions = defaults::dry_run()
        .iter()
        .filter(|(name, _)| {
            defined.and_then(|defined| defined.get(*name)).is_some_and(|param| param.kind == Type::String)
        })
        .map(|(name, param)| (Arc::clone(name), Arc::clone(param)))
        .collect();
    let merged = layers::workflow_first(defaults::bundled_workflow(), defined, Some(&run), ORIGIN);
    let mut params = match merged {
        Ok(merged) => layers::unevaluated(merged),
        Err(error) => {
            problems.push(Problem::new(code::DRY_RUN, path.to_string(), error.to_string()));
            return Params::new();
        }
    };
    let context = Simulated { workflow, surroundings };
    let mut evaluator = Evaluator {
        context: &context,
        cache: Cache::shared(),
        limits: sel::Limits::DEFAULT,
        json_max: size::JSON_MAX,
        now: surroundings.now,
        ids,
        deadline: surroundings.deadline,
    };
    if let Err(error) = evaluator.workflow_params(&mut params) {
        report(&path, defined, &params, &error, problems);
        others(&path, defined, &params, &mut evaluator, problems);
    }
    params
}

/// The first param without a value is the one at which the evaluation stopped.
fn report(
    path: &Path<'_>,
    defined: Option<&Definitions>,
    params: &Params,
    error: &param::Error,
    problems: &mut Vec<Problem>,
) {
    let stopped = params.iter().find(|(_, param)| param.evaluated.is_none()).map(|(name, _)| name);
    problems.push(match stopped {
        Some(name) => failed(path, defined, name, error),
        None => Problem::new(code::DRY_RUN, path.to_string(), error.to_string()),
    });
}

/// Looks for params beyond the first that fail for a reason of their own.
fn others(
    path: &Path<'_>,
    defined: Option<&Definitions>,
    params: &Params,
    evaluator: &mut Evaluator<'_>,
    problems: &mut Vec<Problem>,
) {
    for (name, param) in params.iter().filter(|(_, param)| param.evaluated.is_none()) {
        let Err(error) = evaluator.at_workflow(name, &param.definition, params) else { continue };
        let found = failed(path, defined, name, &error);
        let is_said = problems.iter().any(|problem| problem.message == found.message || problem.path == found.path);
        // A param that only refers to one that fails has no problem of its own.
        let is_own = matches!(error, param::Error::Unreadable { .. } | param::Error::UnknownInWorkflow { .. });
        if is_own && !is_said {
            problems.push(found);
        }
    }
}

fn failed(path: &Path<'_>, defined: Option<&Definitions>, name: &str, error: &param::Error) -> Problem {
    let definition = defined.and_then(|defined| defined.get(name));
    let at = path.key(name);
    let place = match definition.map(|definition| &definition.body) {
        Some(Body::Expression(_)) => at.key("expression").to_string(),
        Some(_) => at.to_string(),
        None => path.to_string(),
    };
    let problem = Problem::new(code::DRY_RUN, place, error.to_string());
    let (span, because) = match error {
        param::Error::Unreadable { because, .. } => (because.span(), Some(because.to_string())),
        param::Error::Expression(because) => (because.span(), None),
        _ => (None, None),
    };
    let problem = match because {
        Some(because) => problem.with_hint(because.lines().next().unwrap_or_default()),
        None => problem,
    };
    match (span, definition.map(|definition| &definition.body)) {
        (Some(span), Some(Body::Expression(expression))) if span.end as usize <= expression.len() => {
            problem.with_span(span.start as usize, span.end as usize)
        }
        _ => problem,
    }
}

fn step_params(
    workflow: &Workflow,
    surroundings: Surroundings<'_>,
    version: Option<&str>,
    problems: &mut Vec<Problem>,
) {
    let nothing = Definitions::new();
    let workflow_params = workflow.params.as_ref().unwrap_or(&nothing);
    let (root, name) = (Path::Root.key("workflow"), "steps");
    let steps = root.key(name);
    for (index, step) in workflow.steps.iter().enumerate() {
        let at = steps.index(index);
        let body = at.key(step.wrapper());
        let resolved = match template::resolve(step, workflow_params, version, surroundings.templates) {
            Ok(resolved) => resolved,
            Err(error) => {
                problems.push(Problem::new(code::DRY_RUN, body.to_string(), error.to_string()));
                continue;
            }
        };
        let layers = StepLayers {
            bundled: defaults::bundled_step(step.step_type()),
            injected: resolved.as_ref().map(|resolved| &resolved.params),
            defined: step.params.as_ref(),
        };
        let overrides = Overrides { run: None, restart: None, is_attempt_restarted: false };
        if let Err(error) = layers.merged(&overrides, ORIGIN) {
            problems.push(Problem::new(code::DRY_RUN, body.key("params").to_string(), error.to_string()));
        }
    }
}

const ORIGIN: Origin = Origin { parent: None, is_restart: false };

/// The run that a dry run pretends to start.
struct Simulated<'a> {
    workflow: &'a Workflow,
    surroundings: Surroundings<'a>,
}

impl Context for Simulated<'_> {
    fn instance(&self) -> Instance<'_> {
        let first = self.workflow.time_triggers_or_none().first();
        Instance {
            workflow_id: &self.workflow.id,
            instance_id: 1,
            run_id: 1,
            run_policy: Some("START_FRESH_NEW_RUN"),
            owner: self.surroundings.caller,
            first_trigger_timezone: first.and_then(|trigger| trigger.timezone.as_deref()),
            initiator: Initiator { kind: VALIDATION, timezone: None, user: self.surroundings.caller },
            environment: self.surroundings.environment,
        }
    }

    fn current_step(&self) -> Option<CurrentStep<'_>> {
        None
    }

    fn step(&self, _: &str) -> Step<'_> {
        Step::Unknown
    }

    fn signal(&self, query: SignalQuery<'_>) -> Signal {
        let triggers = self.workflow.signal_triggers_or_none();
        let is_known = match query {
            SignalQuery::Trigger { .. } => !triggers.is_empty(),
            SignalQuery::Joined { signal, .. } => triggers
                .iter()
                .flat_map(|trigger| trigger.definitions.iter().flatten())
                .any(|(name, _)| **name == *signal),
            SignalQuery::Dependency { .. } => false,
        };
        if is_known {
            return Signal::Value(Value::Long(VALIDATION_VALUE));
        }
        Signal::Missing("no signal trigger of the workflow has that signal".to_owned())
    }

    fn found(&self, _: &Lookup) -> Option<&Found> {
        None
    }

    fn separator(&self) -> &str {
        self.surroundings.separator
    }
}
