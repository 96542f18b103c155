//! Definitions written as JSON, in the reference's order of fields; unset fields are left out.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{
    Backoff, CreateRequest, Exponential, Kind, Parsable, Properties, RetryPolicy, RunStrategy, SignalDependency,
    SignalOutput, SignalTrigger, SignalTriggerEntry, SignalValue, Step, TimeTrigger, TimeTriggerKind, Transition,
    Workflow,
    metadata::Metadata,
    properties::Snapshot,
    template::{Stored, Template},
    version::Version,
};
use crate::{param, tag, user::User, wire::object::Object};

impl Object {
    fn text(self, name: &str, value: Option<&Arc<str>>) -> Self {
        self.maybe(name, value.map(|text| &**text))
    }

    fn parsable(self, name: &str, value: Option<&Parsable>) -> Self {
        self.maybe(name, value.map(parsable))
    }

    fn params(self, name: &str, value: Option<&param::Definitions>) -> Self {
        self.maybe(name, value.map(param::write::definitions))
    }
}

fn list<T>(values: &[T], write: impl Fn(&T) -> Json) -> Json {
    values.iter().map(write).collect()
}

/// A push.
pub fn create_request(request: &CreateRequest) -> Json {
    Object::new()
        .maybe("properties", request.properties.as_ref().map(properties))
        .with("workflow", workflow(&request.workflow))
        .with("is_active", request.is_active)
        .maybe("git_info", request.git_info.clone())
        .and(&request.extra)
        .build()
}

/// A stored version.
pub fn version(version: &Version) -> Json {
    Object::new()
        .maybe("properties_snapshot", version.properties_snapshot.as_ref().map(snapshot))
        .maybe("metadata", version.metadata.as_ref().map(Metadata::to_json))
        .with("workflow", workflow(&version.workflow))
        .with("is_active", version.is_active)
        .maybe("activate_time", version.activate_time.map(|time| time.0))
        .maybe("activated_by", version.activated_by.as_ref().map(User::to_json))
        .maybe("is_latest", version.is_latest)
        .maybe("is_default", version.is_default)
        .maybe("modify_time", version.modify_time.map(|time| time.0))
        .maybe("internal_id", version.internal_id)
        .maybe("enriched_extras", version.enriched_extras.as_ref().and_then(|extras| serde_json::to_value(extras).ok()))
        .build()
}

/// Properties.
pub fn properties(properties: &Properties) -> Json {
    properties_into(Object::new(), properties).build()
}

/// Properties as they are stored.
pub fn snapshot(snapshot: &Snapshot) -> Json {
    let object = Object::new()
        .maybe("workflow_id", snapshot.workflow_id.as_ref().map(crate::id::WorkflowId::as_str))
        .maybe("create_time", snapshot.create_time.map(|time| time.0))
        .maybe("author", snapshot.author.as_ref().map(User::to_json));
    properties_into(object, &snapshot.properties).build()
}

fn properties_into(object: Object, properties: &Properties) -> Object {
    object
        .maybe("owner", properties.owner.as_ref().map(User::to_json))
        .maybe("access_control", properties.access_control.clone())
        .maybe("run_strategy", properties.run_strategy.map(run_strategy))
        .maybe("step_concurrency", properties.step_concurrency)
        .maybe("alerting", properties.alerting.clone())
        .maybe("alerting_disabled", properties.alerting_disabled)
        .maybe("signal_trigger_disabled", properties.signal_trigger_disabled)
        .maybe("time_trigger_disabled", properties.time_trigger_disabled)
        .text("description", properties.description.as_ref())
        .maybe("tags", properties.tags.as_ref().map(tag::write))
}

/// A run strategy, always with both fields.
pub fn run_strategy(strategy: RunStrategy) -> Json {
    Object::new().with("rule", strategy.rule.word()).with("workflow_concurrency", strategy.workflow_concurrency).build()
}

/// A workflow.
pub fn workflow(workflow: &Workflow) -> Json {
    Object::new()
        .with("id", workflow.id.as_str())
        .text("name", workflow.name.as_ref())
        .text("description", workflow.description.as_ref())
        .maybe("tags", workflow.tags.as_ref().map(tag::write))
        .parsable("timeout", workflow.timeout.as_ref())
        .maybe("time_triggers", workflow.time_triggers.as_ref().map(|triggers| list(triggers, time_trigger)))
        .maybe("signal_triggers", workflow.signal_triggers.as_ref().map(|triggers| list(triggers, signal_trigger)))
        .maybe("criticality", workflow.criticality.map(super::Criticality::word))
        .maybe("instance_step_concurrency", workflow.instance_step_concurrency)
        .params("params", workflow.params.as_ref())
        .with("steps", steps(&workflow.steps))
        .build()
}

