//! Answers to requests for actions.
#![expect(missing_docs, reason = "the fields are those of documents; rest-api.md explains them")]

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::step::RuntimeState;
use crate::{
    id::{AttemptId, InstanceId, RunId, StepId, VersionId, WorkflowId},
    status::InstanceStatus,
    timeline::Event,
};

/// The answer to a start or a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    pub workflow_id: WorkflowId,
    pub workflow_version_id: VersionId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub workflow_uuid: Arc<str>,
    pub status: StartStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_event: Option<Event>,
}

/// What became of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StartStatus {
    /// There is a new run.
    Created,
    /// There is a new run, and its run strategy stopped it.
    Stopped,
    /// The same request made a run before.
    Duplicated,
    /// A running ancestor does it.
    Delegated,
}

/// The answer to an action on an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceAction {
    pub workflow_id: WorkflowId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub workflow_instance_status: InstanceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_event: Option<Event>,
    /// Whether nothing is left to do.
    #[serde(default)]
    pub completed: bool,
}

/// The answer to an action on a step; state and attempt are there when the caller waited for the effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepAction {
    pub workflow_id: WorkflowId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub step_id: StepId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_attempt_id: Option<AttemptId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_runtime_state: Option<RuntimeState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_event: Option<Event>,
}
