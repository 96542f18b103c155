//! Which iterations of a loop stand in which status.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Error, Intervals};
use crate::status::InstanceStatus;

/// Iterations by status.
///
/// What is added waits until the next refresh, as in the documents that Maestro writes between two looks at a loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    settled: BTreeMap<InstanceStatus, Intervals>,
    pending: BTreeMap<InstanceStatus, Intervals>,
}

impl Details {
    /// The iterations in a status as of the last refresh.
    pub fn of(&self, status: InstanceStatus) -> Option<&Intervals> {
        self.settled.get(&status)
    }

    /// Every status with its iterations as of the last refresh.
    pub fn iter(&self) -> impl Iterator<Item = (InstanceStatus, &Intervals)> {
        self.settled.iter().map(|(&status, ids)| (status, ids))
    }

    /// The iterations in any of the statuses for which something holds, as of the last refresh.
    pub fn all(&self, holds: impl Fn(InstanceStatus) -> bool) -> Intervals {
        let mut all = Intervals::default();
        for (_, ids) in self.iter().filter(|(status, _)| holds(*status)) {
            all.extend(ids);
        }
        all
    }

    /// Notes an iteration for the next refresh.
    pub fn add(&mut self, iteration: i64, status: InstanceStatus) {
        self.pending.entry(status).or_default().insert(iteration);
    }

    /// Notes many iterations for the next refresh.
    pub fn add_all(&mut self, iterations: &Intervals, status: InstanceStatus) {
        self.pending.entry(status).or_default().extend(iterations);
    }

    /// Takes in what was added. Iterations that had not ended are forgotten unless they were added again.
    pub fn refresh(&mut self) {
        self.settled.retain(|status, _| status.is_terminal());
        for (status, ids) in std::mem::take(&mut self.pending) {
            self.settled.entry(status).or_default().extend(&ids);
        }
    }

    /// Forgets the iterations that have not ended.
    pub fn forget_open(&mut self) {
        self.settled.retain(|status, _| status.is_terminal());
        self.pending.retain(|status, _| status.is_terminal());
    }

    /// Whether an iteration has ended, and so can be restarted by itself.
    pub fn is_restartable(&self, iteration: i64) -> bool {
        self.iter().any(|(status, ids)| status.is_terminal() && ids.contains(iteration))
    }

    /// Takes an iteration out of the status in which it ended and notes the one of its restart.
    pub fn reset(&mut self, iteration: i64, to: InstanceStatus, from: InstanceStatus) -> Result<(), Error> {
        let ids = self.settled.get_mut(&from).ok_or(Error::StatusMissing { iteration, status: from })?;
        if !ids.remove(iteration) {
            return Err(Error::IterationMissing { iteration });
        }
        if ids.is_empty() {
            self.settled.remove(&from);
        }
        self.add(iteration, to);
        Ok(())
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.settled.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { settled: BTreeMap::deserialize(deserializer)?, pending: BTreeMap::new() })
    }
}
