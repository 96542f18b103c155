//! What jobs on Titus left behind. No engine here runs them; runs that are read from another engine may hold such artifacts.
#![expect(missing_docs, reason = "the fields are those of the platform's documents")]

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::timeline::Event;

/// The artifact `maestro_titus`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Titus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmb_job_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmb_ui_link: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_script: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_job_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_log_ui_link: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_execution_output: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_execution_error_output: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_options: Option<Options>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titus_task_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestones: Option<Vec<Event>>,
}

/// What a job was given; settings that say nothing of its size stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_mb: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mbps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_limit_sec: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_role: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<IndexMap<Arc<str>, Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<Arc<str>>>,
    #[serde(default)]
    pub candidate_applied: bool,
    #[serde(flatten)]
    pub further: Map<String, Json>,
}
