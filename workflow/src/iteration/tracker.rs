//! A running loop: its iterations changed one at a time, told as a whole.
//!
//! A change costs by the size of what changed, not by the length of the loop; only writing the overview costs by the iterations that run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Error, Intervals, Overview};
use crate::status::{InstanceStatus, Rollup};

/// How iterations are launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordering {
    /// So many at once, whichever they are.
    Free,
    /// Within a window of ids: a slow one holds up those after it.
    Strict,
}

/// The iterations of a loop that runs.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    /// Those that have ended.
    ended: Overview,
    /// Those that have ended at least once: a restart by itself does not take one out.
    settled: Intervals,
    /// Those that have not ended, by id.
    running: BTreeMap<i64, Running>,
    /// Those of them that were launched and that nothing was heard of yet: documents do not count them.
    unheard: BTreeSet<i64>,
    /// The last id that was launched or kept.
    last: i64,
}

#[derive(Clone, Debug)]
struct Running {
    status: InstanceStatus,
    rollup: Arc<Rollup>,
}

impl Tracker {
    /// Goes on from a document. Iterations that had not ended then have to be told again.
    pub fn of(mut overview: Overview) -> Self {
        overview.refresh();
        overview.reset_running();
        let (mut settled, mut last) = (Intervals::default(), 0);
        if let Some(details) = &mut overview.details {
            last = details.all(|_| true).last().unwrap_or(0);
            details.forget_open();
            settled = details.all(|_| true);
        }
        for &iteration in &overview.restart_info {
            settled.insert(iteration);
        }
        Self { ended: overview, settled, running: BTreeMap::new(), unheard: BTreeSet::new(), last }
    }

    /// Notes that an iteration was launched; documents count it from the first that is heard of it.
    pub fn launch(&mut self, iteration: i64) {
        self.update(iteration, InstanceStatus::Created, Arc::default());
        if self.running.contains_key(&iteration) {
            self.unheard.insert(iteration);
        }
    }

    /// The iterations that were launched and that nothing was heard of yet.
    pub fn unheard(&self) -> impl Iterator<Item = i64> {
        self.unheard.iter().copied()
    }

    /// Notes where an iteration stands, and the leaf steps below it. One that has ended stays as it is until it is restarted.
    pub fn update(&mut self, iteration: i64, status: InstanceStatus, rollup: Arc<Rollup>) {
        if !self.running.contains_key(&iteration) && self.has_ended(iteration) {
            return;
        }
        self.last = self.last.max(iteration);
        self.unheard.remove(&iteration);
        if status.is_terminal() {
            self.running.remove(&iteration);
            self.settled.insert(iteration);
            self.ended.restart_info.remove(&iteration);
            self.ended.add(iteration, status, Some(&rollup));
            self.ended.refresh();
        } else {
            self.running.insert(iteration, Running { status, rollup });
        }
    }

    /// Notes that an iteration which ended in `from`, counting `rollup`, was restarted by itself.
    pub fn restart(&mut self, iteration: i64, from: InstanceStatus, rollup: Option<&Rollup>) -> Result<(), Error> {
        self.ended.restart(iteration, InstanceStatus::Created, from, rollup)?;
        self.ended.reset_running();
        if let Some(details) = &mut self.ended.details {
            details.forget_open();
        }
        self.running.insert(iteration, Running { status: InstanceStatus::Created, rollup: Arc::default() });
        Ok(())
    }

    /// Takes out the leaf steps of an earlier run's iteration that runs again now; those that were never counted stay out.
    pub fn forget(&mut self, rollup: &Rollup) {
        if let Some(sum) = &mut self.ended.rollup {
            // A drift that individual restarts left behind is kept rather than made worse.
            let _ = sum.subtract(rollup);
        }
    }

    /// Whether an iteration has ended and is not being restarted.
    pub fn has_ended(&self, iteration: i64) -> bool {
        self.ended.is_restartable(iteration)
    }

    /// The iterations that have not ended, in order.
    pub fn running(&self) -> impl ExactSizeIterator<Item = (i64, InstanceStatus)> {
        self.running.iter().map(|(&iteration, running)| (iteration, running.status))
    }

    /// The iterations that ended in a status.
    pub fn ended_as(&self, status: InstanceStatus) -> Option<&Intervals> {
        self.ended.details.as_ref()?.of(status)
    }

    /// How many more iterations may be launched now, when `limit` may run at once.
    pub fn slots(&self, limit: i64, ordering: Ordering) -> i64 {
        let taken = match ordering {
            Ordering::Free => i64::try_from(self.running.len()).unwrap_or(i64::MAX),
            Ordering::Strict => self.running.first_key_value().map_or(0, |(first, _)| self.last - first + 1),
        };
        limit.saturating_sub(taken).max(0)
    }

    /// The first iteration that has not ended, 0 before the first is heard of; those that are restarted by themselves do not count.
    pub fn checkpoint(&self) -> i64 {
        let is_silent = self.settled.is_empty() && self.running.len() == self.unheard.len();
        match self.settled.ranges().next() {
            Some((first, last)) if first <= 1 => last + 1,
            _ if is_silent => 0,
            _ => self.last.min(1),
        }
    }

    /// What the iterations that have ended amount to; a failure outranks a timeout, and that a stop.
    pub fn outcome(&self) -> InstanceStatus {
        let ranked = [InstanceStatus::Failed, InstanceStatus::TimedOut, InstanceStatus::Stopped];
        ranked.into_iter().find(|status| self.ended.has(*status)).unwrap_or(InstanceStatus::Succeeded)
    }

    /// The document.
    pub fn overview(&self) -> Overview {
        let mut overview = self.ended.clone();
        overview.checkpoint = self.checkpoint();
        for (&iteration, Running { status, rollup }) in self.running.iter().filter(|(id, _)| !self.unheard.contains(id))
        {
            overview.add(iteration, *status, Some(rollup));
        }
        overview.refresh();
        overview
    }
}
