//! Runs and workflows in short.
#![expect(missing_docs, reason = "the fields are those of documents; runtime.md §18 and §23.1 explain them")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    definition::properties::Snapshot,
    graph::Dag,
    id::{InstanceId, RunId, StepId, VersionId, WorkflowId},
    life::Initiator,
    param::{Definitions, Params},
    restart::{self, Policy},
    status::{InstanceStatus, Overview},
    tag::Tags,
    time::Timestamp,
    timeline::Timeline,
    user::User,
};

/// What the steps of a run know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowSummary {
    pub workflow_id: WorkflowId,
    pub workflow_version_id: VersionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_name: Option<Arc<str>>,
    pub workflow_instance_id: InstanceId,
    pub workflow_run_id: RunId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_uuid: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<Timestamp>,
    #[serde(default)]
    pub group_info: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_config: Option<restart::Config>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_properties: Option<Snapshot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_step_concurrency: Option<i64>,
    pub initiator: Initiator,
    #[serde(default)]
    pub params: Params,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    pub runtime_dag: Dag,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_run_params: Option<IndexMap<StepId, Definitions>>,
}

/// What a run has come to so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeSummary {
    pub instance_status: InstanceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modify_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_overview: Option<Overview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// What happened to a workflow, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowTimeline {
    pub workflow_id: WorkflowId,
    pub timeline_events: Vec<WorkflowEvent>,
}

/// Something that happened to a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowEvent {
    pub author: User,
    pub log: Arc<str>,
    pub timestamp: Timestamp,
}
