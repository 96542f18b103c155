//! Which group an address belongs to, and the way there: an actor of this node, or a letter to another.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use tokio::sync::watch;
use workflow::life::{Address, Message};

use crate::{
    actor::{self, Handle},
    cluster::{Letter, Peers, outlook::living},
    group::ToGroup,
    store::{Cluster, GroupId, NodeId},
};

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// Whom it is for.
    pub(crate) to: Address,
    /// The machine that said it, if one did; told to ask again if the message is lost by a fault of the receiver.
    pub(crate) from: Option<Address>,
    /// What it says.
    pub(crate) message: Message,
}

/// Where a group is.
#[derive(Clone, Debug)]
enum Place {
    Here(Handle<ToGroup>),
    There(NodeId),
    /// Between two owners: what is told now is lost, and asked for again when it has one.
    Nowhere,
}

/// Where a caller's request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    Here,
    There(NodeId),
    /// The group has no owner at the moment.
    Nowhere,
    /// Too many calls wait there.
    Full,
    /// The node is shutting down.
    Gone,
}

/// The ways to all groups, by their numbers.
#[derive(Debug)]
pub(crate) struct Router {
    places: RwLock<Vec<Place>>,
    /// Groups whose letters came while they were not open here.
    missed: Mutex<BTreeSet<GroupId>>,
    peers: OnceLock<Arc<Peers>>,
    changes: watch::Sender<()>,
}

impl Router {
    /// No group has an owner yet.
    pub(crate) fn new(groups: usize) -> Self {
        Self {
            places: RwLock::new(vec![Place::Nowhere; groups]),
            missed: Mutex::default(),
            peers: OnceLock::new(),
            changes: watch::Sender::default(),
        }
    }

    /// Sets the way to other nodes; once.
    pub(crate) fn connect(&self, peers: Arc<Peers>) {
        let _set_before = self.peers.set(peers);
    }

    /// The other nodes, if there can be any.
    pub(crate) fn peers(&self) -> Option<&Arc<Peers>> {
        self.peers.get()
    }

    /// A group is here from now on. True if letters for it came too early: others had heard of its new place sooner than it was open.
    pub(crate) fn open(&self, group: GroupId, door: Handle<ToGroup>) -> bool {
        self.set(group, Place::Here(door));
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).remove(&group)
    }

    /// A group is no longer here.
    pub(crate) fn close(&self, group: GroupId) {
        self.set(group, Place::Nowhere);
    }

    /// Follows where the groups of other nodes are.
    pub(crate) fn follow(&self, cluster: &Cluster, own: &NodeId) {
        let living: BTreeSet<&NodeId> = living(cluster).map(|member| &member.node).collect();
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        for group in &cluster.groups {
            let Some(place) = places.get_mut(group.fence.group.0 as usize) else { continue };
            match &group.owner {
                Some(owner) if owner == own => {}
                Some(owner) if living.contains(owner) => *place = Place::There(owner.clone()),
                _ => *place = Place::Nowhere,
            }
        }
        drop(places);
        self.changes.send_replace(());
    }

    /// Resolves when a group has come or gone since the last time, or the node has looked where the others are: at every heartbeat, so
    /// that what found nobody is tried again even if nothing has moved.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Whether the machine at an address lives in this process, when it lives: always, unless there are others.
    pub(crate) fn is_here(&self, address: &Address) -> bool {
        self.peers.get().is_none() || self.look(address, |place| matches!(place, Some(Place::Here(_))))
    }

    /// Whether a group that was at a node is there still.
    pub(crate) fn is_at(&self, address: &Address, node: &NodeId) -> bool {
        self.look(address, |place| matches!(place, Some(Place::There(owner)) if owner == node))
    }

    /// From inside: always taken. After the end of a group its messages are lost, as in a crash.
    pub(crate) fn tell(&self, envelope: Envelope) {
        match self.place(&envelope.to) {
            Some(Place::Here(group)) => {
                let _shut_down = group.tell(ToGroup::Deliver(Box::new(envelope)));
            }
            Some(Place::There(node)) => {
                if let (Some(peers), Some(letter)) = (self.peers.get(), Letter::of(envelope)) {
                    peers.post(&node, &letter);
                }
            }
            Some(Place::Nowhere) | None => {}
        }
    }

    /// From outside: comes to nothing if the group has too much to do, or is nowhere.
    pub(crate) fn offer(&self, envelope: Envelope) -> Offered {
        match self.place(&envelope.to) {
            Some(Place::Here(group)) => match group.offer(ToGroup::Deliver(Box::new(envelope))) {
                Ok(()) => Offered::Here,
                Err(actor::Refused::Full(_)) => Offered::Full,
                Err(actor::Refused::Gone(_)) if self.peers.get().is_some() => Offered::Nowhere,
                Err(actor::Refused::Gone(_)) => Offered::Gone,
            },
            Some(Place::There(node)) => match (self.peers.get(), Letter::of(envelope)) {
                (Some(peers), Some(letter)) => {
                    peers.post(&node, &letter);
                    Offered::There(node)
                }
                _ => Offered::Gone,
            },
            Some(Place::Nowhere) | None => Offered::Nowhere,
        }
    }

    /// A message that came from another node: comes back if the group is not here.
    pub(crate) fn take_in(&self, envelope: Box<Envelope>) -> Result<(), Box<Envelope>> {
        // Held to the end, so that a group that opens now either gets the message or knows that it was missed.
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let group = group_of(&envelope.to, places.len());
        let refused = match places.get(group.0 as usize) {
            Some(Place::Here(door)) => door.tell(ToGroup::Deliver(envelope)).err(),
            _ => Some(ToGroup::Deliver(envelope)),
        };
        let Some(ToGroup::Deliver(envelope)) = refused else { return Ok(()) };
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(group);
        Err(envelope)
    }

    /// Tells the group of a machine something about it, if the group is here.
    pub(crate) fn tell_group(&self, address: &Address, what: fn(Address) -> ToGroup) {
        if let Some(Place::Here(group)) = self.place(address) {
            let _shut_down = group.tell(what(address.clone()));
        }
    }

    /// Everybody in memory asks again for what they wait for.
    pub(crate) fn ask_again(&self) {
        for place in &*self.places.read().unwrap_or_else(PoisonError::into_inner) {
            if let Place::Here(group) = place {
                let _shut_down = group.tell(ToGroup::AskAgain);
            }
        }
    }

    /// How many groups there are.
    pub(crate) fn count(&self) -> usize {
        self.places.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The group of an address.
    pub(crate) fn group_of(&self, address: &Address) -> GroupId {
        group_of(address, self.places.read().unwrap_or_else(PoisonError::into_inner).len())
    }

    fn place(&self, address: &Address) -> Option<Place> {
        self.look(address, |place| Some(place?.clone()))
    }

    fn look<T>(&self, address: &Address, look: impl FnOnce(Option<&Place>) -> T) -> T {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        look(places.get(group_of(address, places.len()).0 as usize))
    }

    fn set(&self, group: GroupId, place: Place) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = places.get_mut(group.0 as usize) {
            *old = place;
        }
        drop(places);
        self.changes.send_replace(());
    }
}

