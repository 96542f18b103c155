//! A store that holds commits back, so that a test sees what happens before they are durable.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Condvar, Mutex},
    time::Duration,
};

use engine::store::{Batch, Bundle, Cluster, Error, Fence, GroupId, Memory, NodeId, Ownership, Position, Store};
use workflow::life::{Body, RowKey, Rows};

/// A store whose commits wait until the test lets them through, one by one.
#[derive(Default)]
pub(crate) struct Gate {
    inner: Memory,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open_for: usize,
    begun: Vec<usize>,
}

impl Gate {
    /// Lets one transaction through.
    pub(crate) fn let_through(&self) {
        self.state.lock().unwrap().open_for += 1;
        self.changed.notify_all();
    }

    /// Waits until so many transactions were begun.
    pub(crate) fn wait_for_begun(&self, count: usize) {
        let state = self.state.lock().unwrap();
        let _unused = self.changed.wait_while(state, |state| state.begun.len() < count).unwrap();
    }

    /// Lets everything through from now on.
    pub(crate) fn open(&self) {
        self.state.lock().unwrap().open_for = usize::MAX / 2;
        self.changed.notify_all();
    }

    /// Rows of each transaction that was begun.
    pub(crate) fn begun(&self) -> Vec<usize> {
        self.state.lock().unwrap().begun.clone()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl Store for Gate {
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error> {
        self.inner.claim(count)
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap();
        state.begun.push(batch.writes.len());
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.open_for == 0).unwrap();
        state.open_for -= 1;
        drop(state);
        self.inner.commit(batch)
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        self.inner.view(look)
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Body)>, Error> {
        self.inner.live(group, after, limit)
    }

    fn outbox(&self, after: &BTreeMap<GroupId, Position>, limit: usize) -> Result<Vec<Bundle>, Error> {
        self.inner.outbox(after, limit)
    }
}

impl Ownership for Gate {
    fn divide(&self, count: u32) -> Result<u32, Error> {
        self.inner.divide(count)
    }

    fn heartbeat(&self, node: &NodeId, address: &str, lease: Duration) -> Result<Vec<Fence>, Error> {
        self.inner.heartbeat(node, address, lease)
    }

    fn take(&self, node: &NodeId, limit: usize) -> Result<Vec<Fence>, Error> {
        self.inner.take(node, limit)
    }

    fn release(&self, fences: &[Fence]) -> Result<(), Error> {
        self.inner.release(fences)
    }

    fn leave(&self, node: &NodeId) -> Result<(), Error> {
        self.inner.leave(node)
    }

    fn cluster(&self) -> Result<Cluster, Error> {
        self.inner.cluster()
    }
}
