//! Signal instances as they are sent, stored and read.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::{
    definition::SignalValue,
    life::{RowKey, Table},
    port::{Reason, Refusal},
    signal::{Signal, request_id, value_from_json},
    time::Timestamp,
    wire::signal::SignalInstance,
};

/// The longest name of a signal.
const NAME_MAX: usize = 256;

/// Fields of an announcement; any other is added to its payload.
const FIELDS: [&str; 5] = ["name", "params", "payload", "request_id", "request_time"];

/// The payload's field that says which step sent the signal.
const SOURCE: &str = "signal_source";

/// A signal that is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Announcement {
    pub(super) name: Arc<str>,
    /// Equal ids of one name are stored once.
    pub(super) request_id: Arc<str>,
    pub(super) params: IndexMap<Arc<str>, SignalValue>,
    payload: Map<String, Json>,
    request_time: Option<Timestamp>,
}

impl Announcement {
    /// Reads the body of a call.
    pub(super) fn read(body: &Json) -> Result<Self, Refusal> {
        let unread = |what: String| Refusal::new(Reason::BadRequest, format!("JSON parse error: {what}"));
        let Json::Object(object) = body else { return Err(unread("a signal is an object".to_owned())) };
        let mut params = IndexMap::new();
        for (name, json) in object.get("params").and_then(Json::as_object).into_iter().flatten() {
            let value = value_from_json(json).map_err(|error| unread(error.to_string()))?;
            params.insert(Arc::from(name.as_str()), value);
        }
        let name = object.get("name").and_then(Json::as_str).unwrap_or_default();
        let broken = |what: &str| Refusal {
            errors: vec![format!("name [maestro name] {what}")],
            ..Refusal::new(Reason::BadRequest, "400 BAD_REQUEST \"Validation failure\"")
        };
        if name.trim().is_empty() {
            return Err(broken("cannot be null or empty or blank spaces"));
        }
        if name.chars().count() > NAME_MAX {
            return Err(broken(&format!("cannot be more than name length limit {NAME_MAX}")));
        }
        let mut payload = object.get("payload").and_then(Json::as_object).cloned().unwrap_or_default();
        let others = object.iter().filter(|(field, _)| !FIELDS.contains(&field.as_str()));
        payload.extend(others.map(|(field, json)| (field.clone(), json.clone())));
        let given = object.get("request_id").and_then(Json::as_str);
        let request_time = object.get("request_time").and_then(Json::as_i64).map(Timestamp);
        let mut announcement = Self::of(name, params, payload);
        announcement.request_time = request_time;
        if let Some(given) = given {
            announcement.request_id = Arc::from(given);
        }
        Ok(announcement)
    }

    /// What a step announces; `source` says which.
    pub(super) fn by_step(name: &str, params: IndexMap<Arc<str>, SignalValue>, source: Json) -> Self {
        Self::of(name, params, Map::from_iter([(SOURCE.to_owned(), source)]))
    }

    fn of(name: &str, params: IndexMap<Arc<str>, SignalValue>, payload: Map<String, Json>) -> Self {
        let known = params.iter().map(|(name, value)| (&**name, value));
        let request_id = Arc::from(request_id(name, known).to_string());
        Self { name: Arc::from(name), request_id, params, payload, request_time: None }
    }

    /// The document of the signal instance with this number.
    pub(super) fn document(&self, id: i64, now: Timestamp) -> Json {
        let instance = SignalInstance {
            name: Arc::clone(&self.name),
            seq_id: id,
            instance_id: Arc::clone(&self.request_id),
            params: self.params.clone(),
            payload: self.payload.clone(),
            request_time: self.request_time.unwrap_or(now),
            create_time: now,
        };
        serde_json::to_value(instance).unwrap_or_default()
    }
}

/// Where a signal instance is stored.
pub(crate) fn key(name: &str, id: i64) -> RowKey {
    RowKey { first: id, ..RowKey::named(Table::Signal, name) }
}

/// A stored signal, as far as matching is concerned, and its request id.
pub(super) fn parse(row: &RowKey, document: &Json) -> (Signal, Arc<str>) {
    let params = document["params"].as_object().into_iter().flatten();
    let params = params.filter_map(|(name, json)| Some((Arc::from(name.as_str()), value_from_json(json).ok()?)));
    let signal = Signal { name: Arc::clone(&row.name), id: row.first, params: params.collect() };
    (signal, Arc::from(document["instance_id"].as_str().unwrap_or_default()))
}
