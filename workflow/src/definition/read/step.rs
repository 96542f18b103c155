//! Steps of all kinds.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{
    reader::{Reader, listed},
    retry, signal,
};
use crate::{
    definition::{FailureMode, Kind, RetryPolicy, Step, StepType, Transition, shape},
    id::StepId,
    param,
    problem::{Path, code, nearest},
};

const CLASS: &str = "com.netflix.maestro.models.definition.Step";

/// A list of wrapped steps; a step that cannot be read is left out.
pub(super) fn list(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Vec<Arc<Step>> {
    let Some(list) = reader.list(path, json, &format!("java.util.ArrayList<{CLASS}>")) else { return Vec::new() };
    let steps = list.iter().enumerate();
    steps.filter_map(|(index, json)| wrapped(reader, &path.index(index), json).map(Arc::new)).collect()
}

/// An object whose only key says the kind of the step that it holds.
pub(super) fn wrapped(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Step> {
    if json.is_null() {
        reader.report(code::NULL_VALUE, path, "a step cannot be null");
        return None;
    }
    let object = reader.object(path, json, CLASS)?;
    let known = || shape::WRAPPERS.iter().map(|(word, _)| *word);
    let Some((word, body)) = object.iter().next() else {
        let message = format!("a step is an object with exactly one key of {}", listed(known()));
        reader.report(code::STEP_WRAPPER, path, message);
        return None;
    };
    let found = shape::WRAPPERS.iter().find(|(wrapper, _)| wrapper.eq_ignore_ascii_case(word));
    let Some((wrapper, fields)) = found else {
        let message = format!(
            "Could not resolve type id '{word}' as a subtype of `{CLASS}`: known type ids = [foreach, step, subworkflow, template, while] (for POJO property 'steps')"
        );
        let hint = match nearest(word, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("wrap it in one of {}", listed(known())),
        };
        reader.report(code::STEP_WRAPPER, &path.key(word), message).hint = Some(hint);
        return None;
    };
    let step = body_of(reader, &path.key(word), body, wrapper, fields);
    if let Some((second, _)) = object.iter().nth(1) {
        let message = "Unexpected token (FIELD_NAME), expected END_OBJECT: expected closing END_OBJECT after type information and deserialized value";
        let hint = "write one element of `steps` for each step";
        reader.report(code::STEP_WRAPPER, &path.key(second), message).hint = Some(hint.to_owned());
    }
    step
}

/// What the fields of a step said, before its kind is put together.
#[derive(Default)]
struct Written {
    id: Option<Arc<str>>,
    name: Option<Arc<str>>,
    description: Option<Arc<str>>,
    transition: Transition,
    failure_mode: Option<FailureMode>,
    tags: Option<crate::tag::Tags>,
    timeout: Option<crate::definition::Parsable>,
    signal_dependencies: Option<Vec<crate::definition::SignalDependency>>,
    signal_outputs: Option<Vec<crate::definition::SignalOutput>>,
    params: Option<param::Definitions>,
    step_type: Option<StepType>,
    sub_type: Option<Arc<str>>,
    sub_type_version: Option<Arc<str>>,
    retry_policy: Option<RetryPolicy>,
    sync: Option<bool>,
    explicit_params: Option<bool>,
    concurrency: Option<i64>,
    strict_ordering: Option<bool>,
    condition: Option<Arc<str>>,
    steps: Vec<Arc<Step>>,
}

fn body_of(reader: &mut Reader, path: &Path<'_>, json: &Json, wrapper: &str, fields: &shape::Shape) -> Option<Step> {
    let is_typed = wrapper == "step";
    let mut written = Written::default();
    if json.get("transition").is_some_and(Json::is_null) {
        reader.report(code::NULL_VALUE, &path.key("transition"), "transition cannot be null");
    }
    let has_type = json.get("type").is_some_and(|json| !json.is_null());
    let is_object = reader.fields(path, json, fields, |reader, path, name, json| {
        written.take(reader, path, name, json, is_typed);
    });
    if !is_object {
        return None;
    }
    if is_typed && !has_type {
        let hint = format!("one of {}", listed(StepType::WORDS.iter().copied()));
        reader.report(code::MISSING_FIELD, &path.key("type"), "may not be null").hint = Some(hint);
    }
    if wrapper == "while" && written.condition.is_none() {
        reader.report(code::MISSING_FIELD, &path.key("condition"), "may not be null");
    }
    Some(written.into_step(wrapper))
}

impl Written {
    fn take(&mut self, reader: &mut Reader, path: &Path<'_>, name: &str, json: &Json, is_typed: bool) {
        match name {
            "id" => self.id = reader.text(path, json),
            "name" => self.name = reader.text(path, json),
            "description" => self.description = reader.text(path, json),
            "transition" => self.transition = transition(reader, path, json),
            "failure_mode" => self.failure_mode = failure_mode(reader, path, json),
            "tags" => self.tags = Some(crate::tag::read(json, &path.to_string(), &mut reader.problems)),
            "timeout" => self.timeout = reader.parsable(path, json),
            "signal_dependencies" => self.signal_dependencies = signal::dependencies(reader, path, json),
            "signal_outputs" => self.signal_outputs = signal::outputs(reader, path, json),
            "params" => self.params = Some(reader.params(path, json)),
            "type" if is_typed => self.step_type = step_type(reader, path, json),
            "sub_type" => self.sub_type = reader.text(path, json),
            "sub_type_version" => self.sub_type_version = reader.text(path, json),
            "retry_policy" => self.retry_policy = retry::policy(reader, path, json),
            "sync" => self.sync = reader.boolean(path, json),
            "explicit_params" => self.explicit_params = reader.boolean(path, json),
            "concurrency" => self.concurrency = reader.integer(path, json),
            "strict_ordering" => self.strict_ordering = reader.boolean(path, json),
            "condition" => self.condition = reader.text(path, json),
            "steps" => self.steps = list(reader, path, json),
            _ => {}
        }
    }

    /// What is missing gets a placeholder: its absence was reported, or an empty id is refused by the rules.
    fn into_step(self, wrapper: &str) -> Step {
        let kind = match wrapper {
            "subworkflow" => Kind::Subworkflow { sync: self.sync, explicit_params: self.explicit_params },
            "foreach" => Kind::Foreach {
                concurrency: self.concurrency,
                strict_ordering: self.strict_ordering,
                steps: self.steps,
            },
            "while" => Kind::While { condition: self.condition.unwrap_or_else(|| Arc::from("")), steps: self.steps },
            "template" => Kind::Template { sub_type: self.sub_type },
            _ => Kind::Typed {
                step_type: self.step_type.unwrap_or(StepType::NoOp),
                sub_type: self.sub_type,
                sub_type_version: self.sub_type_version,
                retry_policy: self.retry_policy,
            },
        };
        Step {
            id: StepId::from(self.id.as_deref().unwrap_or_default()),
            name: self.name,
            description: self.description,
            transition: self.transition,
            failure_mode: self.failure_mode,
            tags: self.tags,
            timeout: self.timeout,
            signal_dependencies: self.signal_dependencies,
            signal_outputs: self.signal_outputs,
            params: self.params,
            kind,
        }
    }
}

/// A failure mode in any case.
pub(super) fn failure_mode(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<FailureMode> {
    const CLASS: &str = "com.netflix.maestro.models.definition.FailureMode";
    reader.word(path, json, CLASS, (FailureMode::WORDS, FailureMode::from_word))
}

/// A step type in any case.
pub(super) fn step_type(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<StepType> {
    const CLASS: &str = "com.netflix.maestro.models.definition.StepType";
    reader.word(path, json, CLASS, (StepType::WORDS, StepType::from_word))
}

fn transition(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Transition {
    let mut read = Transition::default();
    reader.fields(path, json, &shape::TRANSITION, |reader, path, name, json| match name {
        "predecessors" => read.predecessors = predecessors(reader, path, json),
        _ => read.successors = successors(reader, path, json),
    });
    read
}

fn predecessors(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Vec<StepId>> {
    let ids: Vec<StepId> = reader.texts(path, json)?.iter().map(|id| StepId::from(&**id)).collect();
    let is_repeated = |(index, id): (usize, &StepId)| ids[..index].contains(id);
    if ids.iter().enumerate().any(is_repeated) {
        let all = ids.iter().map(StepId::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("Invalid successor list as there are duplicate step ids: [{all}]");
        reader.report(code::DUPLICATE_PREDECESSOR, path, message);
    }
    Some(ids)
}

fn successors(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<IndexMap<StepId, Option<Arc<str>>>> {
    let Some(object) = json.as_object() else {
        reader.wrong_type(path, json, "java.util.LinkedHashMap<java.lang.String,java.lang.String>");
        let hint = r#"write `{"next_step": "true"}`: each successor with its condition"#;
        if let Some(problem) = reader.problems.last_mut() {
            problem.hint = Some(hint.to_owned());
        }
        return None;
    };
    let read = object.iter().map(|(id, condition)| {
        let condition = if condition.is_null() { None } else { reader.text(&path.key(id), condition) };
        (StepId::from(id.as_str()), condition)
    });
    Some(read.collect())
}
