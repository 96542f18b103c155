//! What is kept of a past run.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use workflow::{
    port::StandIn,
    time::{Millis, Timestamp},
};

use super::{Deed, Shape};

/// A kept past run: what it was, what was done to it, what its steps gave back, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The workflow that ran.
    pub workflow: String,
    /// Its version.
    pub version: i64,
    /// Definitions of the workflows that the run launched, then its own.
    pub definitions: Vec<DefinitionRef>,
    /// When the run was asked for; the virtual clock starts there.
    pub at: Timestamp,
    /// The body of the start request.
    pub start: Json,
    /// What callers did while it ran, in order.
    pub acts: Vec<RecordedAct>,
    /// What its steps with outside effects gave back.
    pub stand_ins: Vec<RecordedResult>,
    /// What it came to ([`workflow::outcome::Outcome`]).
    pub outcome: Json,
    /// How long it took.
    pub took: Millis,
    /// What it is like, for choosing samples.
    pub shape: Shape,
    /// Where it comes from.
    pub lineage: Lineage,
}

/// A sample out of a corpus, with the definitions that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The hash of its stored form.
    pub id: String,
    /// The sample.
    pub sample: Sample,
    /// Create requests, in the order of [`Sample::definitions`].
    pub definitions: Vec<Json>,
}

/// A definition in the corpus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DefinitionRef {
    /// The workflow.
    pub workflow: String,
    /// The version under which it was recorded.
    pub version: i64,
    /// The hash of its stored form.
    pub sha256: String,
}

/// Something a caller did while the run was alive, or after it had ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedAct {
    /// So long after the start.
    pub after: Millis,
    /// Only once the run before has ended (a restart of an ended run).
    pub is_after_end: bool,
    /// What.
    pub deed: Deed,
}

/// What one attempt of a step gave back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedResult {
    /// The step's place in the tree ([`workflow::outcome::step_path`]).
    pub path: String,
    /// Which attempt.
    pub attempt: i64,
    /// The result.
    pub result: StandIn,
}

/// Where a sample comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// Which engine ran it.
    pub engine: String,
    /// Where that engine is, e.g. its address.
    pub captured_from: String,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// The run there: `workflow/instance/run` of its first run.
    pub run: String,
    /// Who or what started it there; a replay starts by hand.
    pub initiator: Json,
    /// What was taken out.
    pub redactions: Vec<Redaction>,
}

/// Something that was taken out of a sample before it left memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redaction {
    /// The pattern or the rule that found it.
    pub pattern: String,
    /// In how many places.
    pub places: u64,
}
