//! The runs of one workflow that have not ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Arrival, Decided, Error, Past, Target};
use crate::{
    definition::{Rule, RunStrategy},
    id::{InstanceId, RunId, WorkflowId},
    status::InstanceStatus,
};

/// Runs launched by one pass; the owner makes another pass while it gets this many.
const DEQUEUE_MAX: usize = 50;
/// Far above any real backlog (a day of one run a second is a tenth of it); starts are then refused.
const QUEUED_MAX: usize = 1_000_000;
/// Failed instances that are remembered as blocking; one is enough to block, so forgetting the oldest changes little.
const FAILED_MAX: usize = 10_000;

/// A run of an instance of the queue's workflow; runs start in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// The instance.
    pub instance: InstanceId,
    /// Its run.
    pub run: RunId,
}

/// A live run with its request id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub at: At,
    /// The request id that started it.
    pub uuid: Arc<str>,
}

/// The queue of one workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub(super) workflow: WorkflowId,
    /// The last instance number given out.
    pub(super) latest: InstanceId,
    /// The first one that is ever given out; engines behind one gateway count from different ones.
    pub(super) first: InstanceId,
    pub(super) queued: BTreeMap<At, Arc<str>>,
    pub(super) running: BTreeMap<At, Arc<str>>,
    /// Request ids of the live runs.
    pub(super) uuids: BTreeSet<Arc<str>>,
    /// Queued runs that do not wait for a dequeue, only for the end of what runs.
    pub(super) promised: BTreeSet<At>,
    /// Instances whose latest run failed and was neither restarted nor unblocked.
    pub(super) failed: BTreeMap<InstanceId, RunId>,
}

