//! What an evaluation may know of the run around it.

use super::{Params, Value};
use crate::{
    id::{RunKey, WorkflowId},
    port::{Found, Lookup},
    time::Timestamp,
};

/// The run as its params may see it. Everything is in memory; what is not is asked for by [`Lookup`] and found the next time.
pub trait Context {
    /// The instance and its run.
    fn instance(&self) -> Instance<'_>;

    /// The attempt whose params are evaluated; `None` at workflow level.
    fn current_step(&self) -> Option<CurrentStep<'_>>;

    /// A step of this run by its id, the current one included; of several attempts the latest.
    fn step(&self, id: &str) -> Step<'_>;

    /// What the run knows of a signal's param.
    fn signal(&self, query: SignalQuery<'_>) -> Signal;

    /// What was found for a lookup that an earlier evaluation asked for.
    fn found(&self, lookup: &Lookup) -> Option<&Found>;

    /// What stands between a step's id and its param in a reference; see [`SEPARATOR`].
    fn separator(&self) -> &str;
}

/// The usual separator.
pub const SEPARATOR: &str = "__";

/// An instance and its run.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    /// Its workflow.
    pub workflow_id: &'a str,
    /// Its number.
    pub instance_id: i64,
    /// The run's number.
    pub run_id: i64,
    /// `START_FRESH_NEW_RUN` and so on; `None` before a run exists.
    pub run_policy: Option<&'a str>,
    /// Who owns the workflow.
    pub owner: Option<&'a str>,
    /// The time zone of the workflow's first time trigger.
    pub first_trigger_timezone: Option<&'a str>,
    /// Who started the run.
    pub initiator: Initiator<'a>,
    /// The configured name of this installation.
    pub environment: &'a str,
}

/// Who started a run.
#[derive(Clone, Copy, Debug)]
pub struct Initiator<'a> {
    /// `MANUAL`, `TIME`, `SIGNAL`, `SUBWORKFLOW` …, or [`VALIDATION`].
    pub kind: &'a str,
    /// The time zone of the time trigger that started it.
    pub timezone: Option<&'a str>,
    /// The person who started it.
    pub user: Option<&'a str>,
}

/// The initiator of a dry run: signals are checked for their names, and every param of them has [`VALIDATION_VALUE`].
pub const VALIDATION: &str = "VALIDATION";

/// What a signal's param is in a dry run.
pub const VALIDATION_VALUE: i64 = 20_220_101;

/// The attempt whose params are evaluated.
#[derive(Clone, Copy, Debug)]
pub struct CurrentStep<'a> {
    /// Its id in the definition.
    pub id: &'a str,
    /// The step instance's number.
    pub instance_id: i64,
    /// The attempt's uuid.
    pub uuid: &'a str,
    /// The attempt's number.
    pub attempt_id: i64,
    /// Its sub type, or else its type.
    pub type_info: &'a str,
    /// How often it was tried again after user errors.
    pub error_retries: i64,
    /// Its status.
    pub status: &'a str,
    /// When it ended.
    pub end_time: Option<Timestamp>,
}

/// A step that an expression names.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The run has no step of that id.
    Unknown,
    /// It has no attempt yet.
    NotStarted,
    /// Its latest attempt.
    Started(Attempt<'a>),
}

/// The latest attempt of another step.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// `NOOP`, `FOREACH` and so on.
    pub step_type: &'a str,
    /// Its status.
    pub status: &'a str,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Its params.
    pub params: &'a Params,
    /// What its iterations or its child are found by.
    pub children: Children<'a>,
}

/// The runs that a step started.
#[derive(Clone, Copy, Debug)]
pub enum Children<'a> {
    /// None, or none yet.
    None,
    /// The iterations of a foreach.
    Iterations {
        /// The body's derived workflow.
        body: &'a WorkflowId,
        /// How many there are in all, created or not.
        total: i64,
    },
    /// The child of a sub-workflow step.
    Child(&'a RunKey),
}

/// A question about a signal.
#[derive(Clone, Copy, Debug)]
pub enum SignalQuery<'a> {
    /// A param of the signal trigger that started the run.
    Trigger {
        /// The param.
        param: &'a str,
    },
    /// A param of one of the signals that the trigger joined.
    Joined {
        /// The signal.
        signal: &'a str,
        /// Its param.
        param: &'a str,
    },
    /// A param of the signal that matched the current step's n-th dependency, from 0.
    Dependency {
        /// Which dependency.
        index: usize,
        /// The param.
        param: &'a str,
    },
}

/// The answer to a [`SignalQuery`].
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// LONG or STRING.
    Value(Value),
    /// The run was not started by a signal, or nothing matched, or the signal has no such param; the text says which.
    Missing(String),
}
