//! A store that lives as long as its process: for virtual time, where every sample gets an empty one.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound as Edge,
    sync::{PoisonError, RwLock},
};

use workflow::life::{MemoryRows, Row, RowKey, Rows};

use super::{Batch, Bundle, Error, Fence, Generation, GroupId, Position, Store, Write};

/// Rows in a sorted map.
#[derive(Debug, Default)]
pub struct Memory {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: BTreeMap<GroupId, Generation>,
    rows: MemoryRows,
    live: BTreeMap<RowKey, GroupId>,
    bundles: VecDeque<Bundle>,
    last: Position,
}

impl Store for Memory {
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.groups.is_empty() {
            state.groups = (0..count).map(|n| (GroupId(n), Generation(0))).collect();
        }
        let claimed = state.groups.iter_mut().map(|(group, generation)| {
            generation.0 += 1;
            Fence { group: *group, generation: *generation }
        });
        Ok(claimed.collect())
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for Fence { group, generation } in batch.fences.iter().copied() {
            let current = state.groups.get(&group).copied().unwrap_or(Generation(0));
            if current != generation {
                return Err(Error::Fenced { group, generation, current });
            }
        }
        for (key, write) in &batch.writes {
            state.write(key, write);
        }
        if let Some(consumed) = batch.consumed {
            state.bundles.retain(|bundle| bundle.position > consumed);
        }
        if !batch.events.is_empty() {
            state.last.0 += 1;
            let bundle = Bundle { position: state.last, events: batch.events.clone() };
            state.bundles.push_back(bundle);
        }
        Ok(())
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner).rows);
        Ok(())
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<RowKey>, Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let from = after.map_or(Edge::Unbounded, |key| Edge::Excluded(key.clone()));
        let live = state.live.range((from, Edge::Unbounded)).filter(|(_, owner)| **owner == group);
        Ok(live.map(|(key, _)| key.clone()).take(limit).collect())
    }

    fn outbox(&self, after: Position, limit: usize) -> Result<Vec<Bundle>, Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Ok(state.bundles.iter().filter(|bundle| bundle.position > after).take(limit).cloned().collect())
    }
}

impl State {
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
