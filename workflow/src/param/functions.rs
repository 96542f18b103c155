//! The functions behind `params.getFrom…` in expressions.

use std::{fmt::Display, sync::Arc};

use super::{
    Context, Value,
    context::{Attempt, Children, Signal, SignalQuery, Step, VALIDATION},
    result,
};
use crate::{
    id::{Ids, InstanceId, StepId},
    port::{Found, Lookup},
};

/// Why a function gives no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// It failed; the text begins as Maestro's does and ends with the cause.
    Failed(String),
    /// There is no such function with so many arguments.
    Unknown,
    /// It needs what another run has stored.
    Pending(Lookup),
}

/// Calls `params.function(arguments…)`; arguments are texts.
pub fn call(context: &dyn Context, ids: &mut dyn Ids, function: &str, arguments: &[&str]) -> Result<Value, Refused> {
    match (function, arguments) {
        ("nextUniqueId", []) => Ok(Value::Long(ids.number())),
        ("getExecutionEnvironment", []) => Ok(text(context.instance().environment)),
        ("getFromInstance", [field]) => named(from_instance(context, field), || {
            format!("getFromInstance throws an exception for fieldName=[{field}]")
        }),
        ("getFromStep", [field]) => {
            named(from_current_step(context, field), || format!("getFromStep throws an exception fieldName=[{field}]"))
        }
        ("getFromStep", [step, param]) => named(from_step(context, step, param), || {
            format!("getFromStep throws an exception for stepId=[{step}], paramName=[{param}]")
        }),
        ("getFromSignal", [param]) => named(signal(context, SignalQuery::Trigger { param }), || {
            format!("getFromSignal throws an exception for paramName=[{param}]")
        }),
        ("getFromSignal", [signal, param]) => from_signal(context, signal, param),
        ("getFromSignalOrDefault", [signal, param, default]) => {
            Ok(from_signal(context, signal, param).unwrap_or_else(|_| text(default)))
        }
        ("getFromSignalDependency", [index, param]) => named(from_dependency(context, index, param), || {
            format!(
                "getFromSignalDependency throws an exception for signalDependencyIndex=[{index}], paramName=[{param}]"
            )
        }),
        ("getFromForeach", [foreach, step, param]) => named(from_foreach(context, foreach, step, param), || {
            format!(
                "getFromForeach throws an exception for foreachStepId=[{foreach}], stepId=[{step}], paramName=[{param}]"
            )
        }),
        ("getFromSubworkflow", [child, step, param]) => named(from_subworkflow(context, child, step, param), || {
            format!(
                "getFromSubworkflow throws an exception for subworkflowStepId=[{child}], stepId=[{step}], \
                 paramName=[{param}]"
            )
        }),
        _ => Err(Refused::Unknown),
    }
}

/// A param of a signal that started the run, as `signal__param` reads it too.
pub fn from_signal(context: &dyn Context, name: &str, param: &str) -> Result<Value, Refused> {
    named(signal(context, SignalQuery::Joined { signal: name, param }), || {
        format!("getFromSignal throws an exception for signalName=[{name}], paramName=[{param}]")
    })
}

/// Puts what was tried before the cause.
fn named(found: Result<Value, Refused>, what: impl FnOnce() -> String) -> Result<Value, Refused> {
    found.map_err(|refused| match refused {
        Refused::Failed(cause) => Refused::Failed(format!("{}: {cause}", what())),
        other => other,
    })
}

fn failed<T>(text: impl Display) -> Result<T, Refused> {
    Err(Refused::Failed(text.to_string()))
}

fn text(text: &str) -> Value {
    Value::String(Arc::from(text))
}