impl Queue {
    /// The queue of a workflow that never ran.
    pub fn new(workflow: WorkflowId) -> Self {
        Self {
            workflow,
            latest: InstanceId::default(),
            first: InstanceId::FIRST,
            queued: BTreeMap::new(),
            running: BTreeMap::new(),
            uuids: BTreeSet::new(),
            promised: BTreeSet::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Gives out no instance number below this from now on.
    pub fn count_from(&mut self, first: InstanceId) {
        self.first = first;
    }

    /// Takes a run in, by the strategy's rule.
    pub fn start(&mut self, strategy: RunStrategy, arrival: &Arrival, past: &dyn Past) -> Result<Decided, Error> {
        self.start_batch(strategy, std::slice::from_ref(arrival), past)
    }

    /// The runs that the strategy takes from the queue now, oldest first; `None` when it takes none from a queue at all.
    pub fn dequeue(&self, strategy: RunStrategy) -> Option<Vec<At>> {
        match strategy.rule {
            Rule::FirstOnly | Rule::LastOnly => return None,
            Rule::StrictSequential if !self.failed.is_empty() => return None,
            Rule::Sequential | Rule::StrictSequential | Rule::Parallel | Rule::SerialLatestOnly => {}
        }
        let capacity = usize::try_from(strategy.workflow_concurrency).unwrap_or(0).saturating_sub(self.running.len());
        Some(self.queued.keys().take(capacity.min(DEQUEUE_MAX)).copied().collect())
    }

    /// Everything to launch now: what the strategy dequeues, and what only waited for the end of another run.
    pub fn launchable(&self, strategy: RunStrategy) -> Vec<At> {
        let mut runs = self.dequeue(strategy).unwrap_or_default();
        let promised = if self.running.is_empty() { self.promised.first() } else { None };
        runs.extend(promised.filter(|at| !runs.contains(at)));
        runs
    }

    /// A queued run was launched; false when it is not queued.
    pub fn launch(&mut self, at: At) -> bool {
        let Some(uuid) = self.queued.remove(&at) else { return false };
        self.promised.remove(&at);
        self.running.insert(at, uuid);
        true
    }

    /// A run has ended, queued or running; false when it is not alive.
    pub fn finish(&mut self, at: At, status: InstanceStatus) -> bool {
        let Some(uuid) = self.queued.remove(&at).or_else(|| self.running.remove(&at)) else { return false };
        self.uuids.remove(&uuid);
        self.promised.remove(&at);
        if status == InstanceStatus::Failed {
            self.block(at);
        }
        true
    }

    /// A person says that the failure of an instance is dealt with; `None` when it does not block.
    pub fn unblock(&mut self, instance: InstanceId) -> Option<At> {
        self.failed.remove(&instance).map(|run| At { instance, run })
    }

    /// Unblocks the oldest failed instances, at most so many.
    pub fn unblock_oldest(&mut self, limit: usize) -> Vec<At> {
        std::iter::from_fn(|| self.failed.pop_first().map(|(instance, run)| At { instance, run })).take(limit).collect()
    }

    /// The live run of an instance.
    pub fn live_run(&self, instance: InstanceId) -> Option<At> {
        let range = At { instance, run: RunId(i64::MIN) }..=At { instance, run: RunId(i64::MAX) };
        let mut found = self.queued.range(range.clone()).chain(self.running.range(range));
        found.next().map(|(at, _)| *at)
    }

    /// Whether a run waits to be launched.
    pub fn is_queued(&self, at: At) -> bool {
        self.queued.contains_key(&at)
    }

    /// Whether a run was launched and has not ended.
    pub fn is_running(&self, at: At) -> bool {
        self.running.contains_key(&at)
    }

    /// The queued runs, oldest first.
    pub fn queued(&self) -> impl Iterator<Item = At> {
        self.queued.keys().copied()
    }

    /// The running ones, oldest first.
    pub fn running(&self) -> impl Iterator<Item = At> {
        self.running.keys().copied()
    }

    /// Whether a queued run waits only for the end of another one.
    pub fn is_promised(&self, at: At) -> bool {
        self.promised.contains(&at)
    }

    /// The request id of a live run.
    pub fn uuid(&self, at: At) -> Option<&Arc<str>> {
        self.queued.get(&at).or_else(|| self.running.get(&at))
    }

    /// The live run that a request made.
    pub fn run_of(&self, uuid: &str) -> Option<At> {
        let mut all = self.queued.iter().chain(&self.running);
        if self.uuids.contains(uuid) { all.find(|(_, known)| &***known == uuid).map(|(at, _)| *at) } else { None }
    }

    /// The failed run of an instance that keeps STRICT_SEQUENTIAL from going on.
    pub fn blocking_run(&self, instance: InstanceId) -> Option<At> {
        self.failed.get(&instance).map(|&run| At { instance, run })
    }

    /// How many runs are queued, are running, and have failed and block.
    pub fn counts(&self) -> [usize; 3] {
        [self.queued.len(), self.running.len(), self.failed.len()]
    }

    /// How many runs have not ended.
    pub fn live_count(&self) -> usize {
        self.queued.len() + self.running.len()
    }

    /// The failed runs that keep STRICT_SEQUENTIAL from going on.
    pub fn blocking(&self) -> impl Iterator<Item = At> {
        self.failed.iter().map(|(&instance, &run)| At { instance, run })
    }

    /// The last instance number that was given out.
    pub fn latest_instance(&self) -> InstanceId {
        self.latest
    }

    /// Gives an arrival its run, without storing it; the caller saw that the instance is not alive. A restart unblocks.
    pub(super) fn place(&mut self, target: Target, past: &dyn Past) -> At {
        match target {
            Target::Fresh => {
                self.latest = self.latest.next().max(self.first);
                At { instance: self.latest, run: RunId::FIRST }
            }
            Target::Restart(instance) => {
                self.failed.remove(&instance);
                At { instance, run: past.latest_run(instance).unwrap_or_default().next() }
            }
        }
    }

    pub(super) fn enqueue(&mut self, at: At, uuid: &Arc<str>) {
        self.uuids.insert(Arc::clone(uuid));
        self.queued.insert(at, Arc::clone(uuid));
    }

    pub(super) fn block(&mut self, at: At) {
        self.failed.insert(at.instance, at.run);
        if self.failed.len() > FAILED_MAX {
            self.failed.pop_first();
        }
    }

    pub(super) fn check_room(&self, arrivals: usize) -> Result<(), Error> {
        let queued = self.queued.len();
        if queued.saturating_add(arrivals) > QUEUED_MAX {
            return Err(Error::Full { workflow: self.workflow.clone(), queued });
        }
        Ok(())
    }
}
