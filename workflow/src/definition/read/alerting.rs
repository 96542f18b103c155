//! Alerting settings, checked for shape and brought into their canonical form.

use serde_json::{Map, Value as Json};

use super::reader::{Reader, listed, words_hint};
use crate::{
    definition::shape::{self, Holds, Shape},
    problem::{Path, code, nearest},
};

/// The default shape of alerting.
pub(super) fn alerting(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Json> {
    let object = object(reader, path, json, &shape::ALERTING)?;
    if let Some(tct) = object.get("tct") {
        target_time(reader, &path.key("tct"), tct);
    }
    Some(Json::Object(object))
}

fn target_time(reader: &mut Reader, path: &Path<'_>, tct: &Json) {
    let times = ["completed_by_ts", "completed_by_hour", "duration_minutes"];
    if times.iter().filter(|time| tct.get(time).is_some()).count() != 1 {
        let message = format!("[TCT definition] is invalid, one and only one time field has to be set: {tct}");
        reader.report(code::TARGET_TIME, path, message);
    }
}

fn object(reader: &mut Reader, path: &Path<'_>, json: &Json, shape: &Shape) -> Option<Map<String, Json>> {
    let mut read = Map::new();
    let is_object = reader.fields(path, json, shape, |reader, path, name, json| {
        let holds = shape.fields.iter().find(|field| field.name == name).map(|field| field.holds);
        let value = holds.and_then(|holds| value(reader, path, json, holds));
        read.extend(value.map(|value| (name.to_owned(), value)));
    });
    if shape.name == shape::ALERT_TYPE.name {
        read.entry("disabled").or_insert(Json::Bool(false));
    }
    is_object.then(|| shape.in_order(read))
}

fn value(reader: &mut Reader, path: &Path<'_>, json: &Json, holds: Holds) -> Option<Json> {
    match holds {
        Holds::Text => reader.text(path, json).map(|text| Json::from(&*text)),
        Holds::Integer(..) => reader.integer(path, json).map(Json::from),
        Holds::Boolean => reader.boolean(path, json).map(Json::from),
        Holds::Word(words) => word(reader, path, json, words),
        Holds::List(element) => set(reader, path, json, *element),
        Holds::Object(shape) => object(reader, path, json, shape).map(Json::Object),
        Holds::Map(element) => type_configs(reader, path, json, *element),
        _ => Some(json.clone()),
    }
}

fn word(reader: &mut Reader, path: &Path<'_>, json: &Json, words: &[&'static str]) -> Option<Json> {
    let text = reader.text(path, json)?;
    let known = words.iter().find(|word| word.eq_ignore_ascii_case(&text));
    if known.is_none() {
        let hint = words_hint(&text, words);
        reader
            .report(code::UNKNOWN_WORD, path, format!("`{text}` is not one of {}", listed(words.iter().copied())))
            .hint = Some(hint);
    }
    known.map(|word| Json::from(*word))
}

/// A set: an element that stands twice counts once.
fn set(reader: &mut Reader, path: &Path<'_>, json: &Json, element: Holds) -> Option<Json> {
    let list = reader.list(path, json, "java.util.HashSet")?;
    let mut read: Vec<Json> = Vec::with_capacity(list.len());
    for (index, json) in list.iter().enumerate() {
        let value = value(reader, &path.index(index), json, element);
        read.extend(value.filter(|value| !read.contains(value)));
    }
    Some(Json::Array(read))
}

fn type_configs(reader: &mut Reader, path: &Path<'_>, json: &Json, element: Holds) -> Option<Json> {
    let object = reader.object(path, json, "java.util.LinkedHashMap")?;
    let mut read = Map::new();
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = path.key(name);
        if shape::ALERT_TYPES.contains(&name.as_str()) {
            read.extend(value(reader, &at, json, element).map(|value| (name.clone(), value)));
            continue;
        }
        let message =
            format!("`{name}` is no alert type; keys are one of {}", listed(shape::ALERT_TYPES.iter().copied()));
        reader.report(code::UNKNOWN_WORD, &at, message).hint =
            nearest(name, shape::ALERT_TYPES.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
    }
    Some(Json::Object(read))
}
