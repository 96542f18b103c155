//! What arrives at a queue, and what the queue makes of it.

use std::{fmt, sync::Arc};

use crate::{
    definition::Rule,
    id::{InstanceId, RunId},
    strategy::{At, Run},
};

/// A run that wants to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The request id; equal ids start once.
    pub uuid: Arc<str>,
    /// A new instance or an old one.
    pub target: Target,
    /// True when the run is only stored because its start failed.
    pub is_failed: bool,
}

/// Which instance a run belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The next one.
    Fresh,
    /// One that has ended.
    Restart(InstanceId),
}

/// What became of one arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The request id is known: nothing was stored.
    Duplicated,
    /// Stored, to be launched.
    Queued(At),
    /// Stored as ended by the strategy.
    Stopped(At, Because),
    /// Stored as failed from the beginning.
    Failed(At),
}

impl Decision {
    /// The run that was stored.
    pub fn at(&self) -> Option<At> {
        match self {
            Self::Duplicated => None,
            Self::Queued(at) | Self::Stopped(at, _) | Self::Failed(at) => Some(*at),
        }
    }

    /// The reference's code for it: 1 stored, 0 duplicated, -1 stopped at once.
    pub fn code(&self) -> i64 {
        match self {
            Self::Duplicated => 0,
            Self::Queued(_) | Self::Failed(_) => 1,
            Self::Stopped(..) => -1,
        }
    }
}

/// Why a strategy ended a queued run, in the words of the run's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// FIRST_ONLY: another one is alive.
    Alive(Run),
    /// LAST_ONLY: a newer one came.
    Replaced,
    /// SERIAL_LATEST_ONLY: a newer one came.
    Overtaken(At),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alive(run) => {
                write!(f, "With FIRST_ONLY run strategy, this run is stopped due to a running one [{run}].")
            }
            Self::Replaced => {
                f.write_str("With LAST_ONLY run strategy, this run is stopped due to starting a new run.")
            }
            Self::Overtaken(At { instance, run }) => write!(
                f,
                "With SERIAL_LATEST_ONLY run strategy, this run is stopped because new instance {instance} with run {run} \
                 arrived."
            ),
        }
    }
}

/// A running one that must be stopped before a new one starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The running one.
    pub run: Run,
    /// The one that waits for its end.
    pub then: At,
}

/// What a start changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// One for each arrival, in order.
    pub decisions: Vec<Decision>,
    /// Runs that were queued before and are now ended.
    pub stopped: Vec<(Run, Because)>,
    /// The running one to stop.
    pub stop: Option<Stop>,
}

/// The name of a rule in documents.
pub(super) fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Sequential => "SEQUENTIAL",
        Rule::StrictSequential => "STRICT_SEQUENTIAL",
        Rule::FirstOnly => "FIRST_ONLY",
        Rule::LastOnly => "LAST_ONLY",
        Rule::Parallel => "PARALLEL",
        Rule::SerialLatestOnly => "SERIAL_LATEST_ONLY",
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let At { instance, run } = self.at;
        write!(f, "InstanceRunUuid(instanceId={instance}, runId={run}, uuid={})", self.uuid)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}][{}]", self.instance, self.run)
    }
}

impl At {
    /// A run of an instance.
    pub fn new(instance: i64, run: i64) -> Self {
        Self { instance: InstanceId(instance), run: RunId(run) }
    }
}
