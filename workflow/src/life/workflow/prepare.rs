//! What a new run needs of its workflow: params evaluated, time limit, alerting texts, and the definition as it will run.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{
    definition::{self, Parsable, StepType, target_time::TargetTime},
    duration,
    life::{Initiator, Turn},
    param::{
        self, Cache, Context, Definitions, Evaluator, Params, Source, Value, context, defaults,
        layers::{self, Origin},
    },
    port::{Found, Lookup, Reason, Refusal},
    restart::Policy,
    sel,
    tag::Tags,
    time::Millis,
};

/// The longest time limit.
const TIMEOUT_MAX: Millis = Millis::from_secs(120 * 24 * 3600);

/// How deep alerting settings may nest before their texts stay as they are.
const ALERTING_DEPTH_MAX: usize = 16;

/// The run that is being prepared, as its own params see it: it has no number yet.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) definition: &'a definition::Workflow,
    pub(super) initiator: &'a Initiator,
    pub(super) policy: Policy,
    pub(super) owner: Option<&'a str>,
    pub(super) environment: &'a str,
}

impl Context for Scope<'_> {
    fn instance(&self) -> context::Instance<'_> {
        let timezone = match self.initiator {
            Initiator::Time { timezone, .. } => timezone.as_deref(),
            _ => None,
        };
        let user = match self.initiator {
            Initiator::Manual { user } => user.as_ref().map(|user| &*user.name),
            _ => None,
        };
        let triggers = self.definition.time_triggers_or_none();
        context::Instance {
            workflow_id: &self.definition.id,
            instance_id: 0,
            run_id: 0,
            run_policy: Some(self.policy.as_str()),
            owner: self.owner,
            first_trigger_timezone: triggers.first().and_then(|trigger| trigger.timezone.as_deref()),
            initiator: context::Initiator { kind: self.initiator.kind(), timezone, user },
            environment: self.environment,
        }
    }

    fn current_step(&self) -> Option<context::CurrentStep<'_>> {
        None
    }

    fn step(&self, _id: &str) -> context::Step<'_> {
        context::Step::Unknown
    }

    fn signal(&self, query: context::SignalQuery<'_>) -> context::Signal {
        signal(self.initiator, query)
    }

    fn found(&self, _lookup: &Lookup) -> Option<&Found> {
        None
    }

    fn separator(&self) -> &'static str {
        "__"
    }
}

/// What a trigger's run knows of the signals that started it: its own params, and those of each signal under
/// `signal__param`.
pub(crate) fn signal(initiator: &Initiator, query: context::SignalQuery<'_>) -> context::Signal {
    let name = match query {
        context::SignalQuery::Trigger { param } => param.to_owned(),
        context::SignalQuery::Joined { signal, param } => format!("{signal}__{param}"),
        context::SignalQuery::Dependency { .. } => String::new(),
    };
    let value = match initiator {
        Initiator::Signal { params, .. } => params.get(&*name).and_then(|param| param.value().cloned()),
        _ => None,
    };
    let missing = || context::Signal::Missing(format!("the run knows nothing of {query:?}"));
    value.map_or_else(missing, context::Signal::Value)
}

/// The step concurrency of a tree as its nested runs have it: it replaces what their own definitions say, even by nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inherited(pub(super) Option<i64>);

/// What a run gets of its workflow.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) params: Params,
    pub(super) timeout: Option<Millis>,
    pub(super) alerting: Option<Json>,
}

/// The params before they are evaluated: those of a fresh run, or of one that goes on from `previous`.
pub(super) fn merged(
    scope: &Scope<'_>,
    previous: Option<&Params>,
    run: Option<&Definitions>,
    restart: Option<&Definitions>,
) -> Result<Params, param::Error> {
    let origin = Origin { parent: parent(scope.initiator), is_restart: previous.is_some() };
    let definitions = match previous {
        Some(previous) => layers::workflow_restarted(previous, run, restart, origin)?,
        None => layers::workflow_first(defaults::bundled_workflow(), scope.definition.params.as_ref(), run, origin)?,
    };
    Ok(layers::unevaluated(definitions))
}

