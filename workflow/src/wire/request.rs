//! Bodies of requests, as clients write them.
#![expect(missing_docs, reason = "the fields are those of documents; rest-api.md explains them")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::artifact::Artifact;
use crate::{
    id::{AttemptId, InstanceId, StepId, WorkflowId},
    life::Initiator,
    param::{Definitions, Params},
    restart::{Policy, Upstream},
    tag::Tags,
    time::Timestamp,
    timeline::Timeline,
};

/// Starts a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    pub initiator: Initiator,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_tags: Option<Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_params: Option<Definitions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<IndexMap<Arc<str>, Artifact>>,
    #[serde(default)]
    pub persist_failed_run: bool,
}

/// Restarts a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestartStep {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_tags: Option<Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_run_params: Option<Definitions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_restart_mode: Option<Upstream>,
}

/// Sets a breakpoint. Engines here take the workflow and the step only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddBreakpoint {
    pub workflow_id: WorkflowId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_version: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_instance_id: Option<InstanceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_run: Option<Arc<str>>,
    pub step_id: StepId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_attempt_id: Option<AttemptId>,
}

/// What a job reports of its results while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepOutput {
    pub external_job_type: Arc<str>,
    pub external_job_id: Arc<str>,
    pub workflow_id: WorkflowId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Params>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub artifacts: IndexMap<Arc<str>, Artifact>,
}

/// Limits how many steps with a tag run at once; with a timeline, the limit as it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagPermit {
    pub tag: Arc<str>,
    pub max_allowed: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}
