//! The actor of a group: knows which of its machines are in memory and brings in those that are not.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::{Arc, atomic::Ordering},
};

use tokio::task::JoinSet;
use workflow::{
    life::{Address, Message},
    port::{Reason, Refusal},
};

use crate::{
    actor::{self, Actor, Handle, Next, Refused},
    metric,
    node::Node,
    resident::{Heard, Resident},
    router::Envelope,
    store::Fence,
};

/// Calls that may wait for one machine; further ones are refused. At 10,000 calls a second this is 100 ms of waiting.
const WAITING_MAX: usize = 1024;

/// What a group is told.
#[derive(Debug)]
pub(crate) enum ToGroup {
    /// Pass this on, to a machine in memory.
    Deliver(Box<Envelope>),
    /// A machine has left memory.
    Left(Address),
    /// A machine has left memory for a while, and still waits for others.
    Rests(Address),
    /// A machine has lost what it remembered of others: everybody asks again for what they wait for.
    AskAgain,
    /// A machine must begin anew from what is durable, if it is in memory.
    Renew(Address),
    /// The time of a machine that may leave is up.
    Idle(Address),
}

/// Owns the residents of one group.
#[derive(Debug)]
pub(crate) struct Group {
    node: Arc<Node>,
    fence: Fence,
    residents: HashMap<Address, Handle<Heard>>,
    /// Machines that left for a while: they come back for a message, and for what all are told.
    resting: HashSet<Address>,
    tasks: JoinSet<()>,
    own: Handle<ToGroup>,
}

impl Group {
    pub(crate) fn new(node: Arc<Node>, fence: Fence, own: Handle<ToGroup>) -> Self {
        Self { node, fence, residents: HashMap::new(), resting: HashSet::new(), tasks: JoinSet::new(), own }
    }

    fn deliver(&mut self, envelope: Box<Envelope>) {
        let to = envelope.to.clone();
        let is_call = matches!(envelope.message, Message::Request { .. });
        let resident = self.resident(to.clone());
        let heard = Heard::Message(envelope);
        let refused = if is_call { resident.offer(heard).err() } else { resident.tell(heard).err().map(Refused::Gone) };
        match refused {
            // It left just now: a new one takes over.
            Some(Refused::Gone(Heard::Message(envelope))) => {
                self.residents.remove(&to);
                let _just_made = self.resident(to).tell(Heard::Message(envelope));
            }
            Some(Refused::Full(Heard::Message(envelope))) => self.refuse(&envelope),
            Some(Refused::Gone(_) | Refused::Full(_)) | None => {}
        }
    }

    fn resident(&mut self, address: Address) -> &Handle<Heard> {
        match self.residents.entry(address) {
            Entry::Occupied(resident) => resident.into_mut(),
            Entry::Vacant(place) => {
                let (node, fence, group) = (Arc::clone(&self.node), self.fence, self.own.clone());
                let address = place.key().clone();
                let is_known = self.resting.remove(&address);
                self.node.resting.fetch_sub(usize::from(is_known), Ordering::Relaxed);
                self.node.residents.fetch_add(1, Ordering::Relaxed);
                metric::resident_came(place.key());
                let make = |own| Resident::new(node, fence, address, group, own, is_known);
                place.insert(actor::spawn_with(make, WAITING_MAX, &mut self.tasks))
            }
        }
    }

    fn refuse(&self, envelope: &Envelope) {
        let Message::Request { ticket, .. } = envelope.message else { return };
        metric::refused();
        let message = format!("{WAITING_MAX} calls are waiting for {}; try again later", envelope.to);
        let refusal = Refusal { is_retryable: true, ..Refusal::new(Reason::TooManyRequests, message) };
        self.node.answer(ticket, Err(refusal));
    }

    /// Notes that a machine has left; whether it did, and no other has taken its place.
    fn left(&mut self, address: Address) -> Option<Address> {
        let left = match self.residents.entry(address) {
            Entry::Occupied(resident) if resident.get().is_closed() => Some(resident.remove_entry().0),
            Entry::Occupied(_) | Entry::Vacant(_) => None,
        };
        while self.tasks.try_join_next().is_some() {}
        left
    }

    fn rests(&mut self, address: Address) {
        if let Some(address) = self.left(address)
            && self.resting.insert(address)
        {
            self.node.resting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everybody asks again, also those that rest.
    fn ask_again(&mut self) {
        for address in self.resting.iter().cloned().collect::<Vec<_>>() {
            self.resident(address);
        }
        for resident in self.residents.values() {
            let _left = resident.tell(Heard::AskAgain);
        }
    }
}

impl Actor for Group {
    type Message = ToGroup;

    async fn turn(&mut self, waiting: &mut VecDeque<ToGroup>) -> Next {
        while let Some(told) = waiting.pop_front() {
            match told {
                ToGroup::Deliver(envelope) => self.deliver(envelope),
                ToGroup::Left(address) => drop(self.left(address)),
                ToGroup::Rests(address) => self.rests(address),
                ToGroup::AskAgain => self.ask_again(),
                ToGroup::Renew(address) => {
                    if let Some(resident) = self.residents.get(&address) {
                        let _left = resident.tell(Heard::Renew);
                    }
                }
                ToGroup::Idle(address) => {
                    if let Some(resident) = self.residents.get(&address) {
                        let _left = resident.tell(Heard::Idle);
                    }
                }
            }
        }
        Next::Wait
    }

    fn panicked(&mut self, what: String) -> Next {
        tracing::error!(what, group = %self.fence.group, "a group panicked over a message, which is lost");
        Next::GoOn
    }

    async fn end(mut self) {
        for (address, resident) in &self.residents {
            resident.close();
            self.node.forget_timers(address);
        }
        for address in &self.resting {
            self.node.forget_timers(address);
        }
        self.node.resting.fetch_sub(self.resting.len(), Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
    }
}