/// Evaluates the params and what depends on them.
pub(super) fn evaluated(
    scope: &Scope<'_>,
    mut params: Params,
    alerting: Option<&Json>,
    turn: &mut Turn<'_>,
) -> Result<Prepared, Refusal> {
    let mut evaluator = Evaluator {
        context: scope,
        cache: Cache::shared(),
        limits: sel::Limits::DEFAULT,
        json_max: turn.surroundings.settings().params_json_max,
        now: turn.now,
        ids: turn.ids,
        deadline: None,
    };
    evaluator.workflow_params(&mut params).map_err(|error| refusal(&error))?;
    let timeout = scope.definition.timeout.as_ref();
    let timeout = timeout.map(|timeout| self::timeout(timeout, &params, &mut evaluator)).transpose()?;
    // Whom to tell about a run is no reason not to run it: settings that cannot be evaluated stay as they were written.
    let alerting = alerting.map(|alerting| {
        let mut alerting = filled(alerting, &params, &mut evaluator, 0).unwrap_or_else(|_| alerting.clone());
        if let Some(moment) = completed_by(&alerting, &params, &mut evaluator) {
            alerting["tct"][TargetTime::MOMENT] = moment.into();
        }
        alerting
    });
    Ok(Prepared { params, timeout, alerting })
}

/// An error of params as the API answers it.
pub(super) fn refusal(error: &param::Error) -> Refusal {
    Refusal::new(Reason::BadRequest, error.to_string())
}

fn timeout(written: &Parsable, params: &Params, evaluator: &mut Evaluator<'_>) -> Result<Millis, Refusal> {
    let (text, limit) = match written {
        Parsable::Number(number) => (number.to_string(), Millis::from_secs(number.as_i64().unwrap_or_default())),
        Parsable::Text(text) => {
            let text = evaluator.setting("timeout", text, params).map_err(|error| refusal(&error))?;
            let limit = text.parse().map_or_else(|_| duration::parse(&text), Millis::from_secs);
            (text.to_string(), limit)
        }
    };
    if limit.0 > 0 && limit <= TIMEOUT_MAX {
        return Ok(limit);
    }
    let message =
        format!("timeout [{} ms]/[{text}] cannot be non-positive or more than system limit: 120 days", limit.0);
    Err(Refusal::new(Reason::BadRequest, message))
}

/// Alerting settings with params put into their texts.
fn filled(json: &Json, params: &Params, evaluator: &mut Evaluator<'_>, depth: usize) -> Result<Json, Refusal> {
    match json {
        Json::String(text) if !param::interpolate::is_plain(text) => {
            let filled = evaluator.setting("alerting", &Arc::from(text.as_str()), params);
            filled.map(|text| Json::from(&*text)).map_err(|error| refusal(&error))
        }
        Json::Array(array) if depth < ALERTING_DEPTH_MAX => {
            array.iter().map(|json| filled(json, params, evaluator, depth + 1)).collect()
        }
        Json::Object(object) if depth < ALERTING_DEPTH_MAX => {
            object.iter().map(|(name, json)| Ok((name.clone(), filled(json, params, evaluator, depth + 1)?))).collect()
        }
        other => Ok(other.clone()),
    }
}

/// When the run should be complete, in epoch milliseconds.
fn completed_by(alerting: &Json, params: &Params, evaluator: &mut Evaluator<'_>) -> Option<i64> {
    let target = TargetTime::deserialize(alerting.get("tct")?).ok()?;
    match evaluator.attribute(TargetTime::MOMENT, &target.completed_by().ok()?, params).ok()?.value {
        Value::Long(moment) => Some(moment),
        _ => None,
    }
}

/// The layer in which a parent step hands params to its child.
fn parent(initiator: &Initiator) -> Option<Source> {
    let Initiator::Parent { kind, .. } = initiator else { return None };
    Some(match kind {
        StepType::Foreach => Source::Foreach,
        StepType::While => Source::While,
        StepType::Template => Source::Template,
        _ => Source::Subworkflow,
    })
}

/// The definition as it will run: with the request's labels, and with the step concurrency of the tree where it is inherited.
pub(super) fn runtime_definition(
    definition: &Arc<definition::Workflow>,
    tags: Option<&Tags>,
    concurrency: Option<Inherited>,
) -> Arc<definition::Workflow> {
    let inherits = concurrency.is_some_and(|Inherited(inherited)| inherited != definition.instance_step_concurrency);
    let added = tags.filter(|tags| !tags.is_empty());
    if !inherits && added.is_none() {
        return Arc::clone(definition);
    }
    let mut runtime = definition::Workflow::clone(definition);
    if let Some(Inherited(inherited)) = concurrency {
        runtime.instance_step_concurrency = inherited;
    }
    if let Some(added) = added {
        let tags = runtime.tags.get_or_insert_default();
        tags.retain(|known| !added.iter().any(|tag| tag.name == known.name));
        tags.extend(added.iter().cloned());
    }
    Arc::new(runtime)
}