fn steps(steps: &[Arc<Step>]) -> Json {
    list(steps, |item| step(item))
}

/// A step in its wrapper.
pub fn step(step: &Step) -> Json {
    let object = Object::new()
        .with("id", step.id.as_str())
        .text("name", step.name.as_ref())
        .text("description", step.description.as_ref())
        .with("transition", transition(&step.transition));
    let object = match &step.kind {
        Kind::Typed { step_type, sub_type, sub_type_version, .. } => object
            .with("type", step_type.word())
            .text("sub_type", sub_type.as_ref())
            .text("sub_type_version", sub_type_version.as_ref()),
        Kind::Template { sub_type } => object.text("sub_type", sub_type.as_ref()),
        Kind::Subworkflow { .. } | Kind::Foreach { .. } | Kind::While { .. } => object,
    };
    let policy = match &step.kind {
        Kind::Typed { retry_policy, .. } => retry_policy.as_ref(),
        _ => None,
    };
    let object = object
        .maybe("failure_mode", step.failure_mode.map(super::FailureMode::word))
        .maybe("retry_policy", policy.map(retry_policy))
        .maybe("tags", step.tags.as_ref().map(tag::write))
        .parsable("timeout", step.timeout.as_ref())
        .maybe("signal_dependencies", step.signal_dependencies.as_deref().map(signal_dependencies))
        .maybe("signal_outputs", step.signal_outputs.as_deref().map(signal_outputs));
    let object = match &step.kind {
        Kind::Typed { .. } | Kind::Template { .. } => object.params("params", step.params.as_ref()),
        Kind::Subworkflow { sync, explicit_params } => object
            .maybe("sync", *sync)
            .maybe("explicit_params", *explicit_params)
            .params("params", step.params.as_ref()),
        Kind::Foreach { concurrency, strict_ordering, steps: body } => object
            .maybe("concurrency", *concurrency)
            .maybe("strict_ordering", *strict_ordering)
            .params("params", step.params.as_ref())
            .with("steps", steps(body)),
        Kind::While { condition, steps: body } => {
            object.with("condition", &**condition).params("params", step.params.as_ref()).with("steps", steps(body))
        }
    };
    Object::new().with(step.wrapper(), object.build()).build()
}

/// Edges; an object even without any.
pub fn transition(transition: &Transition) -> Json {
    let predecessors = transition.predecessors.as_ref();
    let successors = transition.successors.as_ref().map(|edges| {
        let conditions = edges.iter().map(|(id, condition)| (id.as_str().to_owned(), Json::from(condition.as_deref())));
        conditions.collect::<Map<_, _>>()
    });
    Object::new()
        .maybe("predecessors", predecessors.map(|ids| list(ids, |id| Json::from(id.as_str()))))
        .maybe("successors", successors)
        .build()
}

/// A number or text as it was written.
pub fn parsable(value: &Parsable) -> Json {
    match value {
        Parsable::Number(number) => Json::Number(number.clone()),
        Parsable::Text(text) => Json::from(&**text),
    }
}

/// A retry policy.
pub fn retry_policy(policy: &RetryPolicy) -> Json {
    Object::new()
        .parsable("error_retry_limit", policy.error_retry_limit.as_ref())
        .parsable("platform_retry_limit", policy.platform_retry_limit.as_ref())
        .parsable("timeout_retry_limit", policy.timeout_retry_limit.as_ref())
        .maybe("backoff", policy.backoff.as_ref().map(backoff))
        .build()
}

/// A back-off.
pub fn backoff(backoff: &Backoff) -> Json {
    match backoff {
        Backoff::Exponential { error, platform, timeout } => {
            let classes = [("error", error), ("platform", platform), ("timeout", timeout)];
            let object = classes.into_iter().fold(Object::new(), exponential);
            object.with("type", "EXPONENTIAL_BACKOFF").build()
        }
        Backoff::Fixed { error, platform, timeout } => Object::new()
            .parsable("error_retry_backoff_in_secs", error.as_ref())
            .parsable("platform_retry_backoff_in_secs", platform.as_ref())
            .parsable("timeout_retry_backoff_in_secs", timeout.as_ref())
            .with("type", "FIXED_BACKOFF")
            .build(),
    }
}

