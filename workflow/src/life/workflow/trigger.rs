//! Time and signal triggers of the active version.

use super::Workflow;
use crate::life::Turn;

impl Workflow {
    /// Follows the triggers that are in force now.
    pub(super) fn follow_triggers(&mut self, _turn: &mut Turn<'_>) {}
}
