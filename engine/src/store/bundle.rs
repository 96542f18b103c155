//! Events as the outbox of a database keeps them.

use serde_json::json;
use workflow::event::Event;

use super::{Error, Position};

#[derive(serde::Deserialize)]
struct Stored {
    key: String,
    document: serde_json::Value,
}

pub(super) fn encode(events: &[Event]) -> String {
    let events: Vec<_> = events.iter().map(|event| json!({ "key": event.key, "document": event.document })).collect();
    serde_json::Value::Array(events).to_string()
}

pub(super) fn decode(position: Position, text: &str) -> Result<Vec<Event>, Error> {
    let stored: Vec<Stored> =
        serde_json::from_str(text).map_err(|_| Error::Unreadable { what: format!("outbox bundle {}", position.0) })?;
    Ok(stored.into_iter().map(|Stored { key, document }| Event { key, document }).collect())
}
