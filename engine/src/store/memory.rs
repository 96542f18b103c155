//! A store that lives as long as its process: for virtual time, where every sample gets an empty one.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::Bound as Edge,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use workflow::{
    life::{Body, MemoryRows, Row, RowKey, Rows, Unreadable},
    port::Clock,
    time::{Millis, Timestamp},
};

use super::{
    Batch, Bundle, Cluster, Error, Fence, Generation, GroupId, Member, NodeId, Owned, Ownership, Position, Store, Write,
};
use crate::clock::System;

/// Rows in a sorted map.
pub struct Memory {
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<GroupId, Group>,
    nodes: BTreeMap<NodeId, Node>,
    rows: MemoryRows,
    live: BTreeMap<RowKey, GroupId>,
    bundles: VecDeque<Bundle>,
    last: Position,
}

#[derive(Debug)]
struct Group {
    generation: Generation,
    owner: Option<NodeId>,
}

#[derive(Debug)]
struct Node {
    address: String,
    expires_at: Timestamp,
}

impl Memory {
    /// An empty store whose leases expire by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: RwLock::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Arc::new(System))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Store for Memory {
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error> {
        let mut state = self.write();
        state.divide(count);
        Ok(state.groups.iter_mut().map(|(id, group)| group.pass_to(*id, None)).collect())
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let mut state = self.write();
        for Fence { group, generation } in batch.fences.iter().copied() {
            let current = state.groups.get(&group).map_or(Generation(0), |group| group.generation);
            if current != generation {
                return Err(Error::Fenced { group, generation, current });
            }
        }
        for (key, write) in &batch.writes {
            state.write(key, write);
        }
        for (group, consumed) in &batch.consumed {
            state.bundles.retain(|bundle| bundle.group != *group || bundle.position > *consumed);
        }
        for (group, events) in &batch.events {
            state.last.0 += 1;
            let bundle = Bundle { group: *group, position: state.last, events: events.clone() };
            state.bundles.push_back(bundle);
        }
        Ok(())
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        look(&self.read().rows);
        Ok(())
    }

    fn view_at_once(&self, look: &mut dyn FnMut(&dyn Rows)) -> Option<Result<(), Error>> {
        Some(self.view(look))
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Body)>, Error> {
        let state = self.read();
        let from = after.map_or(Edge::Unbounded, |key| Edge::Excluded(key.clone()));
        let live = state.live.range((from, Edge::Unbounded)).filter(|(_, owner)| **owner == group);
        let body = |key: &RowKey| state.rows.row(key).map(Option::unwrap_or_default);
        let found = live.take(limit).map(|(key, _)| Ok((key.clone(), body(key)?)));
        found.collect::<Result<_, _>>().map_err(|error: Unreadable| Error::Unreadable { what: error.to_string() })
    }

    fn outbox(&self, after: &BTreeMap<GroupId, Position>, limit: usize) -> Result<Vec<Bundle>, Error> {
        let state = self.read();
        let is_news = |bundle: &&Bundle| after.get(&bundle.group).is_some_and(|after| bundle.position > *after);
        Ok(state.bundles.iter().filter(is_news).take(limit).cloned().collect())
    }
}

impl Ownership for Memory {
    fn divide(&self, count: u32) -> Result<u32, Error> {
        Ok(self.write().divide(count))
    }

    fn heartbeat(&self, node: &NodeId, address: &str, lease: Duration) -> Result<Vec<Fence>, Error> {
        let expires_at = self.clock.now() + Millis(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let mut state = self.write();
        state.nodes.insert(node.clone(), Node { address: address.to_owned(), expires_at });
        let owned = state.groups.iter().filter(|(_, group)| group.owner.as_ref() == Some(node));
        Ok(owned.map(|(id, group)| Fence { group: *id, generation: group.generation }).collect())
    }

    fn take(&self, node: &NodeId, limit: usize) -> Result<Vec<Fence>, Error> {
        let now = self.clock.now();
        let mut state = self.write();
        let State { groups, nodes, .. } = &mut *state;
        let is_alive = |owner: &NodeId| nodes.get(owner).is_some_and(|node| node.expires_at > now);
        let free = groups.iter_mut().filter(|(_, group)| !group.owner.as_ref().is_some_and(is_alive));
        let taken = free.take(limit).map(|(id, group)| group.pass_to(*id, Some(node.clone()))).collect();
        nodes.retain(|id, node| node.expires_at > now || groups.values().any(|group| group.owner.as_ref() == Some(id)));
        Ok(taken)
    }

    fn release(&self, fences: &[Fence]) -> Result<(), Error> {
        let mut state = self.write();
        for fence in fences {
            if let Some(group) = state.groups.get_mut(&fence.group)
                && group.generation == fence.generation
            {
                group.owner = None;
            }
        }
        Ok(())
    }

    fn leave(&self, node: &NodeId) -> Result<(), Error> {
        let mut state = self.write();
        state.nodes.remove(node);
        for group in state.groups.values_mut().filter(|group| group.owner.as_ref() == Some(node)) {
            group.owner = None;
        }
        Ok(())
    }

    fn cluster(&self) -> Result<Cluster, Error> {
        let now = self.clock.now();
        let state = self.read();
        let member = |(id, node): (&NodeId, &Node)| {
            let left = node.expires_at.0.saturating_sub(now.0);
            let lease = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            Member { node: id.clone(), address: node.address.clone(), lease }
        };
        let owned = |(id, group): (&GroupId, &Group)| Owned {
            fence: Fence { group: *id, generation: group.generation },
            owner: group.owner.clone(),
        };
        let nodes = state.nodes.iter().map(member).collect();
        Ok(Cluster { nodes, groups: state.groups.iter().map(owned).collect() })
    }
}

impl Group {
    fn pass_to(&mut self, id: GroupId, owner: Option<NodeId>) -> Fence {
        self.generation.0 += 1;
        self.owner = owner;
        Fence { group: id, generation: self.generation }
    }
}

impl State {
    fn divide(&mut self, count: u32) -> u32 {
        if self.groups.is_empty() {
            let group = |n| (GroupId(n), Group { generation: Generation(0), owner: None });
            self.groups = (0..count).map(group).collect();
        }
        u32::try_from(self.groups.len()).unwrap_or(u32::MAX)
    }

    fn write(&mut self, key: &RowKey, write: &Write) {
        self.live.remove(key);
        match write {
            Write::Save { body, live } => {
                self.rows.save(Row { key: key.clone(), body: body.clone(), is_live: live.is_some() });
                self.live.extend(live.map(|group| (key.clone(), group)));
            }
            Write::Forget => self.rows.forget(key),
        }
    }
}
