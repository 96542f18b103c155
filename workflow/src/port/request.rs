//! Everything that a client can ask of an engine: Maestro's REST API (rest-api.md §2) as one type.
//!
//! Bodies are JSON as sent: the engine that answers also judges them, so that an error reads the same whoever carried the request.
//! Version, run and attempt references stay text (`active`, `latest`, `3`) for the same reason.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::id::{InstanceId, InstanceKey, RunKey, StepId, WorkflowId};

/// A page as asked for (rest-api.md §1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// So many towards lower ids.
    pub first: Option<i64>,
    /// So many towards higher ids.
    pub last: Option<i64>,
    /// Exclusive start.
    pub cursor: Option<String>,
}

/// What can be done to a workflow's or an instance's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "runtime.md §15.1 explains them")]
pub enum InstanceAction {
    Stop,
    Kill,
    Unblock,
}

/// What can be done to a step, besides a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "runtime.md §15.2 explains them")]
pub enum StepAction {
    Stop,
    Kill,
    Skip,
    Bypass,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the path and query parameters of rest-api.md")]
pub enum Request {
    // Definitions
    Push {
        body: Json,
    },
    PushYaml {
        text: String,
    },
    Validate {
        body: Json,
    },
    ValidateYaml {
        text: String,
    },
    DeleteWorkflow {
        workflow: WorkflowId,
    },
    Version {
        workflow: WorkflowId,
        version: String,
        is_enriched: bool,
    },
    Versions {
        workflow: WorkflowId,
        page: Page,
    },
    Overview {
        workflow: WorkflowId,
    },
    WorkflowTimeline {
        workflow: WorkflowId,
    },
    UpdateProperties {
        workflow: WorkflowId,
        body: Json,
    },
    PropertiesSnapshot {
        workflow: WorkflowId,
        snapshot: String,
    },
    AddTag {
        workflow: WorkflowId,
        body: Json,
    },
    RemoveTag {
        workflow: WorkflowId,
        tag: String,
    },
    Activate {
        workflow: WorkflowId,
        version: String,
    },
    Deactivate {
        workflow: WorkflowId,
    },

    // Runs
    Start {
        workflow: WorkflowId,
        version: String,
        body: Json,
    },
    WorkflowAction {
        workflow: WorkflowId,
        action: InstanceAction,
    },
    Restart {
        instance: InstanceKey,
        body: Json,
    },
    InstanceAction {
        instance: InstanceKey,
        run: Option<String>,
        action: InstanceAction,
    },
    Instances {
        workflow: WorkflowId,
        page: Page,
        is_aggregated: bool,
    },
    Instance {
        instance: InstanceKey,
        is_enriched: bool,
    },
    Runs {
        instance: InstanceKey,
        page: Page,
    },
    Run {
        instance: InstanceKey,
        run: String,
        is_enriched: bool,
        is_aggregated: bool,
    },
    InstanceActionMap,
    InlineWorkflowId {
        workflow: Option<String>,
        instance: Option<String>,
        step: Option<String>,
        step_type: Option<String>,
    },
    InlinePath {
        instance: InstanceKey,
    },

    // Steps
    Steps {
        instance: InstanceKey,
    },
    Step {
        instance: InstanceKey,
        step: StepId,
        is_enriched: bool,
    },
    RunSteps {
        instance: InstanceKey,
        run: String,
    },
    Attempt {
        instance: InstanceKey,
        run: String,
        step: StepId,
        attempt: String,
        is_enriched: bool,
    },
    StepActionMap,
    RestartStep {
        instance: InstanceKey,
        step: StepId,
        body: Json,
        is_blocking: bool,
    },
    StepAction {
        instance: InstanceKey,
        step: StepId,
        action: StepAction,
        is_blocking: bool,
    },

    // Breakpoints
    AddBreakpoint {
        body: Json,
    },
    DeleteBreakpoint {
        query: Vec<(String, String)>,
    },
    Breakpoints {
        query: Vec<(String, String)>,
    },
    PausedAttempts {
        query: Vec<(String, String)>,
    },
    ResumeAttempt {
        run: RunKey,
        step: StepId,
        attempt: String,
    },

    // Permits, signals, templates, outputs
    AddTagPermit {
        body: Json,
    },
    TagPermit {
        tag: String,
    },
    DeleteTagPermit {
        tag: String,
    },
    SendSignal {
        body: Json,
    },
    Signal {
        name: String,
        sequence: i64,
    },
    AddJobTemplate {
        body: Json,
    },
    AddJobTemplateYaml {
        text: String,
    },
    JobTemplate {
        job_type: String,
        version: Option<String>,
    },
    DeleteJobTemplate {
        job_type: String,
        version: Option<String>,
    },
    PutOutput {
        body: Json,
    },

    // Views
    FlattenedForeach {
        instance: InstanceKey,
        run: String,
        step: StepId,
        query: Vec<(String, String)>,
    },
}

impl Request {
    /// The workflow that the request is about, if one is named in its path.
    pub fn workflow(&self) -> Option<&WorkflowId> {
        match self {
            Self::DeleteWorkflow { workflow }
            | Self::Version { workflow, .. }
            | Self::Versions { workflow, .. }
            | Self::Overview { workflow }
            | Self::WorkflowTimeline { workflow }
            | Self::UpdateProperties { workflow, .. }
            | Self::PropertiesSnapshot { workflow, .. }
            | Self::AddTag { workflow, .. }
            | Self::RemoveTag { workflow, .. }
            | Self::Activate { workflow, .. }
            | Self::Deactivate { workflow }
            | Self::Start { workflow, .. }
            | Self::WorkflowAction { workflow, .. }
            | Self::Instances { workflow, .. } => Some(workflow),
            other => other.instance().map(|(workflow, _)| workflow),
        }
    }

    /// The instance that the request is about, if one is named in its path.
    pub fn instance(&self) -> Option<(&WorkflowId, InstanceId)> {
        match self {
            Self::Restart { instance, .. }
            | Self::InstanceAction { instance, .. }
            | Self::Instance { instance, .. }
            | Self::Runs { instance, .. }
            | Self::Run { instance, .. }
            | Self::InlinePath { instance }
            | Self::Steps { instance }
            | Self::Step { instance, .. }
            | Self::RunSteps { instance, .. }
            | Self::Attempt { instance, .. }
            | Self::RestartStep { instance, .. }
            | Self::StepAction { instance, .. }
            | Self::FlattenedForeach { instance, .. } => Some((&instance.workflow, instance.instance)),
            Self::ResumeAttempt { run, .. } => Some((&run.workflow, run.instance)),
            _ => None,
        }
    }
}
