//! One try of one step: what it is, where it stands and what it leaves.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{foreach::Foreach, subworkflow::Subworkflow, while_loop::While};
use crate::{
    definition::{Kind, Step, StepType},
    id::AttemptId,
    param::{Definitions, Param, Params},
    port::{Found, Lookup, Report},
    restart,
    retry::StepRetry,
    status::{StepState, StepStatus},
    tag::Tags,
    time::{Millis, Timestamp},
    timeline::Timeline,
};

/// One try of one step.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub id: AttemptId,
    pub uuid: Arc<str>,
    /// Order of creation within the run; all attempts of a step share it.
    pub sequence: i64,
    pub definition: Arc<Step>,
    pub status: StepStatus,
    pub times: Times,
    /// The phase that it is in or ended in.
    pub last_phase: StepStatus,
    /// Empty until its predecessors were looked at; evaluated once it got so far.
    pub params: Params,
    /// The condition of each edge to a successor, in the order of the runtime DAG.
    pub edges: Vec<Arc<Param>>,
    pub retry: StepRetry,
    pub timeout: Option<Millis>,
    pub tags: Tags,
    pub signals: Signals,
    pub artifacts: Map<String, Json>,
    /// What the attempt before left, where a person brought back the step.
    pub inherited: Map<String, Json>,
    pub timeline: Timeline,
    /// Params that a person set when bringing back this attempt.
    pub step_run_params: Option<Definitions>,
    /// The restart that brought back this attempt.
    pub restart: Option<Arc<restart::Config>>,
    /// What it is doing beyond its status.
    pub nested: Nested,
    /// Answers to lookups, kept until params are evaluated.
    pub found: Vec<(Lookup, Found)>,
    /// How it is to end once everything below it has ended.
    pub ending: Option<Ending>,
    /// Whether it was ever in the queue for permits.
    pub has_asked_permits: bool,
    /// Whether work was handed to the pool whose end is awaited.
    pub is_executing: bool,
    /// How its work ended, while what the job published by a call is looked up.
    pub reported: Option<Box<Reported>>,
    /// Status changes that are not published yet.
    pub changes: Vec<Change>,
    /// How many status changes were published.
    pub published: usize,
}

/// One status change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub from: StepStatus,
    pub to: StepStatus,
    pub at: Timestamp,
}

/// How an attempt is made to end.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// The status to reach.
    pub status: StepStatus,
    /// The last entry of its timeline.
    pub entry: String,
    /// Whether the step's failure mode counts.
    pub failure_mode: FailureModeCounts,
}

/// Whether the failure mode of a step that was killed counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureModeCounts {
    /// The step itself was killed.
    Yes,
    /// The whole run was.
    No,
}

/// Signals that it waits for and sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    /// As its document shows them, evaluated; `None` where the step declares none.
    pub dependencies: Option<Json>,
    /// As its document shows them once it finishes.
    pub outputs: Option<Json>,
}

/// What runs below an attempt.
#[derive(Clone, Debug)]
pub(super) enum Nested {
    /// Nothing.
    Leaf,
    Subworkflow(Box<Subworkflow>),
    Foreach(Box<Foreach>),
    While(Box<While>),
}

/// When an attempt entered each phase; absent for phases that it skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times([Option<Timestamp>; Times::NAMES.len()]);

impl Times {
    /// Names in documents, with the status that each belongs to; the last is that of every end.
    const NAMES: [(&'static str, StepStatus); 10] = [
        ("create_time", StepStatus::Created),
        ("initialize_time", StepStatus::Initialized),
        ("pause_time", StepStatus::Paused),
        ("wait_signal_time", StepStatus::WaitingForSignals),
        ("evaluate_param_time", StepStatus::EvaluatingParams),
        ("wait_permit_time", StepStatus::WaitingForPermits),
        ("start_time", StepStatus::Starting),
        ("execute_time", StepStatus::Running),
        ("finish_time", StepStatus::Finishing),
        ("end_time", StepStatus::Succeeded),
    ];
    const START: usize = 6;
    const END: usize = 9;

    fn set(&mut self, status: StepStatus, now: Timestamp) {
        let index =
            if status.is_terminal() { Some(Self::END) } else { Self::NAMES.iter().position(|(_, of)| *of == status) };
        if let Some(index) = index {
            self.0[index] = Some(now);
        }
    }

    /// When it was started, permits in hand.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.0[Self::START]
    }

    /// When it ended.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.0[Self::END]
    }

    /// When it entered a phase.
    pub(super) fn of(&self, status: StepStatus) -> Option<Timestamp> {
        let index = Self::NAMES.iter().position(|(_, of)| *of == status)?;
        self.0[index]
    }

    /// What is known, by its name in documents.
    pub(super) fn known(&self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        Self::NAMES.iter().zip(self.0).filter_map(|((name, _), time)| Some((*name, time?)))
    }

    pub(super) fn read(from: &Json) -> Self {
        Self(Self::NAMES.map(|(name, _)| from.get(name).and_then(Json::as_i64).map(Timestamp)))
    }
}

/// What the work came to, and what is looked up before it counts.
#[derive(Clone, Debug)]
pub(super) struct Reported {
    pub report: Report,
    /// The name under which the job may have published output data by a call of its own.
    pub job: String,
}

impl Attempt {
    /// Enters a status.
    pub(super) fn go(&mut self, to: StepStatus, now: Timestamp) {
        self.changes.push(Change { from: self.status, to, at: now });
        self.status = to;
        if !to.is_terminal() {
            self.last_phase = to;
        }
        self.times.set(to, now);
    }

    /// As overviews count it.
    pub(super) fn state(&self) -> StepState {
        StepState { status: self.status, start_time: self.times.start(), end_time: self.times.end() }
    }

    /// Whether it is a sleep that has begun and that no placeholder stands in for.
    pub(super) fn is_sleeping(&self) -> bool {
        let is_sleep = matches!(self.definition.kind, Kind::Typed { step_type: StepType::Sleep, .. });
        is_sleep && self.status == StepStatus::Running && !self.is_executing
    }

    /// Whether it is an http step that waits to make its request again.
    pub(super) fn is_polling(&self) -> bool {
        let is_http = matches!(self.definition.kind, Kind::Typed { step_type: StepType::Http, .. });
        is_http && self.status == StepStatus::Running && !self.is_executing
    }

    pub(super) fn waits_for_permits_since(&self) -> Option<Timestamp> {
        self.times.of(StepStatus::WaitingForPermits)
    }

    /// Whether its work is over.
    pub(super) fn has_ended(&self) -> bool {
        self.status.is_terminal()
    }
}

impl Ending {
    /// As a row keeps it.
    pub(super) fn to_json(&self) -> Json {
        let counts = self.failure_mode == FailureModeCounts::Yes;
        json!({ "status": self.status, "entry": self.entry, "failure_mode_counts": counts })
    }

    pub(super) fn from_json(json: &Json) -> Option<Self> {
        let counts = json["failure_mode_counts"] == true;
        Some(Self {
            status: serde_json::from_value(json["status"].clone()).ok()?,
            entry: json["entry"].as_str()?.to_owned(),
            failure_mode: if counts { FailureModeCounts::Yes } else { FailureModeCounts::No },
        })
    }
}
