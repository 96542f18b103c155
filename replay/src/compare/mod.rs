//! Where two outcomes disagree, and which of that is excused.

mod difference;
mod rule;
mod tree;

pub use difference::{Difference, Kind};
pub use rule::{Action, Rule, Rules, RulesError};
pub use tree::differences;

use similar::{Algorithm, TextDiff};
use workflow::outcome::Outcome;

/// Lines around a difference in a unified diff.
const CONTEXT_LINES: usize = 3;

/// How long the text diff of two hostile outcomes may take.
const DIFF_DEADLINE: std::time::Duration = std::time::Duration::from_secs(2);

/// The unified diff of two outcomes' texts.
pub fn unified(left: (&str, &Outcome), right: (&str, &Outcome)) -> String {
    let (a, b) = (left.1.text(), right.1.text());
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).timeout(DIFF_DEADLINE).diff_lines(&a, &b);
    diff.unified_diff().context_radius(CONTEXT_LINES).header(left.0, right.0).to_string()
}
