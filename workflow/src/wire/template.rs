//! Job templates as clients read them.
#![expect(missing_docs, reason = "the fields are those of documents; definition.md explains them")]

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value as Json};

use crate::{
    definition::{read, template::Template},
    time::Timestamp,
    user::User,
};

/// A stored template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobTemplate {
    pub metadata: Metadata,
    pub definition: Template,
}

/// Who answers for a template, and since when it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    pub owner: User,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_author: Option<User>,
    pub status: Arc<str>,
    pub support: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_workflows: Option<Vec<Arc<str>>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "git_info")]
    pub git_info: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

/// Where the source lies, in its canonical form.
fn git_info<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    let Some(json) = Option::<Json>::deserialize(deserializer)? else { return Ok(None) };
    let unreadable = |problems: Vec<_>| D::Error::custom(format!("{problems:?}"));
    read::git_info(&json).accepted().map(Some).map_err(unreadable)
}
