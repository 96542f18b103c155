//! What the engine publishes when a status or a definition changes.

use serde_json::Value as Json;

/// One event, ready to be put into the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Names it for ever: a consumer that has seen the key ignores a second delivery.
    pub key: String,
    /// The document of runtime.md §20, without `sync_time` and `send_time`.
    pub document: Json,
}
