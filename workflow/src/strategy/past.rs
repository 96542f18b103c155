//! What a queue must know of runs that have ended.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use crate::{
    id::{InstanceId, RunId},
    strategy::At,
};

/// What is stored about a workflow's runs, asked by key. The queue itself knows those that have not ended.
pub trait Past {
    /// Whether a run was ever stored under this request id.
    fn knows(&self, uuid: &str) -> bool;

    /// The latest run of an instance; `None` when there is no such instance.
    fn latest_run(&self, instance: InstanceId) -> Option<RunId>;
}

/// A past that is kept in memory, for engines without a store.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    uuids: HashSet<Arc<str>>,
    latest: BTreeMap<InstanceId, RunId>,
}

impl Memory {
    /// Keeps a run.
    pub fn record(&mut self, at: At, uuid: &Arc<str>) {
        self.uuids.insert(Arc::clone(uuid));
        let latest = self.latest.entry(at.instance).or_insert(at.run);
        *latest = at.run.max(*latest);
    }
}

impl Past for Memory {
    fn knows(&self, uuid: &str) -> bool {
        self.uuids.contains(uuid)
    }

    fn latest_run(&self, instance: InstanceId) -> Option<RunId> {
        self.latest.get(&instance).copied()
    }
}