/// The group of an address among `count`. Runs are spread as in the reference (flow-engine.md §3.7), so that all places compute the same.
pub(crate) fn group_of(address: &Address, count: usize) -> GroupId {
    let mut hash = JavaHash(0);
    // Writing into a hash never fails.
    let _written = match address {
        Address::Run(key) => write!(hash, "[{}][{}][{}]", key.workflow, key.instance, key.run),
        Address::Workflow(workflow) => hash.write_str(workflow),
        Address::Permits | Address::Signals | Address::Library => Ok(()),
    };
    let count = i32::try_from(count).unwrap_or(i32::MAX).max(1);
    GroupId(hash.0.rem_euclid(count).unsigned_abs())
}

/// Java's hash of the text that is written into it, which is kept nowhere: every message on its way asks for one.
struct JavaHash(i32);

impl fmt::Write for JavaHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = text.encode_utf16().fold(self.0, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use workflow::id::{InstanceId, RunId, RunKey};

    use super::*;

    #[test]
    fn runs_are_spread_as_the_reference_spreads_them() {
        for (workflow, instance, run, of_three, of_nine) in [
            ("sample-dag-test-1", 1, 1, 1, 1),
            ("sample-dag-test-1", 2, 1, 2, 5),
            ("sample-dag-test-1", 1, 2, 2, 5),
            ("etl", 42, 3, 2, 8),
        ] {
            let key = RunKey { workflow: workflow.into(), instance: InstanceId(instance), run: RunId(run) };
            let address = Address::Run(key);
            assert_eq!((group_of(&address, 3).0, group_of(&address, 9).0), (of_three, of_nine), "{address}");
        }
    }

    /// Live rows are stored with their groups: machines whose address had another group would not be found after a restart.
    #[test]
    fn addresses_keep_their_groups_for_ever() {
        let run = |workflow: &str, instance, run| {
            Address::Run(RunKey { workflow: workflow.into(), instance: InstanceId(instance), run: RunId(run) })
        };
        for (address, of_sixteen, of_five) in [
            (run("etl", 42, 3), 6, 0),
            (run("billing.daily_rollup", 1, 1), 1, 3),
            (run("Umsätze 日次 🚀", 7, 1), 1, 1),
            (run("etl", i64::MAX, 1), 12, 2),
            (run("etl", -1, 1), 14, 0),
            (Address::Workflow("etl".into()), 13, 0),
            (Address::Workflow("billing.daily_rollup".into()), 1, 1),
            (Address::Workflow("Umsätze 日次 🚀".into()), 13, 4),
            (Address::Permits, 0, 0),
            (Address::Signals, 0, 0),
            (Address::Library, 0, 0),
        ] {
            assert_eq!((group_of(&address, 16).0, group_of(&address, 5).0), (of_sixteen, of_five), "{address}");
        }
    }
}
