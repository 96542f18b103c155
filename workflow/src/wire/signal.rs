//! Signals as they are stored and shown, and as steps wait for and send them (runtime.md §17.3).
#![expect(missing_docs, reason = "the fields are those of documents; runtime.md §17.3 and §23.2 explain them")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{definition::SignalValue, signal::Dependency, time::Timestamp, timeline::Event};

/// A signal that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalInstance {
    pub name: Arc<str>,
    /// Its number among the signals of that name.
    pub seq_id: i64,
    /// The id of the request, equal for what counts as the same signal.
    pub instance_id: Arc<str>,
    #[serde(default)]
    pub params: IndexMap<Arc<str>, SignalValue>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub payload: Map<String, Json>,
    pub request_time: Timestamp,
    pub create_time: Timestamp,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dependencies {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Event>,
}

/// What a step sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    #[serde(default)]
    pub outputs: Vec<Output>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Event>,
}

/// A signal of a step; without number and time until it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    pub name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<IndexMap<Arc<str>, SignalValue>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub payload: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce_time: Option<Timestamp>,
}
