//! What a run may ask of other runs' rows while it evaluates.

use crate::{
    id::{InstanceId, InstanceKey, RunKey, StepId, VersionId, WorkflowId},
    life::{RowKey, read::LatestRun},
    param::Value,
};

/// Something stored elsewhere that an evaluation needs; pure machines ask for it by `Effect::Fetch`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// `getFromForeach`: a param of a step in every iteration of a loop body, by iteration number.
    Iterations {
        /// The body's derived workflow id.
        body: WorkflowId,
        /// Iterations 1 to this one.
        last: InstanceId,
        /// The step in the body.
        step: StepId,
        /// Its param.
        param: String,
    },
    /// `getFromSubworkflow`: a param of a step in a child run.
    ChildStep {
        /// The child run.
        run: RunKey,
        /// The step in it.
        step: StepId,
        /// Its param.
        param: String,
    },
    /// Output data that a job published under its id.
    Output {
        /// The external job id.
        job: String,
    },
    /// Loop variables after a `while` iteration: evaluated params of all steps of a run, later steps last.
    StepParams {
        /// The run.
        run: RunKey,
        /// Only these names.
        names: Vec<String>,
    },
    /// Which run a start request made, by workflow and request uuid; a document with `instance`, `run` and `version`.
    Start {
        /// The workflow.
        workflow: WorkflowId,
        /// The request's uuid.
        uuid: String,
    },
    /// A stored version of a workflow, as its row holds it.
    Version {
        /// The workflow.
        workflow: WorkflowId,
        /// The version.
        version: VersionId,
    },
    /// Some rows of a workflow that is being deleted and of its loop bodies.
    Remains {
        /// The workflow.
        workflow: WorkflowId,
        /// What the ids of its loop bodies are made from.
        internal_id: i64,
    },
    /// The latest run of an instance, with the parts that a restart needs.
    LatestRun(InstanceKey),
}

impl Lookup {
    /// Whether what is asked for was durable before whoever asks could know of it: a job hears that its output data is stored before it
    /// ends.
    pub fn is_durable(&self) -> bool {
        matches!(self, Self::Output { .. })
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// By iteration number; iterations without the param are missing.
    Iterations(Vec<(InstanceId, Value)>),
    /// By name.
    Values(Vec<(String, Value)>),
    /// One value.
    Value(Value),
    /// The latest run of an instance.
    LatestRun(Box<LatestRun>),
    /// Where rows stand.
    Keys(Vec<RowKey>),
    /// A stored document.
    Document(serde_json::Value),
    /// Nothing is stored there; the text says what was looked for.
    Nothing(String),
}
