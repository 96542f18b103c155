//! Tags of workflows, runs, steps and params.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// Who a tag comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Namespace {
    /// The engine.
    System,
    /// A run.
    Runtime,
    /// A job template.
    JobTemplate,
    /// A notebook template.
    NotebookTemplate,
    /// The author of a definition.
    UserDefined,
    /// The platform team, through the tag endpoint.
    Platform,
}

/// A label with free attributes; steps hold a permit of each of their tags while they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// The label.
    pub name: Arc<str>,
    /// Who it comes from.
    pub namespace: Option<Namespace>,
    /// How many steps with this tag may run at once, where the engine set one; never taken from a user.
    pub permit: Option<i64>,
    /// Everything else that was written.
    pub attributes: Map<String, Json>,
}

/// Tags in the order in which they were written; names are unique.
pub type Tags = Vec<Tag>;
