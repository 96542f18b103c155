//! What is written at once.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use workflow::{
    event::Event,
    life::{Body, RowKey},
};

use super::{Fence, GroupId, Position};

/// The last word on a row within a batch.
#[derive(Clone, Debug)]
pub enum Write {
    /// The row holds this.
    Save {
        /// Its content.
        body: Body,
        /// The group that must load a machine by this row after a crash, if any must.
        live: Option<GroupId>,
    },
    /// The row is gone.
    Forget,
}

/// Rows and events that become durable together. A row that is written twice is written once, as it was last.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What it was decided under.
    pub fences: BTreeSet<Fence>,
    /// Rows by key.
    pub writes: IndexMap<RowKey, Write>,
    /// Events of each group in order; order holds within a group only.
    pub events: BTreeMap<GroupId, Vec<Event>>,
    /// Bundles of a group up to here were consumed and can go.
    pub consumed: BTreeMap<GroupId, Position>,
}

impl Batch {
    /// Puts another batch, decided later, behind this one.
    pub fn append(&mut self, later: Self) {
        self.fences.extend(later.fences);
        self.writes.extend(later.writes);
        for (group, events) in later.events {
            self.events.entry(group).or_default().extend(events);
        }
        for (group, position) in later.consumed {
            let consumed = self.consumed.entry(group).or_insert(position);
            *consumed = position.max(*consumed);
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty() && self.consumed.is_empty()
    }
}
