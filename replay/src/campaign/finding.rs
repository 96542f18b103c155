//! What one sample showed.

use serde::{Deserialize, Serialize};

use crate::compare::Difference;

/// What one sample showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The sample.
    pub sample: String,
    /// Its workflow.
    pub workflow: String,
    /// Its kind of workflow ([`crate::sample::Shape::stratum`]).
    pub stratum: String,
    /// What it amounts to.
    pub kind: Kind,
    /// Places where the engines disagree, excused ones included; at most [`DIFFERENCES_KEPT`].
    pub differences: Vec<Difference>,
    /// How many places there were.
    pub difference_count: usize,
    /// Places where equal engines disagree with each other.
    pub noise: Vec<Noise>,
    /// The outcomes as text, side by side; only where something is unexplained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Why the harness failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The command that replays this sample alone.
    pub reproduce: String,
    /// Virtual time it took on the baseline, if it ended there.
    pub baseline_ms: Option<i64>,
    /// Virtual time it took on the candidate, if it ended there.
    pub candidate_ms: Option<i64>,
}

/// Differences that a finding keeps.
pub const DIFFERENCES_KEPT: usize = 100;

/// What a sample amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something unexplained differs between the engines.
    Differs,
    /// Equal engines do not agree with themselves, and nothing else differs.
    Noisy,
    /// The harness failed: this says nothing about the engines.
    HarnessError,
    /// Both came to the same, or what differs is excused.
    Agrees,
}

/// A place where an engine disagrees with itself when only its seed changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Which engine.
    pub side: Side,
    /// Where, and between what it wavers.
    pub difference: Difference,
}

/// One of the two engines of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The engine that is known to be right.
    Baseline,
    /// The engine that is judged.
    Candidate,
}

impl Finding {
    /// The differences that count.
    pub fn unexplained(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.is_unexplained())
    }
}
