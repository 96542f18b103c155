//! One stored version of a workflow, as the API answers with it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{CreateRequest, Workflow, metadata::Metadata, properties::Snapshot};
use crate::{time::Timestamp, user::User};

/// A version with everything that is known beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The properties in force.
    pub properties_snapshot: Option<Snapshot>,
    /// Who pushed it, when, and from where.
    pub metadata: Option<Metadata>,
    /// What was pushed.
    pub workflow: Arc<Workflow>,
    /// Whether it is the active version.
    pub is_active: bool,
    /// Since when it is active.
    pub activate_time: Option<Timestamp>,
    /// Who activated it.
    pub activated_by: Option<User>,
    /// Whether it is the newest version.
    pub is_latest: Option<bool>,
    /// Whether it is the one that `default` names.
    pub is_default: Option<bool>,
    /// When it was last touched.
    pub modify_time: Option<Timestamp>,
    /// A number that no other workflow ever has.
    pub internal_id: Option<i64>,
    /// What enriched reads add.
    pub enriched_extras: Option<Json>,
}

impl Version {
    /// The push that makes this version again.
    pub fn to_request(&self) -> CreateRequest {
        CreateRequest {
            properties: self.properties_snapshot.as_ref().map(|snapshot| snapshot.properties.clone()),
            workflow: Arc::clone(&self.workflow),
            is_active: self.is_active,
            git_info: self.metadata.as_ref().and_then(|metadata| metadata.git_info.clone()),
            extra: self.metadata.as_ref().map(|metadata| metadata.extra.clone()).unwrap_or_default(),
        }
    }
}
