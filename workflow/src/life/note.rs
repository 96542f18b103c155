//! What machines tell each other.
//!
//! A note is about something with a key and may come twice, late, or after a restart of the process: whoever gets it answers by what
//! it knows now. A sender that still waits after `Message::Recovered` sends its note again. Where a note carries a [`Ticket`], the
//! machine that settles the matter answers the caller, whoever got the request.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Initiator, RunSeed, Ticket};
use crate::{
    definition::{SignalDependency, SignalTrigger},
    id::{AttemptKey, InstanceKey, RunKey, StepId, VersionId, WorkflowId},
    param::{Definitions, Params},
    port::InstanceAction,
    restart,
    status::{InstanceStatus, Overview},
    tag::Tags,
    time::Timestamp,
    user::User,
};

/// What one machine tells another; engines only carry it, as JSON where the other one lives on another node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Note {
    // To a `Run`.
    /// The same as `Begin`, of a run whose number was given out just now: nothing can be stored of it, so nobody need look.
    Create(Arc<RunSeed>),
    /// This run exists from now on. A loop body saves its seed and starts at once; for any other run the seed is already being
    /// saved, and it waits for `Launch` unless it ended when it was made.
    Begin(Arc<RunSeed>),
    /// The run strategy lets the run go. Means nothing to a run that goes already or has ended.
    Launch,
    /// A queued run ends without ever going (stopped, failed or replaced in the queue). Means nothing to a run that goes already.
    EndQueued {
        /// STOPPED or FAILED.
        status: InstanceStatus,
        /// The only entry of its timeline.
        event: Json,
        /// Whether it counts as started at its end (replaced by LAST_ONLY).
        starts: Starts,
    },
    /// Stop or kill the run as a whole; the caller of a workflow-wide action, or a run strategy, does not wait.
    Act {
        /// Stop or kill.
        action: InstanceAction,
        /// Who wants it.
        user: User,
        /// Why.
        reason: String,
    },
    /// Add an entry to the timeline of a run that may have ended (unblocking).
    AddEvent(Json),
    /// A child run was made, restarted or adopted, or could not be; the answer to `StartChild`.
    Child {
        /// The attempt that asked.
        attempt: AttemptKey,
        /// The run, or why there is none.
        result: Result<ChildRun, ChildRefused>,
    },
    /// A child run changed: told to the run of the step that it belongs to, when the overview or the status changed, and again when asked.
    Progress(Box<Progress>),
    /// Tell your parent how you are (`Progress`). What a parent asks after a recovery; also adopts an existing run as its child.
    Report,
    /// An attempt further up ended by force: stop everything. Asked again until the run says that it ended.
    Halt {
        /// Who wanted it.
        user: User,
        /// Why, for timelines.
        reason: String,
    },
    /// A restart on its way up from a nested run that has ended; see [`RestartWalk`].
    RestartBelow(Box<RestartWalk>),
    /// All permits are held.
    PermitsGranted {
        /// By which attempt.
        attempt: AttemptKey,
    },
    /// Whether an attempt still holds or wants permits; one that does not answers by `ReleasePermits`.
    StillWants {
        /// Which attempt.
        attempt: AttemptKey,
    },
    /// A signal came that an attempt waits for.
    SignalMatched {
        /// Which attempt.
        attempt: AttemptKey,
        /// Position among its dependencies.
        index: usize,
        /// The signal instance.
        signal: MatchedSignal,
    },
    /// Signals of an attempt are stored; the answer to `Announce`.
    Announced {
        /// Which attempt.
        attempt: AttemptKey,
        /// Number of each signal instance, in the order in which they were announced.
        signal_ids: Vec<i64>,
    },
    /// The pause of an attempt is over.
    Resume {
        /// Which attempt.
        attempt: AttemptKey,
    },

    // To a `Workflow`.
    /// Make, restart or adopt a child run of this workflow and launch it by its run strategy; answered by `Child`.
    StartChild(Box<StartChild>),
    /// The latest run of an instance has ended; also said again after a recovery.
    RunEnded {
        /// Which.
        run: RunKey,
        /// How.
        status: InstanceStatus,
    },
    /// An attempt met breakpoints and pauses. Goes to the enclosing workflow, which answers `Resume` when nothing holds it any more.
    Paused {
        /// Which attempt.
        attempt: AttemptKey,
        /// Of which version.
        version: VersionId,
        /// Since when.
        at: Timestamp,
    },
    /// A paused attempt goes on or has ended.
    Unpaused {
        /// Which attempt.
        attempt: AttemptKey,
    },
    /// A restart has arrived at a root whose latest run has ended: make its next run and answer the caller.
    RestartRoot(Box<RestartWalk>),

    /// Signals completed a trigger; answered by `FiringSettled`, and said again after a recovery until then.
    Fire(Box<Firing>),
    /// The triggers of the last `FollowTriggers` are in force.
    TriggersFollowed,

    // To `Permits`.
    /// An attempt wants one of each; answered by `PermitsGranted`. Asked again after a recovery.
    WantPermits {
        /// Which attempt.
        attempt: AttemptKey,
        /// Tag and the limit that the engine sets for it; operator-defined limits win.
        tags: Vec<(Arc<str>, Option<i64>)>,
        /// When it began to wait; decides the order among those that wait.
        since: Timestamp,
    },
    /// An attempt that holds permits or waits for some has ended.
    ReleasePermits {
        /// Which attempt.
        attempt: AttemptKey,
    },

    // To `Signals`.
    /// An attempt waits for signals; answered by `SignalMatched`, once for each. Asked again after a recovery.
    WantSignals {
        /// Which attempt.
        attempt: AttemptKey,
        /// Those that are still pending, by position.
        dependencies: Vec<(usize, WantedSignal)>,
    },
    /// An attempt waits no more.
    ForgetSignals {
        /// Which attempt.
        attempt: AttemptKey,
    },
    /// An attempt that is finishing sends signals; answered by `Announced`. The same attempt never sends twice.
    Announce {
        /// Which attempt.
        attempt: AttemptKey,
        /// Its uuid.
        step_uuid: Arc<str>,
        /// Name and params of each, in order.
        signals: Vec<(Arc<str>, Params)>,
    },
    /// Exactly these signal triggers of a workflow are in force, by uuid; answered by `TriggersFollowed`.
    FollowTriggers {
        /// The workflow.
        workflow: WorkflowId,
        /// Its triggers.
        triggers: Vec<(Arc<str>, Arc<SignalTrigger>)>,
    },
    /// A firing started its run, or never will.
    FiringSettled {
        /// The workflow.
        workflow: WorkflowId,
        /// Which firing.
        execution: Arc<str>,
    },
}

