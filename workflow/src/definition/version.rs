//! One stored version of a workflow, as the API answers with it.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{CreateRequest, Workflow, metadata::Metadata, properties::Snapshot};
use crate::{id::StepId, param::Definitions, time::Timestamp, user::User};

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
    pub enriched_extras: Option<Extras>,
}

/// What enriched reads add to a version: what its params come to before any run, and when its time triggers fire next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extras {
    /// The workflow's params with all layers merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_params: Option<Definitions>,
    /// The same of each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_params: Option<IndexMap<StepId, Definitions>>,
    /// When the first of the time triggers fires next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_execution_time: Option<Timestamp>,
    /// When each of the time triggers fires next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_execution_times: Option<Vec<Timestamp>>,
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
