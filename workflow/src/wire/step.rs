//! Attempts of steps as clients read them (runtime.md §23.2), and what is asked of them.
#![expect(missing_docs, reason = "the fields are those of documents; runtime.md §9.1 and §23.2 explain them")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{
    artifact::Artifact,
    signal::{Dependencies, Outputs},
};
use crate::{
    definition::Step,
    id::{AttemptId, InstanceId, RunId, StepId, VersionId, WorkflowId},
    param::{Definitions, Param, Params},
    restart,
    retry::StepRetry,
    status::{StepStatus, action},
    tag::Tags,
    time::{Millis, Timestamp},
    timeline::Timeline,
    user::User,
};

/// An attempt of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepInstance {
    pub workflow_id: WorkflowId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub step_id: StepId,
    pub step_attempt_id: AttemptId,
    pub workflow_uuid: Arc<str>,
    pub step_uuid: Arc<str>,
    pub correlation_id: Arc<str>,
    pub step_instance_id: i64,
    pub workflow_version_id: VersionId,
    #[serde(default)]
    pub group_info: i64,
    pub owner: User,
    pub definition: Step,
    #[serde(default)]
    pub tags: Tags,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_run_params: Option<Definitions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_config: Option<restart::Config>,
    #[serde(default)]
    pub params: Params,
    #[serde(default)]
    pub transition: Transition,
    pub step_retry: StepRetry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_in_millis: Option<Millis>,
    pub runtime_state: RuntimeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_dependencies: Option<Dependencies>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_outputs: Option<Outputs>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub artifacts: IndexMap<Arc<str>, Artifact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// The edges of a step in its run, with their conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predecessors: Vec<StepId>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub successors: IndexMap<StepId, Param>,
}

/// Where an attempt stands, and when it entered each phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeState {
    pub status: StepStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialize_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_signal_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluate_param_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_permit_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execute_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modify_time: Option<Timestamp>,
}

/// An attempt in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptState {
    pub workflow_id: WorkflowId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub step_id: StepId,
    pub step_attempt_id: AttemptId,
    pub runtime_state: RuntimeState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_dependencies: Option<Dependencies>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub artifacts: IndexMap<Arc<str>, Artifact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// An attempt that a breakpoint holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedAttempt {
    pub workflow_id: WorkflowId,
    pub workflow_version_id: VersionId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub step_id: StepId,
    pub step_attempt_id: AttemptId,
    pub create_time: Timestamp,
}

/// What somebody asked of a step and the step has not yet taken up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingAction {
    pub workflow_id: WorkflowId,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    pub step_id: StepId,
    pub action: action::Step,
    pub user: User,
    /// Whether it came with an action on the whole run.
    #[serde(default)]
    pub workflow_action: bool,
    pub create_time: Timestamp,
}
