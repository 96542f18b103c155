//! Names for what differs from run to run: uuids, derived ids, and values that depend on the clock.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::path::Paths;

static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("the pattern is a constant")
});
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("maestro_(?:foreach|while)_[A-Za-z0-9]+_[A-Za-z0-9]+_[0-9a-f]{32}").expect("the pattern is a constant")
});

/// Params that hold the clock or an id (runtime.md §23.4); compared by presence only.
const VOLATILE_PARAMS: [&str; 8] = [
    "RUN_TS",
    "TARGET_RUN_",
    "DERIVED_RUN_",
    "LOCAL_RUN_",
    "RUN_DATE",
    "RUN_HOUR",
    "step_instance_uuid",
    "workflow_instance_id",
];

/// Names given by first appearance, the same for the whole tree.
pub(super) struct Symbols {
    bodies: HashMap<String, String>,
    uuids: HashMap<String, usize>,
}

impl Symbols {
    pub(super) fn new(paths: &Paths) -> Self {
        let bodies = paths.bodies().map(|(id, place)| (id.to_string(), format!("<body of {place}>"))).collect();
        Self { bodies, uuids: HashMap::new() }
    }

    /// Whether a param's value is the clock's or an id's.
    pub(super) fn is_volatile(param: &str) -> bool {
        VOLATILE_PARAMS.iter().any(|prefix| param.starts_with(prefix))
    }

    /// A value with every volatile text in it named.
    pub(super) fn value(&mut self, value: &Json) -> Json {
        match value {
            Json::String(text) => Json::String(self.text(text)),
            Json::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Json::Object(fields) => {
                let mut keys: Vec<_> = fields.iter().filter(|(_, value)| !is_nothing(value)).collect();
                keys.sort_by(|a, b| a.0.cmp(b.0));
                Json::Object(keys.into_iter().map(|(key, value)| (self.text(key), self.value(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// Text with uuids and loop-body ids named.
    fn text(&mut self, text: &str) -> String {
        if text.len() < 32 {
            return text.to_owned();
        }
        let named = BODY.replace_all(text, |found: &regex::Captures<'_>| {
            self.bodies.get(&found[0]).cloned().unwrap_or_else(|| "<another body>".to_owned())
        });
        let replaced = UUID.replace_all(&named, |found: &regex::Captures<'_>| {
            let next = self.uuids.len() + 1;
            format!("<uuid {}>", self.uuids.entry(found[0].to_owned()).or_insert(next))
        });
        replaced.into_owned()
    }
}

/// Absent, null, empty list and empty map are one (runtime.md §24, rule 10).
pub(super) fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// An object without the fields that are nothing.
pub(super) fn object(fields: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    let kept = fields.into_iter().filter(|(_, value)| !is_nothing(value));
    Json::Object(kept.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
