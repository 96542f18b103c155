//! The actor of a group: knows which of its machines are in memory and brings in those that are not.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::{Arc, atomic::Ordering},
};

use tokio::task::JoinSet;
use workflow::{
    id::RunKey,
    life::{Address, Message, Rest},
    port::{Reason, Refusal},
};

use crate::{
    actor::{self, Actor, Handle, Next, Refused},
    metric,
    node::Node,
    resident::{Heard, Resident},
    resting::{Away, Resting, said},
    router::Envelope,
    store::Fence,
    timers::Due,
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
    /// A machine has left memory for a while, and how it rests.
    Rests(Address, Rest),
    /// These runs rested when their rows were read. Told once, when the group has come here.
    Dormant(Vec<(RunKey, Rest)>),
    /// The moment has come that a dormant machine rested until.
    Rouse(Address),
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
    /// Machines that are out of memory for a while: they come back for a message or a timer.
    resting: Resting,
    /// Machines that came before it was known who rests: what their rows said then may no longer be so. `None` afterwards.
    early: Option<HashSet<Address>>,
    tasks: JoinSet<()>,
    own: Handle<ToGroup>,
}

impl Group {
    pub(crate) fn new(node: Arc<Node>, fence: Fence, own: Handle<ToGroup>) -> Self {
        let (residents, resting, tasks) = (HashMap::new(), Resting::default(), JoinSet::new());
        Self { node, fence, residents, resting, early: Some(HashSet::new()), tasks, own }
    }

    fn deliver(&mut self, envelope: Box<Envelope>) {
        let to = envelope.to.clone();
        if self.resting.knows(&*self.node.lives, &to, &envelope.message) {
            return;
        }
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
                if let Some(early) = &mut self.early {
                    early.insert(address.clone());
                }
                let away = self.resting.comes(&address);
                let is_known = away.is_some();
                self.node.resting.fetch_sub(usize::from(is_known), Ordering::Relaxed);
                self.node.residents.fetch_add(1, Ordering::Relaxed);
                metric::resident_came(place.key());
                let make = |own| Resident::new(node, fence, address, group, own, is_known);
                let resident = place.insert(actor::spawn_with(make, WAITING_MAX, &mut self.tasks));
                if let Some(Away::Dormant(_)) = away {
                    let _just_made = resident.tell(Heard::Recovered);
                }
                resident
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

    fn rests(&mut self, address: Address, away: Away) {
        if self.resting.goes(address, away) {
            self.node.resting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Leaves machines where they are until their moment comes or somebody needs them.
    fn leave(&mut self, dormant: Vec<(RunKey, Rest)>) {
        let early = self.early.take().unwrap_or_default();
        for (run, rest) in dormant {
            let address = Address::Run(run.clone());
            if early.contains(&address) {
                self.deliver(Box::new(Envelope { to: address, from: None, message: Message::Recovered }));
                continue;
            }
            if let Some(until) = rest.until {
                self.node.set_timer(address.clone(), Due::Recovery, until);
            }
            for envelope in said(&run, &rest) {
                self.node.router.tell(envelope);
            }
            self.rests(address, Away::Dormant(rest));
        }
    }

    /// Everybody asks again, also those that rest.
    fn ask_again(&self) {
        for envelope in self.resting.ask_again() {
            self.node.router.tell(envelope);
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
                ToGroup::Rests(address, rest) => {
                    if let Some(address) = self.left(address) {
                        self.rests(address, Away::Left(rest));
                    }
                }
                ToGroup::Dormant(dormant) => self.leave(dormant),
                ToGroup::Rouse(address) => {
                    if self.resting.is_dormant(&address) {
                        self.resident(address);
                    }
                }
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
        for address in self.resting.addresses() {
            self.node.forget_timers(address);
        }
        self.node.resting.fetch_sub(self.resting.len(), Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
    }
}