fn exponential(object: Object, (class, settings): (&str, &Exponential)) -> Object {
    object
        .parsable(&format!("{class}_retry_backoff_in_secs"), settings.base_secs.as_ref())
        .parsable(&format!("{class}_retry_exponent"), settings.exponent.as_ref())
        .parsable(&format!("{class}_retry_limit_in_secs"), settings.limit_secs.as_ref())
}

/// The signals that a step waits for.
pub fn signal_dependencies(dependencies: &[SignalDependency]) -> Json {
    list(dependencies, signal_dependency)
}

/// One signal that a step waits for.
pub fn signal_dependency(dependency: &SignalDependency) -> Json {
    let matches = dependency.match_params.as_ref().map(|matches| {
        let written = matches.iter().map(|(name, condition)| {
            let object = Object::new()
                .with("param", param::write::definition(&condition.param))
                .with("operator", condition.operator.word());
            (name.to_string(), object.build())
        });
        written.collect::<Map<_, _>>()
    });
    named(&dependency.name).maybe("match_params", matches).build()
}

/// The signals that a step sends.
pub fn signal_outputs(outputs: &[SignalOutput]) -> Json {
    list(outputs, |output| {
        named(&output.name).params("params", output.params.as_ref()).params("payload", output.payload.as_ref()).build()
    })
}

/// An object with a name, unless it is a placeholder for none.
fn named(name: &str) -> Object {
    Object::new().maybe("name", (!name.is_empty()).then_some(name))
}

/// A time trigger.
pub fn time_trigger(trigger: &TimeTrigger) -> Json {
    let (object, word) = match &trigger.kind {
        TimeTriggerKind::Cron(line) => (Object::new().with("cron", &**line), "CRON"),
        TimeTriggerKind::Predefined(expression) => (Object::new().with("expression", &**expression), "PREDEFINED"),
        TimeTriggerKind::Interval { interval, start } => {
            (Object::new().maybe("start", start.clone()).maybe("interval", interval.clone()), "INTERVAL")
        }
    };
    object
        .parsable("fuzzy_max_delay", trigger.fuzzy_max_delay.as_ref())
        .text("timezone", trigger.timezone.as_ref())
        .with("type", word)
        .build()
}

/// A signal trigger.
pub fn signal_trigger(trigger: &SignalTrigger) -> Json {
    let definitions = trigger.definitions.as_ref().map(|definitions| {
        let entries = definitions.iter().map(|(name, entry)| (name.to_string(), signal_trigger_entry(entry)));
        entries.collect::<Map<_, _>>()
    });
    Object::new()
        .maybe("definitions", definitions)
        .params("params", trigger.params.as_ref())
        .text("condition", trigger.condition.as_ref())
        .text("dedup_expr", trigger.dedup_expr.as_ref())
        .build()
}

fn signal_trigger_entry(entry: &SignalTriggerEntry) -> Json {
    let matches = entry.match_params.as_ref().map(|matches| {
        let written = matches.iter().map(|(name, condition)| {
            let value = match &condition.value {
                SignalValue::Long(value) => Json::from(*value),
                SignalValue::String(value) => Json::from(&**value),
            };
            let object = Object::new().with("value", value).with("operator", condition.operator.word());
            (name.to_string(), object.build())
        });
        written.collect::<Map<_, _>>()
    });
    Object::new()
        .maybe("match_params", matches)
        .maybe("join_keys", entry.join_keys.as_ref().map(|keys| list(keys, |key| Json::from(&**key))))
        .build()
}

/// A job template with who answers for it.
pub fn stored_template(stored: &Stored) -> Json {
    Object::new()
        .maybe("owner", stored.owner.as_ref().map(User::to_json))
        .text("status", stored.status.as_ref())
        .text("support", stored.support.as_ref())
        .maybe("test_workflows", stored.test_workflows.as_ref().map(|ids| list(ids, |id| Json::from(&**id))))
        .maybe("git_info", stored.git_info.clone())
        .maybe("definition", stored.definition.as_deref().map(template))
        .and(&stored.extra)
        .build()
}

/// A job template.
pub fn template(template: &Template) -> Json {
    let parents = template.inherit_from.as_ref().map(|parents| {
        let written = parents.iter().map(|(name, version)| (name.to_string(), Json::from(&**version)));
        written.collect::<Map<_, _>>()
    });
    Object::new()
        .with("job_type", &*template.job_type)
        .with("step_type", template.step_type.word())
        .with("version", &*template.version)
        .text("description", template.description.as_ref())
        .maybe("tags", template.tags.as_ref().map(tag::write))
        .maybe("inherit_from", parents)
        .params("params", Some(&template.params))
        .build()
}