/// Signals that together start a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// Which of its triggers.
    pub trigger: Arc<str>,
    /// Names the firing: equal signals fire a trigger once.
    pub execution: Arc<str>,
    /// Number of each signal.
    pub signals: BTreeMap<Arc<str>, i64>,
    /// Params of each signal, by name.
    pub params: Json,
}

/// Whether a run that ends in the queue counts as started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Starts {
    /// It has a start time, which is its end time.
    AtItsEnd,
    /// It has no start time.
    Never,
}

/// A child run as its parent's artifact names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRun {
    /// Which run.
    pub run: RunKey,
    /// Of which version.
    pub version: VersionId,
    /// Its uuid.
    pub uuid: Arc<str>,
}

/// Why there is no child run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRefused {
    /// What was wrong.
    pub message: String,
    /// Details, outermost first.
    pub errors: Vec<String>,
}

/// How a child run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The step that it belongs to: its run and id. The attempt may be older than the current one.
    pub parent: AttemptKey,
    /// The child.
    pub child: RunKey,
    /// Where it stands.
    pub status: InstanceStatus,
    /// Its `runtime_overview`, shared with its row; `None` before it goes.
    pub overview: Option<Arc<Overview>>,
    /// Of a `while` iteration that ended: values of its steps' params that are named like loop variables, later steps last.
    pub values: Vec<(Arc<str>, crate::param::Value)>,
}

/// A wish for a child run, made by a subworkflow step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartChild {
    /// The attempt that wants it; `uuid` is derived from it.
    pub attempt: AttemptKey,
    /// The request id: asking twice makes one run.
    pub uuid: Arc<str>,
    /// Whether it may have been asked for before: only then somebody must look.
    pub is_again: bool,
    /// `active`, `latest`, `default` or a number.
    pub version: String,
    /// The instance to restart, if the step ran before.
    pub restarts: Option<InstanceKey>,
    /// What the run does.
    pub policy: restart::Policy,
    /// What is restarted below.
    pub restart: Option<Arc<restart::Config>>,
    /// Ancestors up to this step.
    pub initiator: Initiator,
    /// Params for the child, evaluated, as literals.
    pub run_params: Definitions,
    /// Labels of the child's run (`maestro_subworkflow`).
    pub runtime_tags: Tags,
    /// Inherited.
    pub correlation: Arc<str>,
    /// Inherited.
    pub group_info: i64,
    /// Inherited: replaces the child's own, even by nothing.
    pub instance_step_concurrency: Option<i64>,
}

/// A restart on its way up (runtime.md §7.5): from the instance that a user aimed at, through runs that have ended, to the first
/// that still goes, or to the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestartWalk {
    /// Whom to answer.
    pub ticket: Ticket,
    /// Who wants it.
    pub user: User,
    /// What the instance at the end of the path does again.
    pub policy: restart::Policy,
    /// The path so far and everything that was asked for.
    pub config: restart::Config,
    /// The request's uuid, if it gave one.
    pub request_id: Option<Arc<str>>,
    /// When it was asked for, if the request says so.
    pub request_time: Option<Timestamp>,
    /// What kind of answer the caller expects.
    pub answer: RestartAnswer,
    /// Whether the caller waits until the step's new attempt exists.
    pub waits: Waits,
}

/// What the caller of a restart asked for, which decides the shape of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartAnswer {
    /// An instance's restart.
    Instance,
    /// A step's restart.
    Step {
        /// Where it was aimed at.
        instance: InstanceKey,
        /// The step.
        step: StepId,
    },
    /// A step's skip that needs a restart.
    Skip {
        /// Where it was aimed at.
        instance: InstanceKey,
        /// The step.
        step: StepId,
    },
}

/// Whether a caller waits for the effect of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waits {
    /// Until it shows, or for `Settings::step_action_wait`.
    ForEffect,
    /// No.
    No,
}

/// A signal that an attempt waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WantedSignal {
    /// Its name, filled in.
    pub name: Arc<str>,
    /// The dependency as written, for its operators.
    pub dependency: Arc<SignalDependency>,
    /// Evaluated `match_params`, by param name.
    pub values: IndexMap<Arc<str>, crate::param::Value>,
    /// Only signal instances after this number count (0: any).
    pub after: i64,
}

/// A signal instance that a dependency matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchedSignal {
    /// Its number among those of its name.
    pub signal_id: i64,
    /// Its params, as stored.
    pub params: Map<String, Json>,
}