fn from_instance(context: &dyn Context, field: &str) -> Result<Value, Refused> {
    let instance = context.instance();
    // No param may be null: unset is the empty text.
    let optional = |value: Option<&str>| Ok(text(value.unwrap_or_default()));
    let at_workflow_level = |value| {
        if context.current_step().is_none() {
            return optional(value);
        }
        failed(format!("getFromInstance('{field}') call can only be used to define a workflow parameter"))
    };
    match field {
        "INITIATOR_TIMEZONE" => optional(instance.initiator.timezone),
        "INITIATOR_TYPE" => Ok(text(instance.initiator.kind)),
        "INITIATOR_RUNNER_NAME" => match instance.initiator.kind {
            "MANUAL" => optional(instance.initiator.user),
            kind => failed(format!("Method [{field}] (only for MANUAL run) does not support initiator [{kind}]")),
        },
        "RUN_POLICY" => optional(instance.run_policy),
        "owner" => at_workflow_level(instance.owner),
        "FIRST_TIME_TRIGGER_TIMEZONE" => at_workflow_level(instance.first_trigger_timezone),
        "workflow_id" => Ok(text(instance.workflow_id)),
        "workflow_instance_id" => Ok(Value::Long(instance.instance_id)),
        "workflow_run_id" => Ok(Value::Long(instance.run_id)),
        _ => failed(format!("Invalid field name [{field}] for getFromInstance call")),
    }
}

fn from_current_step(context: &dyn Context, field: &str) -> Result<Value, Refused> {
    let Some(step) = context.current_step() else {
        return failed(format!("fromStep [{field}] is only available in step execution context"));
    };
    match field {
        "step_id" => Ok(text(step.id)),
        "step_instance_id" => Ok(Value::Long(step.instance_id)),
        "step_instance_uuid" => Ok(text(step.uuid)),
        "step_attempt_id" => Ok(Value::Long(step.attempt_id)),
        "step_type_info" => Ok(text(step.type_info)),
        "MAESTRO_STEP_ERROR_RETRIES" => Ok(Value::Long(step.error_retries)),
        "MAESTRO_STEP_STATUS" => Ok(text(step.status)),
        "MAESTRO_STEP_END_TIME" => match step.end_time {
            Some(time) => Ok(Value::Long(time.0)),
            None => failed(format!("ERROR: current step [{}]'s [{field}] is not set yet.", step.id)),
        },
        _ => failed(format!("Invalid field name [{field}] for getFromStep call")),
    }
}

fn attempt<'a>(context: &'a dyn Context, step: &str) -> Result<Attempt<'a>, Refused> {
    match context.step(step) {
        Step::Started(attempt) => Ok(attempt),
        Step::Unknown | Step::NotStarted => {
            failed(format!("Cannot find the referenced step id [{step}] in the current workflow"))
        }
    }
}

fn from_step(context: &dyn Context, step: &str, param: &str) -> Result<Value, Refused> {
    let attempt = attempt(context, step)?;
    match param {
        "MAESTRO_STEP_STATUS" => return Ok(text(attempt.status)),
        "MAESTRO_STEP_END_TIME" => {
            return match attempt.end_time {
                Some(time) => Ok(Value::Long(time.0)),
                None => failed(format!("ERROR: step [{step}]'s [{param}] is not set yet.")),
            };
        }
        _ => {}
    }
    let Some(found) = attempt.params.get(param) else {
        return failed(format!("Cannot find the referenced param name [{param}] in step [{step}]"));
    };
    match found.value() {
        Some(value) => Ok(value.clone()),
        None => failed(format!(
            "Referenced param [{param}] in step [{step}] is not evaluated yet. \
             Note that a step can only reference its upstream step's param."
        )),
    }
}

fn signal(context: &dyn Context, query: SignalQuery<'_>) -> Result<Value, Refused> {
    match context.signal(query) {
        Signal::Value(value) => Ok(value),
        Signal::Missing(why) => failed(why),
    }
}

fn from_dependency(context: &dyn Context, index: &str, param: &str) -> Result<Value, Refused> {
    if context.instance().initiator.kind == VALIDATION {
        return failed("signal dependencies are not known before a run");
    }
    let Ok(index) = index.parse() else { return failed(format!("[{index}] is no index of a signal dependency")) };
    signal(context, SignalQuery::Dependency { index, param })
}

/// More slots than any foreach has iterations; a corrupt row must not make us allocate.
const SLOTS_MAX: i64 = 1_000_000;

