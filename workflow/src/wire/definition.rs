//! A workflow's definition as a document: what was written, in canonical words, without the defaults.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::object::Object;
use crate::{
    definition::{
        Backoff, Exponential, Kind, MatchParam, Parsable, RetryPolicy, SignalDependency, SignalOutput, SignalTrigger,
        SignalTriggerEntry, SignalValue, StaticMatch, Step, TimeTrigger, TimeTriggerKind, Transition, Workflow,
    },
    param, tag,
};

/// A version's `workflow`.
pub fn workflow(workflow: &Workflow) -> Json {
    let time_triggers: Vec<Json> = workflow.time_triggers.iter().map(time_trigger).collect();
    let signal_triggers: Vec<Json> = workflow.signal_triggers.iter().map(signal_trigger).collect();
    Object::new()
        .with("id", workflow.id.as_str())
        .maybe("name", workflow.name.as_deref())
        .maybe("description", workflow.description.as_deref())
        .maybe("tags", workflow.tags.as_ref().map(tag::write))
        .maybe("timeout", workflow.timeout.as_ref().map(parsable))
        .maybe("time_triggers", (!time_triggers.is_empty()).then_some(time_triggers))
        .maybe("signal_triggers", (!signal_triggers.is_empty()).then_some(signal_triggers))
        .maybe("criticality", workflow.criticality.map(|word| word.word()))
        .maybe("instance_step_concurrency", workflow.instance_step_concurrency)
        .maybe("params", workflow.params.as_ref().map(param::write::definitions))
        .with("steps", steps(&workflow.steps))
        .build()
}

fn steps(steps: &[Arc<Step>]) -> Json {
    steps.iter().map(|inner| step(inner)).collect()
}

/// A step in the wrapper of its kind.
pub fn step(step: &Step) -> Json {
    let transition = (step.transition != Transition::default()).then(|| transition(&step.transition));
    let head = Object::new()
        .with("id", step.id.as_str())
        .maybe("name", step.name.as_deref())
        .maybe("description", step.description.as_deref())
        .maybe("transition", transition);
    let tail = |object: Object| {
        let dependencies = step.signal_dependencies.as_ref();
        let outputs = step.signal_outputs.as_ref();
        object
            .maybe("timeout", step.timeout.as_ref().map(parsable))
            .maybe("tags", step.tags.as_ref().map(tag::write))
            .maybe("signal_dependencies", dependencies.map(|all| all.iter().map(dependency).collect::<Json>()))
            .maybe("signal_outputs", outputs.map(|all| all.iter().map(output).collect::<Json>()))
            .maybe("params", step.params.as_ref().map(param::write::definitions))
    };
    let failure_mode = step.failure_mode.map(|mode| mode.word());
    let (wrapper, body) = match &step.kind {
        Kind::Typed { step_type, sub_type, sub_type_version, retry_policy: policy } => {
            let body = head
                .with("type", step_type.word())
                .maybe("sub_type", sub_type.as_deref())
                .maybe("sub_type_version", sub_type_version.as_deref())
                .maybe("failure_mode", failure_mode)
                .maybe("retry_policy", policy.as_ref().map(retry_policy));
            ("step", tail(body))
        }
        Kind::Subworkflow { sync, explicit_params } => {
            let body = head.maybe("failure_mode", failure_mode).maybe("sync", *sync);
            ("subworkflow", tail(body.maybe("explicit_params", *explicit_params)))
        }
        Kind::Foreach { concurrency, strict_ordering, steps: body } => {
            let object = head.maybe("failure_mode", failure_mode).maybe("concurrency", *concurrency);
            let object = object.maybe("strict_ordering", *strict_ordering);
            ("foreach", tail(object).with("steps", steps(body)))
        }
        Kind::While { condition, steps: body } => {
            let object = head.maybe("failure_mode", failure_mode).with("condition", &**condition);
            ("while", tail(object).with("steps", steps(body)))
        }
        Kind::Template { sub_type } => {
            let body = head.maybe("failure_mode", failure_mode).maybe("sub_type", sub_type.as_deref());
            ("template", tail(body))
        }
    };
    json!({ wrapper: body.build() })
}

fn transition(transition: &Transition) -> Json {
    let predecessors = transition.predecessors.as_ref();
    let condition = |condition: &Option<Arc<str>>| condition.as_deref().map_or(Json::Null, Json::from);
    let successors = transition.successors.as_ref().map(|successors| {
        successors.iter().map(|(step, written)| (step.to_string(), condition(written))).collect::<Json>()
    });
    Object::new()
        .maybe("predecessors", predecessors.map(|all| all.iter().map(|step| Json::from(&**step)).collect::<Json>()))
        .maybe("successors", successors)
        .build()
}

