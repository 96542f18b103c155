//! What steps leave behind for readers (runtime.md §17.2).
#![expect(missing_docs, reason = "the fields are those of documents; runtime.md §16 and §17.2 explain them")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::titus::Titus;
use crate::{
    id::{InstanceId, RunId, VersionId, WorkflowId},
    iteration,
    param::{Name, Param, Value},
    restart::Policy,
    status::{InstanceStatus, Overview, Rollup},
    timeline::Event,
};

/// An artifact, by its `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Artifact {
    Subworkflow(Subworkflow),
    Foreach(Foreach),
    While(While),
    DynamicOutput(DynamicOutput),
    Retry(Retry),
    Titus(Box<Titus>),
    /// A free one, or one of a job, kept as it is.
    #[serde(untagged)]
    Other(Map<String, Json>),
}

/// The child run of a subworkflow step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subworkflow {
    pub subworkflow_id: WorkflowId,
    pub subworkflow_version_id: VersionId,
    pub subworkflow_instance_id: InstanceId,
    pub subworkflow_run_id: RunId,
    pub subworkflow_uuid: Arc<str>,
    /// Absent until the child was followed for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subworkflow_overview: Option<Arc<Overview>>,
}

/// The iterations of a foreach step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreach {
    pub foreach_workflow_id: WorkflowId,
    pub foreach_identity: String,
    pub foreach_run_id: RunId,
    pub run_policy: Policy,
    #[serde(default)]
    pub run_id: RunId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ancestor_iteration_count: Option<i64>,
    #[serde(default)]
    pub total_loop_count: i64,
    #[serde(default)]
    pub next_loop_index: i64,
    #[serde(default)]
    pub foreach_overview: iteration::Overview,
}

/// The iterations of a while step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct While {
    pub loop_workflow_id: WorkflowId,
    pub loop_identity: String,
    pub loop_run_id: RunId,
    pub run_policy: Policy,
    #[serde(default)]
    pub run_id: RunId,
    #[serde(default)]
    pub first_iteration: i64,
    #[serde(default)]
    pub last_iteration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<InstanceStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_overview: Option<Arc<Overview>>,
    /// Leaf steps of the iterations before the last.
    #[serde(default)]
    pub rollup: Rollup,
    #[serde(default)]
    pub loop_param_values: IndexMap<Name, Vec<Value>>,
}

/// Signals that a job wants sent, and what it says about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DynamicOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_outputs: Option<Vec<Param>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Event>,
}

/// Whether a job may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    pub retryable: bool,
}

impl Artifact {
    /// The document, with the type behind everything else, as the reference writes it.
    pub fn to_json(&self) -> Json {
        let mut json = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = json.as_object_mut()
            && let Some(kind) = object.shift_remove("type")
        {
            object.insert("type".to_owned(), kind);
        }
        json
    }
}
