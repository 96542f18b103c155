//! What runs a step's outside effects.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{definition::StepType, id::AttemptKey, param::Params, port::Pending};

/// A step's work, with everything evaluated.
#[derive(Clone, Debug)]
pub struct Work {
    /// Which runtime is meant.
    pub step_type: StepType,
    /// The step's params, evaluated.
    pub params: Params,
    /// The attempt's uuid; external job ids default to it.
    pub step_uuid: String,
    /// Whether the engine restarted while this work was running: resume it if it can be found, else start it.
    pub is_resumed: bool,
    /// Artifacts that the attempt has already left (for resuming).
    pub artifacts: Map<String, Json>,
    /// Where the step stands in the tree of its root run ([`crate::outcome::step_path`]); what a replay looks its recorded result up by.
    pub path: String,
    /// What a notebook is told of its run; `None` for steps of other types.
    pub run: Option<Box<RunFacts>>,
}

/// What a notebook is told of its run, beside its step's params.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts {
    /// The run's params, evaluated.
    pub params: Arc<Params>,
    /// The step's time-out as written.
    pub timeout: Option<String>,
    /// How much the workflow matters.
    pub criticality: Option<String>,
    /// Who answers for the workflow.
    pub owner: String,
    /// Who is told about what.
    pub alerting: Option<Json>,
}

/// How a step's work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// It succeeded.
    Done,
    /// The step's own code failed; retried by `error_retry_limit`.
    UserError,
    /// The platform failed; retried by `platform_retry_limit`.
    PlatformError,
    /// Trying again makes no sense.
    FatalError,
    /// It was stopped from outside.
    Stopped,
    /// It ran out of time by its own clock.
    TimedOut,
}

/// What a step's work came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it ended.
    pub conclusion: Conclusion,
    /// Params that it published, in Maestro's JSON.
    pub outputs: Map<String, Json>,
    /// Artifacts that it left, by key.
    pub artifacts: Map<String, Json>,
    /// Timeline entries in order (LOG and DETAILS events without a time stamp; the machine stamps them).
    pub timeline: Vec<Json>,
}

/// Runs one kind of step. An http runtime reports every response as done with `status_code` and `response_body`: what it means, the
/// run's machine judges by the step's `state_expr`. Dropping the future cancels the work; `terminate` then cleans up what lives outside.
pub trait StepRuntime: Send + Sync {
    /// Does the work.
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report>;

    /// Ends what a cancelled attempt left running outside (a job in a cluster).
    fn terminate(&self, attempt: AttemptKey, work: Work) -> Pending<'_, ()>;
}
