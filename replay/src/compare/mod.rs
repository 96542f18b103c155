//! Where two outcomes disagree, and which of that is excused.

mod difference;
mod place;
mod rule;
mod tree;

pub use difference::{Difference, Kind};
pub use place::without_numbers;
pub use rule::{Action, Rule, Rules, RulesError};
pub use tree::differences;

use serde_json::Value as Json;
use similar::{Algorithm, TextDiff};

/// Lines around a difference in a unified diff.
const CONTEXT_LINES: usize = 3;

/// How long the text diff of two hostile outcomes may take.
const DIFF_DEADLINE: std::time::Duration = std::time::Duration::from_secs(2);

/// Bytes that a unified diff may have; the rest is cut off and said to be.
const DIFF_MAX_BYTES: usize = 64 * 1024;

/// The unified diff of two trees, one value a line.
pub fn unified(left: (&str, &Json), right: (&str, &Json)) -> String {
    // A value read from JSON can always be written as JSON.
    let text = |tree: &Json| serde_json::to_string_pretty(tree).unwrap_or_default();
    let (a, b) = (text(left.1), text(right.1));
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).timeout(DIFF_DEADLINE).diff_lines(&a, &b);
    let mut told = diff.unified_diff().context_radius(CONTEXT_LINES).header(left.0, right.0).to_string();
    if told.len() > DIFF_MAX_BYTES {
        told.truncate(told.floor_char_boundary(DIFF_MAX_BYTES));
        told.push_str("\n… the rest is cut off\n");
    }
    told
}
