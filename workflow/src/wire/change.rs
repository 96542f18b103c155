//! What is published when a workflow changes (runtime.md §20.3).
#![expect(missing_docs, reason = "the fields are those of documents; runtime.md §20.3 explains them")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    id::{VersionId, WorkflowId},
    time::Timestamp,
    user::User,
};

/// An event about a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowChange {
    #[serde(flatten)]
    pub change: Change,
    pub workflow_id: WorkflowId,
    pub cluster_name: Arc<str>,
    pub author: User,
    pub event_time: Timestamp,
    /// When the publisher took it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_time: Option<Timestamp>,
    /// When the publisher sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_time: Option<Timestamp>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Change {
    /// A version and properties were pushed.
    #[serde(rename = "WORKFLOW_DEFINITION_CHANGE_EVENT")]
    Definition {
        #[serde(flatten)]
        version: NewVersion,
        snapshot_id: i64,
    },
    /// A version was pushed.
    #[serde(rename = "WORKFLOW_VERSION_CHANGE_EVENT")]
    Version(NewVersion),
    /// Properties were changed.
    #[serde(rename = "WORKFLOW_PROPERTIES_CHANGE_EVENT")]
    Properties { snapshot_id: i64 },
    /// Another version is active.
    #[serde(rename = "WORKFLOW_ACTIVATION_CHANGE_EVENT")]
    Activation { current_active_version_id: VersionId, previous_active_version_id: VersionId },
    /// No version is active any more.
    #[serde(rename = "WORKFLOW_DEACTIVATION_CHANGE_EVENT")]
    Deactivation { previous_active_version_id: VersionId },
    /// The workflow is gone.
    #[serde(rename = "WORKFLOW_DELETION_CHANGE_EVENT")]
    Deletion { internal_id: i64 },
}

/// A version that was pushed; 0 stands for no version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewVersion {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_name: Option<Arc<str>>,
    pub version_id: VersionId,
    #[serde(default)]
    pub current_active_version_id: VersionId,
    #[serde(default)]
    pub previous_active_version_id: VersionId,
}

impl Change {
    /// The type in documents.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Definition { .. } => "WORKFLOW_DEFINITION_CHANGE_EVENT",
            Self::Version(_) => "WORKFLOW_VERSION_CHANGE_EVENT",
            Self::Properties { .. } => "WORKFLOW_PROPERTIES_CHANGE_EVENT",
            Self::Activation { .. } => "WORKFLOW_ACTIVATION_CHANGE_EVENT",
            Self::Deactivation { .. } => "WORKFLOW_DEACTIVATION_CHANGE_EVENT",
            Self::Deletion { .. } => "WORKFLOW_DELETION_CHANGE_EVENT",
        }
    }
}