fn from_foreach(context: &dyn Context, foreach: &str, step: &str, param: &str) -> Result<Value, Refused> {
    let attempt = attempt(context, foreach)?;
    if !attempt.step_type.eq_ignore_ascii_case("FOREACH") {
        return failed(format!(
            "step [{foreach}] is a type of [{}] instead of foreach step, cannot call getFromForeach",
            attempt.step_type
        ));
    }
    let Children::Iterations { body, total } = attempt.children else {
        return failed(format!(
            "Cannot load param [{param}] of step [{step}] from foreach [{foreach}] as it is not initialized"
        ));
    };
    let total = total.clamp(0, SLOTS_MAX);
    let lookup = Lookup::Iterations {
        body: body.clone(),
        last: InstanceId(total),
        step: StepId::from(step),
        param: param.to_owned(),
    };
    match context.found(&lookup) {
        None => Err(Refused::Pending(lookup)),
        Some(Found::Iterations(values)) => slots(usize::try_from(total).unwrap_or_default(), values),
        Some(Found::Nothing(why)) => failed(why),
        Some(_) => failed(format!("the iterations of [{foreach}] have no param [{param}] in step [{step}]")),
    }
}

/// One slot an iteration, in order; iterations without the param keep the type's default.
fn slots(total: usize, values: &[(InstanceId, Value)]) -> Result<Value, Refused> {
    fn fill<T: Clone>(
        total: usize,
        values: &[(InstanceId, Value)],
        unset: T,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Arc<[T]>, Refused> {
        let mut slots = vec![unset; total];
        for (iteration, value) in values {
            let index = usize::try_from(iteration.0 - 1).ok();
            let (Some(slot), Some(value)) = (index.and_then(|index| slots.get_mut(index)), read(value)) else {
                return failed(format!("iteration [{iteration}] has a value of another type or is not expected"));
            };
            *slot = value;
        }
        Ok(slots.into())
    }
    let Some((_, first)) = values.first() else { return failed("no iteration has evaluated the param yet") };
    match first {
        Value::String(_) => {
            let text = |value: &Value| result::scalar_text(value).map(|text| Some(Arc::from(text)));
            fill(total, values, None, text).map(Value::StringArray)
        }
        Value::Long(_) => {
            let long = |value: &Value| if let Value::Long(value) = value { Some(*value) } else { None };
            fill(total, values, 0, long).map(Value::LongArray)
        }
        Value::Double(_) => {
            let double = |value: &Value| if let Value::Double(value) = value { Some(*value) } else { None };
            fill(total, values, 0.0, double).map(Value::DoubleArray)
        }
        Value::Boolean(_) => {
            let boolean = |value: &Value| if let Value::Boolean(value) = value { Some(*value) } else { None };
            fill(total, values, false, boolean).map(Value::BooleanArray)
        }
        other => {
            let kind = result::kind_of(other).map_or("null", super::Type::word);
            failed(format!("cannot get param from foreach with a type: {kind}"))
        }
    }
}

fn from_subworkflow(context: &dyn Context, child: &str, step: &str, param: &str) -> Result<Value, Refused> {
    let attempt = attempt(context, child)?;
    if !attempt.step_type.eq_ignore_ascii_case("SUBWORKFLOW") {
        return failed(format!(
            "step [{child}] is a type of [{}] instead of subworkflow step, cannot call getFromSubworkflow",
            attempt.step_type
        ));
    }
    let Children::Child(run) = attempt.children else {
        return failed(format!(
            "Cannot load param [{param}] of step [{step}] from subworkflow [{child}] as it is not initialized"
        ));
    };
    let lookup = Lookup::ChildStep { run: run.clone(), step: StepId::from(step), param: param.to_owned() };
    match context.found(&lookup) {
        None => Err(Refused::Pending(lookup)),
        Some(Found::Value(value)) => Ok(value.clone()),
        Some(Found::Nothing(why)) => failed(why),
        Some(_) => failed(format!("Cannot find the param name: [{param}]")),
    }
}
