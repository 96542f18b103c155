//! Running a sample on an engine in virtual time.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    id::AttemptKey,
    life::Decisions,
    port::{Conclusion, EngineName, Outside, Report, Request, Work},
    time::{Millis, Timestamp},
};

/// A sample, ready to be run: what to push, how to start, what happens meanwhile, what the placeholders give back.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Names it in findings.
    pub id: String,
    /// Create requests to push first, in order; the sample's own workflow is the last.
    pub definitions: Vec<Json>,
    /// The workflow to start.
    pub workflow: String,
    /// The body of the start request.
    pub start: Json,
    /// What callers do while it runs, in order.
    pub acts: Vec<Act>,
    /// Recorded results of steps with outside effects, by step path ([`crate::outcome::step_path`]) and attempt.
    pub stand_ins: BTreeMap<(String, i64), StandIn>,
    /// When the virtual clock starts.
    pub at: Timestamp,
    /// Seeds ids and every random choice of the engine.
    pub seed: u64,
}

/// Something a caller does while a sample runs.
#[derive(Clone, Debug)]
pub struct Act {
    /// So long after the start (virtual time). Where an act had to wait for the end, those after it come as much later.
    pub after: Millis,
    /// Wait until the run has ended first (a restart of an ended run).
    pub is_after_end: bool,
    /// What.
    pub request: Request,
}

/// What a placeholder gives back instead of doing the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandIn {
    /// `DONE`, `USER_ERROR`, `PLATFORM_ERROR`, `FATAL_ERROR`, `STOPPED` or `TIMED_OUT`.
    pub conclusion: String,
    /// How long the recorded work took.
    pub took: Millis,
    /// Params that it published.
    #[serde(default)]
    pub outputs: serde_json::Map<String, Json>,
    /// Artifacts that it left.
    #[serde(default)]
    pub artifacts: serde_json::Map<String, Json>,
}

impl Rehearsal {
    /// What the placeholder of an attempt gives back; a step of which nothing is recorded succeeds at once.
    pub fn stand_in(&self, attempt: &AttemptKey, work: &Work) -> StandIn {
        let recorded = self.stand_ins.get(&(work.path.clone(), attempt.attempt.0));
        recorded.cloned().unwrap_or_else(StandIn::success)
    }

    /// Does the work of steps by their placeholders.
    pub fn outside(&self) -> Outside<'_> {
        Box::new(|attempt, work| {
            let stand_in = self.stand_in(attempt, work);
            let took = stand_in.took;
            (stand_in.report(), took)
        })
    }
}

impl StandIn {
    /// Success at once, with nothing to show for it.
    pub fn success() -> Self {
        Self {
            conclusion: "DONE".to_owned(),
            took: Millis(0),
            outputs: serde_json::Map::new(),
            artifacts: serde_json::Map::new(),
        }
    }

    /// The report that a machine gets; a conclusion that nobody knows is a fatal error, never a success.
    pub fn report(self) -> Report {
        let conclusion = match self.conclusion.as_str() {
            "DONE" => Conclusion::Done,
            "USER_ERROR" => Conclusion::UserError,
            "PLATFORM_ERROR" => Conclusion::PlatformError,
            "STOPPED" => Conclusion::Stopped,
            "TIMED_OUT" => Conclusion::TimedOut,
            _ => Conclusion::FatalError,
        };
        Report { conclusion, outputs: self.outputs, artifacts: self.artifacts, timeline: Vec::new() }
    }
}

/// What a rehearsed sample left behind, as any client could have read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsed {
    /// Every run of the tree (root first, then children in order of creation): the run's document and its attempts' documents.
    pub runs: Vec<(Json, Vec<Json>)>,
    /// Published events in order.
    pub events: Vec<Json>,
    /// Answers to the acts: status and body.
    pub answers: Vec<(u16, Json)>,
    /// How long it took in virtual time, from the start call to the root's end.
    pub took: Millis,
}

/// Why a rehearsal says nothing about the sample.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HarnessError {
    /// The definition or the start was refused, so nothing ran.
    #[error("the sample could not be started: {0}")]
    Refused(String),
    /// It did not end within the bound on virtual time or on messages.
    #[error("the sample did not end within {0}")]
    Endless(String),
    /// The engine broke.
    #[error("the engine failed: {0}")]
    Broken(String),
}

/// An engine that can run samples in virtual time. Each sample gets an empty store; the same rehearsal gives the same result.
pub trait Stage: Send + Sync {
    /// Which engine.
    fn name(&self) -> EngineName;

    /// Runs one sample to its end.
    fn rehearse(&self, rehearsal: &Rehearsal, decisions: Arc<dyn Decisions>) -> Result<Rehearsed, HarnessError>;
}
