//! What a campaign's report does not know itself: it reads no clock and is one of several.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use workflow::time::Timestamp;

/// On which occasion a report is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// What the campaign is about, e.g. a team or a corpus.
    pub title: String,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in real time.
    pub took: Option<Duration>,
    /// Campaigns in which the harness itself was tested by defects injected into the candidate; empty if that was not done.
    pub mutants: Vec<Mutant>,
}

/// A defect that was injected on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutant {
    /// What was broken.
    pub defect: String,
    /// Whether any sample came out differently because of it.
    pub is_caught: bool,
}

impl Mutant {
    /// What a campaign with an injected defect showed; none if nothing was injected.
    pub fn of(report: &replay::campaign::Report) -> Option<Self> {
        let defect = report.injected_defect.clone()?;
        Some(Self { defect, is_caught: report.is_caught() })
    }
}