/// A number, or the text that becomes one.
pub fn parsable(value: &Parsable) -> Json {
    match value {
        Parsable::Number(number) => Json::Number(number.clone()),
        Parsable::Text(text) => Json::from(&**text),
    }
}

/// A retry policy as written.
pub fn retry_policy(policy: &RetryPolicy) -> Json {
    Object::new()
        .maybe("error_retry_limit", policy.error_retry_limit.as_ref().map(parsable))
        .maybe("platform_retry_limit", policy.platform_retry_limit.as_ref().map(parsable))
        .maybe("timeout_retry_limit", policy.timeout_retry_limit.as_ref().map(parsable))
        .maybe("backoff", policy.backoff.as_ref().map(backoff))
        .build()
}

fn backoff(backoff: &Backoff) -> Json {
    match backoff {
        Backoff::Exponential { error, platform, timeout } => {
            let object = exponential(Object::new(), "error", error);
            let object = exponential(exponential(object, "platform", platform), "timeout", timeout);
            object.with("type", "EXPONENTIAL_BACKOFF").build()
        }
        Backoff::Fixed { error, platform, timeout } => Object::new()
            .maybe("error_retry_backoff_in_secs", error.as_ref().map(parsable))
            .maybe("platform_retry_backoff_in_secs", platform.as_ref().map(parsable))
            .maybe("timeout_retry_backoff_in_secs", timeout.as_ref().map(parsable))
            .with("type", "FIXED_BACKOFF")
            .build(),
    }
}

fn exponential(object: Object, class: &str, written: &Exponential) -> Object {
    object
        .maybe(&format!("{class}_retry_backoff_in_secs"), written.base_secs.as_ref().map(parsable))
        .maybe(&format!("{class}_retry_exponent"), written.exponent.as_ref().map(parsable))
        .maybe(&format!("{class}_retry_limit_in_secs"), written.limit_secs.as_ref().map(parsable))
}

fn dependency(dependency: &SignalDependency) -> Json {
    let one = |(name, matched): (&Arc<str>, &MatchParam)| {
        let param = param::write::definition(&matched.param);
        (name.to_string(), json!({ "param": param, "operator": matched.operator.word() }))
    };
    let params = dependency.match_params.as_ref();
    Object::new()
        .with("name", &*dependency.name)
        .maybe("match_params", params.map(|params| params.iter().map(one).collect::<Json>()))
        .build()
}

fn output(output: &SignalOutput) -> Json {
    Object::new()
        .with("name", &*output.name)
        .maybe("params", output.params.as_ref().map(param::write::definitions))
        .maybe("payload", output.payload.as_ref().map(param::write::definitions))
        .build()
}

/// A time trigger.
pub fn time_trigger(trigger: &TimeTrigger) -> Json {
    let object = match &trigger.kind {
        TimeTriggerKind::Cron(line) => Object::new().with("cron", &**line),
        TimeTriggerKind::Predefined(expression) => Object::new().with("expression", &**expression),
        TimeTriggerKind::Interval { interval, start } => {
            Object::new().maybe("interval", interval.clone()).maybe("start", start.clone())
        }
    };
    let kind = match &trigger.kind {
        TimeTriggerKind::Cron(_) => "CRON",
        TimeTriggerKind::Predefined(_) => "PREDEFINED",
        TimeTriggerKind::Interval { .. } => "INTERVAL",
    };
    object
        .maybe("timezone", trigger.timezone.as_deref())
        .maybe("fuzzy_max_delay", trigger.fuzzy_max_delay.as_ref().map(parsable))
        .with("type", kind)
        .build()
}

/// A signal trigger.
pub fn signal_trigger(trigger: &SignalTrigger) -> Json {
    let entries = trigger.definitions.iter().map(|(name, entry)| (name.to_string(), signal_trigger_entry(entry)));
    Object::new()
        .with("definitions", entries.collect::<Json>())
        .maybe("params", trigger.params.as_ref().map(param::write::definitions))
        .maybe("condition", trigger.condition.as_deref())
        .maybe("dedup_expr", trigger.dedup_expr.as_deref())
        .build()
}

fn signal_trigger_entry(entry: &SignalTriggerEntry) -> Json {
    let params = entry.match_params.as_ref().map(|params| {
        let one = |matched: &StaticMatch| json!({ "value": signal_value(&matched.value), "operator": matched.operator.word() });
        params.iter().map(|(name, matched)| (name.to_string(), one(matched))).collect::<Json>()
    });
    let keys = entry.join_keys.as_ref();
    Object::new()
        .maybe("match_params", params)
        .maybe("join_keys", keys.map(|keys| keys.iter().map(|key| Json::from(&**key)).collect::<Json>()))
        .build()
}

/// A signal param's value.
pub fn signal_value(value: &SignalValue) -> Json {
    match value {
        SignalValue::Long(number) => Json::from(*number),
        SignalValue::String(text) => Json::from(&**text),
    }
}
