//! Properties of a workflow, their snapshot, and changes of them.

use serde_json::Value as Json;

use super::{alerting, reader::Reader};
use crate::{
    definition::{
        Properties, Rule, RunStrategy,
        properties::{Snapshot, Update},
        shape,
    },
    problem::{Path, code},
    user::User,
};

/// Properties as a push carries them.
pub(super) fn properties(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Properties> {
    let mut read = Properties::default();
    let is_object = reader.fields(path, json, &shape::PROPERTIES, |reader, path, name, json| {
        take(&mut read, reader, path, name, json);
    });
    is_object.then_some(read)
}

fn take(read: &mut Properties, reader: &mut Reader, path: &Path<'_>, name: &str, json: &Json) {
    match name {
        "owner" => read.owner = user(reader, path, json),
        "access_control" => {
            let message = "access_control cannot be read: there is no access control in this installation";
            reader.report(code::ACCESS_CONTROL, path, message);
        }
        "run_strategy" => read.run_strategy = run_strategy(reader, path, json),
        "step_concurrency" => read.step_concurrency = reader.integer(path, json),
        "alerting" => read.alerting = alerting::alerting(reader, path, json),
        "alerting_disabled" => read.alerting_disabled = reader.boolean(path, json),
        "signal_trigger_disabled" => read.signal_trigger_disabled = reader.boolean(path, json),
        "time_trigger_disabled" => read.time_trigger_disabled = reader.boolean(path, json),
        "description" => read.description = reader.text(path, json),
        "tags" => read.tags = Some(crate::tag::read(json, &path.to_string(), &mut reader.problems)),
        _ => {}
    }
}

/// Properties as they are stored, with who changed them and when.
pub(super) fn snapshot(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Snapshot> {
    let object = reader.object(path, json, "com.netflix.maestro.models.definition.PropertiesSnapshot")?;
    let mut read = Snapshot { workflow_id: None, create_time: None, author: None, properties: Properties::default() };
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = path.key(name);
        match name.as_str() {
            "workflow_id" => read.workflow_id = reader.text(&at, json).map(|id| id.as_ref().into()),
            "create_time" => read.create_time = reader.integer(&at, json).map(crate::time::Timestamp),
            "author" => read.author = user(reader, &at, json),
            name => take(&mut read.properties, reader, &at, name, json),
        }
    }
    Some(read)
}

/// A change of properties, with what is to be unset.
pub(super) fn update(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Update> {
    const CLASS: &str = "com.netflix.maestro.models.api.WorkflowPropertiesUpdateRequest";
    let object = reader.object(path, json, CLASS)?;
    let mut read = Update::default();
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = path.key(name);
        match name.as_str() {
            "reset_run_strategy_rule" => read.resets_run_strategy = reader.boolean(&at, json).unwrap_or(false),
            "reset_workflow_concurrency" => {
                read.resets_workflow_concurrency = reader.boolean(&at, json).unwrap_or(false);
            }
            "reset_step_concurrency" => read.resets_step_concurrency = reader.boolean(&at, json).unwrap_or(false),
            name if shape::PROPERTIES.knows(name) => take(&mut read.properties, reader, &at, name, json),
            name => {
                let message = format!("Unrecognized field \"{name}\" (class {CLASS}), not marked as ignorable");
                reader.report(code::UNKNOWN_FIELD, &at, message);
            }
        }
    }
    if read.contradicts_itself() {
        let message = format!(
            "Cannot construct instance of `{CLASS}`, problem: Setting and resetting the same workflow property in one request is not allowed"
        );
        reader.report(code::SET_AND_RESET, path, message);
    }
    Some(read)
}

/// A name, or an object with one.
pub(super) fn user(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<User> {
    let user = serde_json::from_value(json.clone());
    if let Err(error) = &user {
        reader.report(code::USER, path, error.to_string());
    }
    user.ok()
}

const RULE: &str = "com.netflix.maestro.models.definition.RunStrategy.Rule";

/// A rule, a number, or an object.
pub(super) fn run_strategy(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<RunStrategy> {
    match json {
        Json::String(word) => Some(RunStrategy::of(rule(reader, path, word)?)),
        Json::Number(number) if number.is_i64() => {
            Some(RunStrategy { rule: Rule::Parallel, workflow_concurrency: reader.integer(path, json)? })
        }
        Json::Object(_) => run_strategy_object(reader, path, json),
        _ => {
            reader.report(
                code::RUN_STRATEGY,
                path,
                format!("a run strategy is a rule, a whole number or an object, not {json}"),
            );
            None
        }
    }
}

fn run_strategy_object(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<RunStrategy> {
    let (mut rule, mut concurrency) = (None, None);
    let before = reader.problems.len();
    reader.fields(path, json, &shape::RUN_STRATEGY, |reader, path, name, json| match name {
        "rule" => rule = reader.text(path, json).and_then(|word| self::rule(reader, path, &word)),
        _ => concurrency = reader.integer(path, json),
    });
    let Some(rule) = rule else {
        if reader.problems.len() == before {
            reader.report(code::RUN_STRATEGY, path, "rule in run strategy cannot be null");
        }
        return None;
    };
    let concurrency = concurrency.unwrap_or_else(|| rule.default_concurrency());
    if rule != Rule::Parallel && concurrency > 1 {
        let message = "Only PARALLEL run strategy allows a workflow_concurrency greater than 1 ";
        reader.report(code::RUN_STRATEGY, path, message);
    }
    Some(RunStrategy { rule, workflow_concurrency: concurrency })
}

fn rule(reader: &mut Reader, path: &Path<'_>, word: &str) -> Option<Rule> {
    let rule = Rule::from_word(word);
    if rule.is_none() {
        let constant = word.to_uppercase();
        let message = format!(
            "Cannot construct instance of `com.netflix.maestro.models.definition.RunStrategy`, problem: No enum constant {RULE}.{constant}"
        );
        let hint = super::reader::words_hint(word, Rule::WORDS);
        reader.report(code::UNKNOWN_WORD, path, message).hint = Some(hint);
    }
    rule
}
