//! One place where outcomes disagree.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// In which way they disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both have it, with other values.
    Changed,
    /// Only the left one has it.
    Missing,
    /// Only the right one has it.
    Extra,
}

/// One place where two outcomes disagree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where, e.g. `runs.load[3].steps.a.1.status`; a segment with other characters is quoted.
    pub path: String,
    /// In which way.
    pub kind: Kind,
    /// What the left one has; null if nothing.
    pub left: Json,
    /// What the right one has; null if nothing.
    pub right: Json,
    /// Why it does not count, if it does not: the reason of the rule that set it aside, or that equal engines differ here too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused_by: Option<String>,
}

impl Difference {
    /// Whether it counts.
    pub fn is_unexplained(&self) -> bool {
        self.excused_by.is_none()
    }
}
