//! What differs from run to run is replaced: times, uuids, generated ids.

use std::{collections::HashMap, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::{Map, Value as Json};

use super::stub::URL;

static UUID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap());
static LOOP_ID: LazyLock<Regex> = LazyLock::new(|| Regex::new("maestro_(foreach|while)_[A-Za-z0-9_]+").unwrap());
static VOLATILE: LazyLock<Regex> = LazyLock::new(|| {
    let names = "RUN_TS|TARGET_RUN_.*|DERIVED_RUN_.*|LOCAL_RUN_.*|RUN_DATE.*|step_instance_uuid|workflow_instance_id";
    Regex::new(&format!("^({names})$")).unwrap()
});
static TRAIL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" (?:Type=\[class|StackTrace=\[)").unwrap());

const DROPPED: [&str; 11] = [
    "group_info",
    "internal_id",
    "execution_id",
    "modify_time",
    "request_time",
    "evaluated_time",
    "tracing_context",
    "step_instance_id",
    "correlation_id",
    "loop_identity",
    "foreach_identity",
];

/// Names generated ids by their first appearance.
#[derive(Default)]
pub(super) struct Normaliser {
    names: HashMap<String, String>,
    counts: HashMap<String, usize>,
}

impl Normaliser {
    /// A body as recorded ones are.
    pub(super) fn body(&mut self, body: Json) -> Json {
        let body = by_step(body);
        self.value(&body, "", false)
    }

    fn text(&mut self, text: &str) -> String {
        let text = text.replace(URL, "{{stub}}");
        let text = TRAIL.split(&text).next().unwrap_or_default().to_owned();
        let text = self.loop_ids(&text);
        UUID.replace_all(&text, "<uuid>").into_owned()
    }

    fn loop_ids(&mut self, text: &str) -> String {
        let replace = |found: &Captures<'_>| {
            let (id, kind) = (found[0].to_owned(), found[1].to_owned());
            if !self.names.contains_key(&id) {
                let count = self.counts.entry(kind.clone()).or_default();
                *count += 1;
                self.names.insert(id.clone(), format!("<{kind}:{count}>"));
            }
            self.names[&id].clone()
        };
        LOOP_ID.replace_all(text, replace).into_owned()
    }

    fn value(&mut self, json: &Json, key: &str, is_volatile: bool) -> Json {
        let masked = is_volatile && matches!(key, "evaluated_result" | "value");
        match json {
            Json::Object(object) => self.object(object, key, is_volatile),
            Json::Array(array) => {
                let mut values: Vec<Json> = array.iter().map(|json| self.value(json, key, is_volatile)).collect();
                if matches!(key, "predecessors" | "tags") {
                    values.sort_by_key(ToString::to_string);
                }
                if key == "timeline" {
                    values.retain(|entry| {
                        !entry["message"].as_str().unwrap_or_default().to_lowercase().contains("permit")
                    });
                }
                Json::Array(values)
            }
            Json::String(_) if masked => "<volatile>".into(),
            Json::String(text) => self.text(text).into(),
            Json::Number(_) if masked => "<volatile>".into(),
            Json::Number(number) => {
                let is_time = key.ends_with("_time") || matches!(key, "timestamp" | "created_at_milli");
                let is_late = number.as_f64().is_some_and(|number| number > 1e11);
                if is_time && is_late { "<time>".into() } else { json.clone() }
            }
            other => other.clone(),
        }
    }

    fn object(&mut self, object: &Map<String, Json>, key: &str, is_volatile: bool) -> Json {
        let counts = |object: &Map<String, Json>| {
            object.iter().map(|(status, entry)| (status.clone(), entry.get("cnt").unwrap_or(entry).clone())).collect()
        };
        if key == "step_overview" || (key == "overview" && object.values().all(|entry| entry.get("cnt").is_some())) {
            return Json::Object(counts(object));
        }
        let mut kept = Map::new();
        for (name, json) in object.iter().filter(|(name, json)| !DROPPED.contains(&name.as_str()) && !is_empty(json)) {
            let value = self.value(json, name, is_volatile || VOLATILE.is_match(name));
            if !is_empty(&value) {
                kept.insert(self.loop_ids(name), value);
            }
        }
        Json::Object(kept)
    }
}

pub(super) fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(array) => array.is_empty(),
        Json::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Lists of step instances come in no promised order.
fn by_step(body: Json) -> Json {
    let Json::Array(mut list) = body else { return body };
    if list.iter().all(|entry| entry.get("step_id").is_some()) {
        list.sort_by_key(|entry| (entry["step_id"].to_string(), entry["step_attempt_id"].as_i64()));
    }
    Json::Array(list)
}
