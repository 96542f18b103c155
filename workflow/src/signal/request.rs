//! What makes two announcements of a signal the same.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::value::value_to_json;
use crate::{definition::SignalValue, id::name_uuid};

/// The request id of a signal that is announced without one: equal names and params are announced once.
pub fn request_id<'a>(name: &str, params: impl IntoIterator<Item = (&'a str, &'a SignalValue)>) -> Uuid {
    let params: BTreeMap<_, _> = params.into_iter().map(|(name, value)| (name, value_to_json(value))).collect();
    name_uuid(&json!({"name": name, "params": params}).to_string())
}
