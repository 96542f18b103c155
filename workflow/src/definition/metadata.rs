//! What is kept beside a version: who pushed it, when, and from where.

use serde_json::{Map, Value as Json};

use super::shape;
use crate::{
    id::{VersionId, WorkflowId},
    time::Timestamp,
    user::User,
};

/// Keys that the engine sets and that extra fields cannot take.
pub const RESERVED: [&str; 5] = ["workflow_id", "workflow_version_id", "create_time", "version_author", "git_info"];

/// Metadata of one version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// The version.
    pub workflow_version_id: Option<VersionId>,
    /// When it was pushed.
    pub create_time: Option<Timestamp>,
    /// Who pushed it.
    pub version_author: Option<User>,
    /// Where the source lies.
    pub git_info: Option<Json>,
    /// What else the request carried.
    pub extra: Map<String, Json>,
}

impl Metadata {
    /// As a document shows it: extra fields beside the others.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        let mut put = |name: &str, value: Option<Json>| object.extend(value.map(|value| (name.to_owned(), value)));
        put("workflow_id", self.workflow_id.as_ref().map(|id| Json::from(id.as_str())));
        put("workflow_version_id", self.workflow_version_id.map(|version| Json::from(version.0)));
        put("create_time", self.create_time.map(|time| Json::from(time.0)));
        put("version_author", self.version_author.as_ref().map(User::to_json));
        put("git_info", self.git_info.clone().map(in_order));
        object.extend(self.extra.clone());
        Json::Object(object)
    }
}

fn in_order(git_info: Json) -> Json {
    match git_info {
        Json::Object(object) => Json::Object(shape::GIT_INFO.in_order(object)),
        other => other,
    }
}
