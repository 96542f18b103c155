//! What has happened, and whether it may.

use std::collections::{BTreeMap, BTreeSet};

use workflow::id::{AttemptKey, RunKey};

use crate::store::NodeId;

/// What must hold at every moment.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Which nodes execute an attempt, as far as they are not cut off.
    executing: BTreeMap<AttemptKey, BTreeSet<NodeId>>,
    /// Runs whose stop was acknowledged.
    stopped: BTreeSet<RunKey>,
    pub(super) executions: u64,
}

impl History {
    /// A node begins to execute an attempt. `is_cut_off` says which nodes can no longer do anything.
    pub(super) fn executes(
        &mut self,
        node: &NodeId,
        attempt: &AttemptKey,
        is_cut_off: impl Fn(&NodeId) -> bool,
    ) -> Result<(), String> {
        self.executions += 1;
        let executing = self.executing.entry(attempt.clone()).or_default();
        executing.retain(|other| !is_cut_off(other));
        if let Some(other) = executing.iter().find(|other| *other != node) {
            return Err(format!("{attempt} is executed by {node} while {other} executes it"));
        }
        executing.insert(node.clone());
        if self.stopped.contains(&attempt.run) {
            return Err(format!("{attempt} is executed after its run was stopped"));
        }
        Ok(())
    }

    /// A node has ended the work of an attempt, or will never end it.
    pub(super) fn ends(&mut self, node: &NodeId, attempt: &AttemptKey) {
        if let Some(executing) = self.executing.get_mut(attempt) {
            executing.remove(node);
        }
    }

    /// A caller was told that a run is stopped.
    pub(super) fn stops(&mut self, run: RunKey) {
        self.stopped.insert(run);
    }
}
