//! Triggers by time and by signals.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{reader::Reader, retry::tagged, signal::operator};
use crate::{
    definition::{SignalTrigger, SignalTriggerEntry, SignalValue, StaticMatch, TimeTrigger, TimeTriggerKind, shape},
    problem::{Path, code},
};

/// A time trigger. One without its cron line or expression is kept with an empty one, for the rules to refuse.
pub(super) fn time(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<TimeTrigger> {
    let kind = tagged(reader, path, json, "com.netflix.maestro.models.trigger.TimeTrigger", shape::TIME_TRIGGERS)?;
    let fields = shape::TIME_TRIGGERS.iter().find(|(word, _)| *word == kind).map(|(_, shape)| *shape)?;
    let (mut line, mut timezone, mut fuzzy_max_delay) = (Arc::from(""), None, None);
    let (mut interval, mut start) = (None, None);
    reader.fields(path, json, fields, |reader, path, name, json| match name {
        "cron" | "expression" => line = reader.text(path, json).unwrap_or_else(|| Arc::from("")),
        "timezone" => timezone = reader.text(path, json),
        "fuzzy_max_delay" => fuzzy_max_delay = reader.parsable(path, json),
        "interval" => interval = Some(json.clone()),
        "start" => start = Some(json.clone()),
        _ => {}
    });
    let kind = match kind {
        "CRON" => TimeTriggerKind::Cron(line),
        "PREDEFINED" => TimeTriggerKind::Predefined(line),
        _ => TimeTriggerKind::Interval { interval, start },
    };
    Some(TimeTrigger { kind, timezone, fuzzy_max_delay })
}

/// A signal trigger.
pub(super) fn signal(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<SignalTrigger> {
    let mut read = SignalTrigger { definitions: None, params: None, condition: None, dedup_expr: None };
    let is_object = reader.fields(path, json, &shape::SIGNAL_TRIGGER, |reader, path, name, json| match name {
        "definitions" => read.definitions = definitions(reader, path, json),
        "params" => read.params = Some(reader.loose_params(path, json)),
        "condition" => read.condition = reader.text(path, json),
        _ => read.dedup_expr = reader.text(path, json),
    });
    is_object.then_some(read)
}

fn definitions(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<IndexMap<Arc<str>, SignalTriggerEntry>> {
    let object = reader.object(path, json, "java.util.LinkedHashMap")?;
    let read = object.iter().filter_map(|(name, json)| {
        let entry = entry(reader, &path.key(name), json)?;
        Some((Arc::from(name.as_str()), entry))
    });
    Some(read.collect())
}

fn entry(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<SignalTriggerEntry> {
    let mut read = SignalTriggerEntry { match_params: None, join_keys: None };
    let is_object = reader.fields(path, json, &shape::SIGNAL_TRIGGER_ENTRY, |reader, path, name, json| match name {
        "match_params" => read.match_params = matches(reader, path, json),
        _ => read.join_keys = reader.texts(path, json),
    });
    is_object.then_some(read)
}

fn matches(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<IndexMap<Arc<str>, StaticMatch>> {
    let object = reader.object(path, json, "java.util.LinkedHashMap")?;
    let entries = object.iter().filter(|(_, json)| !json.is_null());
    let read = entries.filter_map(|(name, json)| {
        let (mut value, mut operator) = (None, None);
        let at = path.key(name);
        let before = reader.problems.len();
        reader.fields(&at, json, &shape::STATIC_MATCH, |reader, path, name, json| match name {
            "value" => value = static_value(reader, path, json),
            _ => operator = self::operator(reader, path, json),
        });
        match (value, operator) {
            (Some(value), Some(operator)) => Some((Arc::from(name.as_str()), StaticMatch { value, operator })),
            _ if reader.problems.len() > before => None,
            _ => {
                reader.report(code::SIGNAL_MATCH, &at, "The value and the operator in SignalMatchParam must be set");
                None
            }
        }
    });
    Some(read.collect())
}

fn static_value(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<SignalValue> {
    match json {
        Json::String(text) => Some(SignalValue::String(Arc::from(text.as_str()))),
        Json::Number(_) => reader.integer(path, json).map(SignalValue::Long),
        _ => {
            let message = format!("SignalParamValue value only supports Long or String, but got [{json}]");
            reader.report(code::SIGNAL_MATCH, path, message);
            None
        }
    }
}
