//! One node: what the engine's actors do, a piece at a time, in any order that they may do it in.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, rngs::StdRng};
use workflow::{
    id::{AttemptKey, RunKey, SeededIds},
    life::{Address, Around, Faithful, Machine, Message, Note, Rest, RowKey, Rows, Settings, Task, Ticket, Unreadable},
    port::{Answer, Caller, Refusal, Request},
    status::StepStatus,
    time::{Millis, Timestamp},
};

use super::{
    history::History,
    load,
    network::{Network, Parcel},
    store::{Durable, Fate},
    trace,
};
use crate::{
    cluster::{
        Letter,
        link::{Incoming, Mark, Outgoing},
        outlook::{LOOKS, Outlook, living},
        tag, tag_of,
    },
    groups::{Live, live},
    lives::{Asked, Cycles, Lives, Route},
    node::view,
    resting::{Away, Resting, said},
    router::{Envelope, group_of},
    store::{Batch, Error, Fence, GroupId, NodeId, Ownership, Write},
    timers::{Due, Timers},
    turn::{self, Decided, Given, Later},
};

pub(super) const GROUPS: u32 = 5;
pub(super) const LEASE: Millis = Millis::from_secs(6);
const BEAT: Millis = Millis(LEASE.0 / LOOKS as i64);
/// The longest that the work of a step takes.
const WORK_MAX_MS: i64 = 1_500;
/// The wait before a batch that was not acknowledged is sent again.
const AGAIN: Millis = Millis(100);
/// Two in so many commits fail.
const COMMITS: u32 = 400;
/// The longest that a group takes to open once the store has given it to a node.
const OPENING_MAX: Millis = Millis(500);

/// What a machine was told.
#[derive(Debug)]
enum Heard {
    Message(Message),
    AskAgain,
    Recovered,
    Renew,
}

/// A machine in memory, or only its mailbox.
#[derive(Default)]
struct Resident {
    machine: Option<Box<dyn Machine>>,
    waiting: VecDeque<Heard>,
    tasks: VecDeque<Task>,
    submitted: u64,
    durable: u64,
}

/// What waits for the committer.
struct Commit {
    of: Address,
    batch: Batch,
    later: Vec<Later>,
    far: Vec<(Address, Note)>,
    number: u64,
}

/// Where a group is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Here,
    There(NodeId),
    Nowhere,
}

/// What a caller was told.
#[derive(Debug)]
pub(super) enum Told {
    Answer(Result<Answer, Refusal>),
    /// The request was not taken up, or nobody can say whether it was.
    Unknown,
}

/// Whether a node goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acted {
    /// There was nothing to do.
    Idle,
    Lived,
    /// A commit failed or its lease is over: the process ends.
    Died,
}

/// What a node shares with the world while it acts.
pub(super) struct Moment<'a> {
    pub(super) now: Timestamp,
    pub(super) rng: &'a mut StdRng,
    pub(super) history: &'a mut History,
    pub(super) network: &'a mut Network,
    pub(super) is_faulty: bool,
    pub(super) told: &'a mut Vec<(Ticket, Told)>,
    /// Nodes that run and hold their leases.
    pub(super) connected: &'a BTreeSet<NodeId>,
}

/// One thing that a node can do now.
enum Piece {
    Turn(Address),
    Commit,
    Fire,
    End(AttemptKey),
    Beat,
    /// The next group that was taken opens.
    Start,
    Send(NodeId),
}

/// One node.
pub(super) struct Node {
    pub(super) id: NodeId,
    store: Arc<Durable>,
    around: Around,
    ids: SeededIds,
    /// How far its clock is off.
    pub(super) offset: Millis,
    groups: BTreeMap<GroupId, Fence>,
    /// Groups that the store has given to this node, and when they open.
    taken: VecDeque<(Fence, Timestamp)>,
    places: Vec<Place>,
    /// Groups whose letters came before they were open.
    missed: BTreeSet<GroupId>,
    residents: BTreeMap<Address, Resident>,
    resting: Resting,
    commits: VecDeque<Commit>,
    timers: Timers,
    outlook: Outlook,
    /// With when a batch is sent again.
    links: BTreeMap<NodeId, (Outgoing, Timestamp)>,
    opened: u64,
    incoming: Incoming,
    working: BTreeMap<AttemptKey, Timestamp>,
    /// Attempts whose end is decided and not yet durable.
    revoked: BTreeSet<AttemptKey>,
    beaten: Timestamp,
    next_beat: Timestamp,
    leaving: Vec<Fence>,
    said: BTreeMap<NodeId, Mark>,
    has_read: bool,
    tickets: u64,
    /// Until when it stands still.
    pub(super) paused: Option<Timestamp>,
    /// Commits that the store refused because another node had taken over.
    pub(super) refused: u64,
}

impl Node {
    pub(super) fn new(number: u64, store: Arc<Durable>, offset: Millis, seed: u64, now: Timestamp) -> Self {
        let id = NodeId(format!("node-{number}").into());
        Self {
            around: Around::new(Settings::production(), Arc::new(Faithful), |_| false),
            ids: SeededIds::new(seed),
            offset,
            groups: BTreeMap::new(),
            taken: VecDeque::new(),
            places: vec![Place::Nowhere; GROUPS as usize],
            missed: BTreeSet::new(),
            residents: BTreeMap::new(),
            resting: Resting::default(),
            commits: VecDeque::new(),
            timers: Timers::default(),
            outlook: Outlook::new(id.clone()),
            links: BTreeMap::new(),
            opened: 0,
            incoming: Incoming::default(),
            working: BTreeMap::new(),
            revoked: BTreeSet::new(),
            beaten: now,
            next_beat: now,
            leaving: Vec::new(),
            said: BTreeMap::new(),
            has_read: false,
            tickets: 0,
            paused: None,
            refused: 0,
            store,
            id,
        }
    }

    /// Whether its groups are safe from others.
    pub(super) fn has_lease(&self, now: Timestamp) -> bool {
        now < self.beaten + LEASE
    }

    /// When something happens by itself.
    pub(super) fn next_due(&self) -> Timestamp {
        let timer = self.timers.first().map(|at| Timestamp(at.0 - self.offset.0));
        let sends = self.links.values().filter(|(outgoing, _)| outgoing.has_news()).map(|(_, again)| *again);
        let due = timer.into_iter().chain(self.working.values().copied()).chain(sends);
        let due = due.chain(self.taken.front().map(|(_, opens)| *opens));
        due.fold(self.next_beat, Timestamp::min)
    }

    /// Whether it has something to do whatever the time is.
    pub(super) fn is_busy(&self) -> bool {
        !self.commits.is_empty() || self.residents.values().any(Resident::is_busy)
    }

    /// Whether anybody holds or awaits a permit here.
    pub(super) fn holds_permits(&self) -> bool {
        let permits = self.residents.get(&Address::Permits).and_then(|resident| resident.machine.as_ref());
        permits.is_some_and(|machine| !machine.is_settled())
    }

    /// Does one of the things that it can do now.
    pub(super) fn act(&mut self, moment: &mut Moment<'_>) -> Result<Acted, String> {
        let mut pieces = self.pieces(moment.now);
        if pieces.is_empty() {
            return Ok(Acted::Idle);
        }
        let chosen = moment.rng.random_range(0..pieces.len());
        match pieces.swap_remove(chosen) {
            Piece::Turn(address) => self.turn(&address, moment),
            Piece::Commit => {
                let count = moment.rng.random_range(1..=self.commits.len());
                self.commit(count, moment)
            }
            Piece::Fire => {
                match self.timers.fire(moment.now + self.offset) {
                    Some((to, Due::Woken(wake))) => {
                        self.tell(Envelope { to, from: None, message: Message::Woken(wake) });
                    }
                    Some((dormant, Due::Recovery)) if self.resting.is_dormant(&dormant) => {
                        self.resident(dormant);
                    }
                    Some((_, Due::Recovery | Due::Idle)) | None => {}
                }
                Ok(Acted::Lived)
            }
            Piece::End(attempt) => {
                self.working.remove(&attempt);
                moment.history.ends(&self.id, &attempt);
                let (to, report) = (Address::Run(attempt.run.clone()), Box::new(load::report(&attempt)));
                self.tell(Envelope { to, from: None, message: Message::Executed { attempt, report } });
                Ok(Acted::Lived)
            }
            Piece::Beat => self.beat(moment),
            Piece::Start => {
                self.start_next();
                Ok(Acted::Lived)
            }
            Piece::Send(to) => {
                if let Some((outgoing, again)) = self.links.get_mut(&to)
                    && let Some(batch) = outgoing.batch()
                {
                    *again = moment.now + AGAIN;
                    trace(format_args!(
                        "{} {} sends {:?} with {:.600?}",
                        moment.now.0, self.id, batch.cover, batch.letters
                    ));
                    moment.network.send(Parcel::Letters(batch), moment.now, moment.is_faulty, moment.rng);
                }
                Ok(Acted::Lived)
            }
        }
    }

    fn pieces(&self, now: Timestamp) -> Vec<Piece> {
        let busy = self.residents.iter().filter(|(_, resident)| resident.is_busy());
        let mut pieces: Vec<Piece> = busy.map(|(address, _)| Piece::Turn(address.clone())).collect();
        if !self.commits.is_empty() {
            pieces.push(Piece::Commit);
        }
        if self.taken.front().is_some_and(|(_, at)| *at <= now) {
            pieces.push(Piece::Start);
        }
        if self.timers.first().is_some_and(|at| at <= now + self.offset) {
            pieces.push(Piece::Fire);
        }
        let ended = self.working.iter().filter(|(_, at)| **at <= now);
        pieces.extend(ended.map(|(attempt, _)| Piece::End(attempt.clone())));
        if self.next_beat <= now {
            pieces.push(Piece::Beat);
        }
        let ready = self.links.iter().filter(|(_, (outgoing, again))| outgoing.has_news() && *again <= now);
        pieces.extend(ready.map(|(node, _)| Piece::Send(node.clone())));
        pieces
    }

    /// A caller asks this node.
    pub(super) fn call(&mut self, request: Request, moment: &mut Moment<'_>) -> Option<Ticket> {
        self.tickets += 1;
        let ticket = Ticket(tag(&self.id) + self.tickets);
        let asked_at = moment.now + self.offset;
        let route = match Cycles.address(&request) {
            Some(address) => Route::To(address),
            None => {
                self.read(|rows, around| Cycles.route(&request, Asked { rows, surroundings: around, now: asked_at }))
            }
        };
        match route {
            Route::Answer(answer) => moment.told.push((ticket, Told::Answer(answer))),
            Route::To(to) => {
                if *self.place(&to) == Place::Nowhere {
                    return None;
                }
                let caller = Caller { user: Some(workflow::user::User::named("ann")) };
                let message = Message::Request { ticket, caller, request: Box::new(request) };
                self.tell(Envelope { to, from: None, message });
            }
        }
        Some(ticket)
    }

    /// Something comes in from another node.
    pub(super) fn receive(&mut self, parcel: Parcel, moment: &mut Moment<'_>) {
        match parcel {
            Parcel::Letters(batch) => {
                if !self.incoming.knows(&batch.cover.from) {
                    return;
                }
                if self.incoming.is_new(&batch.cover) {
                    for letter in &batch.letters {
                        let letter = serde_json::from_str(letter).expect("a letter reads back as it was written");
                        self.open(&batch.cover.from, letter, moment);
                    }
                }
                let parcel = Parcel::Acknowledged(batch.cover);
                moment.network.send(parcel, moment.now, moment.is_faulty, moment.rng);
            }
            Parcel::Acknowledged(cover) => {
                let is_lossy = self.links.get_mut(&cover.to).is_some_and(|(outgoing, again)| {
                    *again = moment.now;
                    outgoing.acknowledged(&cover)
                });
                if is_lossy {
                    self.ask_again();
                    self.post_all(&Letter::AskAgain);
                }
            }
        }
    }

    fn open(&mut self, from: &NodeId, letter: Letter, moment: &mut Moment<'_>) {
        match letter {
            Letter::Deliver { to, from: sender, content } => {
                let message: Message = content.into();
                if *self.place(&to) == Place::Here {
                    self.tell(Envelope { to, from: sender, message });
                } else if let Message::Request { ticket, .. } = message {
                    self.post(from, &Letter::Moved { ticket });
                } else {
                    self.missed.insert(self.group(&to));
                }
            }
            Letter::Answer { ticket, answer } => moment.told.push((ticket, Told::Answer(answer))),
            Letter::Moved { ticket } => moment.told.push((ticket, Told::Unknown)),
            Letter::Break { key, body } => self.around.change(&key, body.map(|body| body.into_bytes().into()).as_ref()),
            Letter::AskAgain => self.ask_again(),
        }
    }

    fn turn(&mut self, address: &Address, moment: &mut Moment<'_>) -> Result<Acted, String> {
        let Some(resident) = self.residents.get_mut(address) else { return Ok(Acted::Idle) };
        let count = if resident.waiting.is_empty() { 0 } else { moment.rng.random_range(1..=resident.waiting.len()) };
        let mut heard: VecDeque<Heard> = resident.waiting.drain(..count).collect();
        if heard.iter().any(|heard| matches!(heard, Heard::Renew)) {
            heard.retain(|heard| !matches!(heard, Heard::Renew));
            heard.push_front(Heard::Recovered);
            (resident.machine, resident.tasks) = (None, VecDeque::new());
            if self.commit(self.commits.len(), moment)? == Acted::Died {
                return Ok(Acted::Died);
            }
        }
        let mut resident = self.residents.remove(address).expect("it was there");
        let mut machine = match resident.machine.take() {
            Some(machine) => machine,
            None => self.read(|rows, _| Cycles.load(address, rows)),
        };
        let mut messages = || {
            Some(match heard.pop_front()? {
                Heard::Message(message) => {
                    trace(format_args!("{} {} {address} hears {message:.300?}", moment.now.0, self.id));
                    message
                }
                Heard::AskAgain => Message::AskAgain,
                Heard::Recovered | Heard::Renew => Message::Recovered,
            })
        };
        let now = moment.now + self.offset;
        let given = Given { now, ids: &mut self.ids, surroundings: &self.around, at_hand: &|_| None };
        let decided = turn::take(&mut *machine, &mut messages, &mut resident.tasks, given);
        resident.machine = Some(machine);
        self.decide(address, &mut resident, decided);
        self.residents.insert(address.clone(), resident);
        self.leave(address, moment);
        Ok(Acted::Lived)
    }

    /// Hands the commit in, then tells others.
    fn decide(&mut self, address: &Address, resident: &mut Resident, decided: Decided) {
        let Decided { rows, asked, later, sends, wakes, .. } = decided;
        let fence = self.groups[&self.group(address)];
        for later in &later {
            if let Later::Cancel { attempt } = later {
                self.revoked.insert(attempt.clone());
            }
        }
        let (near, far): (Vec<_>, Vec<_>) = sends.into_iter().partition(|(to, _)| *self.place(to) == Place::Here);
        let mut batch = Batch::default();
        for (key, row) in rows {
            let write = row
                .map_or(Write::Forget, |row| Write::Save { live: row.is_live.then_some(fence.group), body: row.body });
            batch.writes.insert(key, write);
        }
        if !batch.is_empty() {
            batch.fences.insert(fence);
        }
        resident.submitted += 1;
        let later = asked.into_iter().map(Later::Fetch).chain(later).collect();
        self.commits.push_back(Commit { of: address.clone(), batch, later, far, number: resident.submitted });
        for (to, note) in near {
            self.tell(Envelope { to, from: Some(address.clone()), message: Message::Note(note) });
        }
        for (at, wake) in wakes {
            self.timers.set(address.clone(), Due::Woken(wake), at);
        }
    }

    /// A machine that is settled, or rests, may leave once all that it decided is durable.
    fn leave(&mut self, address: &Address, moment: &mut Moment<'_>) {
        if address.is_shared() {
            return;
        }
        let left = self
            .residents
            .get(address)
            .filter(|resident| !resident.is_busy() && resident.durable == resident.submitted);
        let Some(left) = left else { return };
        let (is_settled, rest) = match &left.machine {
            Some(machine) => (machine.is_settled(), machine.rest().cloned()),
            None => (true, None),
        };
        if !(is_settled || rest.is_some()) || moment.rng.random_ratio(1, 2) {
            return;
        }
        self.residents.remove(address);
        match rest {
            Some(rest) => drop(self.resting.goes(address.clone(), Away::Left(rest))),
            None => self.timers.forget(address),
        }
    }

    fn commit(&mut self, count: usize, moment: &mut Moment<'_>) -> Result<Acted, String> {
        let commits: Vec<Commit> = self.commits.drain(..count).collect();
        let mut batch = Batch::default();
        for commit in &commits {
            batch.append(commit.batch.clone());
        }
        let fate = match moment.rng.random_range(0..COMMITS) {
            0 if moment.is_faulty => Fate::LostBefore,
            1 if moment.is_faulty => Fate::LostAfter,
            _ => Fate::Done,
        };
        match self.store.commit(&batch, fate) {
            Ok(()) => {}
            Err(error) => {
                trace(format_args!("{} {} dies: {error}", moment.now.0, self.id));
                self.refused += u64::from(matches!(error, Error::Fenced { .. }));
                return Ok(Acted::Died);
            }
        }
        for Commit { of, later, far, number, .. } in commits {
            for later in later {
                self.release(&of, later, moment)?;
            }
            for (to, note) in far {
                self.tell(Envelope { to, from: Some(of.clone()), message: Message::Note(note) });
            }
            if let Some(resident) = self.residents.get_mut(&of) {
                resident.durable = resident.durable.max(number);
            }
            self.leave(&of, moment);
        }
        Ok(Acted::Lived)
    }

    fn release(&mut self, of: &Address, later: Later, moment: &mut Moment<'_>) -> Result<(), String> {
        match later {
            Later::Execute { attempt, .. } => {
                if self.working.contains_key(&attempt) || self.revoked.contains(&attempt) {
                    return Ok(());
                }
                if self.store.attempt(&RowKey::attempt(&attempt)).is_some_and(StepStatus::is_terminal) {
                    return Err(format!("{} executes {attempt}, which has ended", self.id));
                }
                moment.history.executes(&self.id, &attempt, |other| !moment.connected.contains(other))?;
                let took = Millis(moment.rng.random_range(0..=WORK_MAX_MS));
                self.working.insert(attempt, moment.now + took);
            }
            Later::Cancel { attempt } => {
                self.revoked.remove(&attempt);
                self.working.remove(&attempt);
                moment.history.ends(&self.id, &attempt);
            }
            Later::Fetch(lookup) => {
                let found = self.read(|rows, _| Cycles.find(&lookup, rows));
                self.tell(Envelope { to: of.clone(), from: None, message: Message::Found { lookup, found } });
            }
            Later::Reply { ticket, answer } if tag_of(ticket.0) == tag(&self.id) => {
                moment.told.push((ticket, Told::Answer(answer)));
            }
            Later::Reply { ticket, answer } => {
                let to = self.links.keys().find(|node| tag(node) == tag_of(ticket.0)).cloned();
                if let Some(to) = to {
                    self.post(&to, &Letter::Answer { ticket, answer });
                }
            }
            Later::Break { key, body } => {
                self.around.change(&key, body.as_ref());
                let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
                self.post_all(&Letter::Break { key, body });
            }
            Later::End => {}
        }
        Ok(())
    }

    fn beat(&mut self, moment: &mut Moment<'_>) -> Result<Acted, String> {
        self.next_beat = moment.now + BEAT;
        if !self.has_lease(moment.now) {
            return Ok(Acted::Died);
        }
        trace(format_args!("{} {} beats", moment.now.0, self.id));
        while self.start_next() {}
        let store = Arc::clone(&self.store);
        let lease = Duration::from_millis(LEASE.0.unsigned_abs());
        let owned = store.rows.heartbeat(&self.id, "", lease).expect("memory always answers");
        self.beaten = moment.now;
        if self.groups.values().any(|fence| !owned.contains(fence)) {
            return Ok(Acted::Died);
        }
        let cluster = store.rows.cluster().expect("memory always answers");
        let plan = self.outlook.look(&cluster, &self.leaving);
        self.follow(&cluster, moment);
        if !plan.release.is_empty() {
            if self.stop(&plan.release, moment)? == Acted::Died {
                return Ok(Acted::Died);
            }
            self.leaving.extend(plan.release.iter().copied());
            self.said = self.links.iter().map(|(node, (outgoing, _))| (node.clone(), outgoing.mark())).collect();
        }
        let has_settled = |(node, mark): (&NodeId, &Mark)| {
            self.links.get(node).is_none_or(|(outgoing, _)| outgoing.has_settled(*mark))
        };
        if !self.leaving.is_empty() && self.said.iter().all(has_settled) {
            store.rows.release(&std::mem::take(&mut self.leaving)).expect("memory always answers");
        }
        if plan.take > 0 {
            let opens = moment.now + Millis(moment.rng.random_range(0..=OPENING_MAX.0));
            let taken = store.rows.take(&self.id, plan.take).expect("memory always answers");
            self.taken.extend(taken.into_iter().map(|fence| (fence, opens)));
        }
        if plan.has_died && *self.place(&Address::Permits) == Place::Here {
            for address in Address::SHARED {
                if let Some(resident) = self.residents.get_mut(&address) {
                    resident.waiting.push_back(Heard::Renew);
                }
            }
            self.post_all(&Letter::AskAgain);
        }
        if plan.asks_again {
            self.ask_again();
        }
        Ok(Acted::Lived)
    }

    fn follow(&mut self, cluster: &crate::store::Cluster, moment: &Moment<'_>) {
        let living: BTreeSet<NodeId> = living(cluster).map(|member| member.node.clone()).collect();
        self.links.retain(|node, _| living.contains(node));
        self.incoming.follow(&living);
        for node in living.iter().filter(|node| **node != self.id) {
            self.links.entry(node.clone()).or_insert_with(|| {
                self.opened += 1;
                (Outgoing::new(self.id.clone(), node.clone(), self.opened), moment.now)
            });
        }
        for group in &cluster.groups {
            let place = &mut self.places[group.fence.group.0 as usize];
            match &group.owner {
                Some(owner) if *owner == self.id => {}
                Some(owner) if living.contains(owner) => *place = Place::There(owner.clone()),
                _ => *place = Place::Nowhere,
            }
        }
    }

    /// Others may know that a group is here, and write to it, before it is open.
    fn start_next(&mut self) -> bool {
        let Some((fence, _)) = self.taken.pop_front() else { return false };
        self.start(fence);
        true
    }

    fn start(&mut self, fence: Fence) {
        trace(format_args!("{} takes {fence:?}", self.id));
        if !std::mem::replace(&mut self.has_read, true) {
            self.read(|rows, around| around.read(rows));
        }
        self.groups.insert(fence.group, fence);
        self.places[fence.group.0 as usize] = Place::Here;
        let Live { awake, mut dormant } = live(&self.store.rows, &Cycles, &[fence]).expect("memory always answers");
        let asked = Address::SHARED.into_iter().filter(|address| self.group(address) == fence.group);
        for to in asked.collect::<Vec<_>>() {
            self.tell(Envelope { to, from: None, message: Message::Recovered });
        }
        for (run, rest) in dormant.remove(&fence.group).unwrap_or_default() {
            self.leave_dormant(run, rest);
        }
        for to in awake.into_iter().filter(|address| !address.is_shared()) {
            self.tell(Envelope { to, from: None, message: Message::Recovered });
        }
        if self.missed.remove(&fence.group) {
            self.ask_again();
            self.post_all(&Letter::AskAgain);
        }
    }

    /// Leaves a run where it is until its moment comes or somebody needs it.
    fn leave_dormant(&mut self, run: RunKey, rest: Rest) {
        let address = Address::Run(run.clone());
        if let Some(resident) = self.residents.get_mut(&address) {
            resident.waiting.push_back(Heard::Recovered);
            return;
        }
        if let Some(until) = rest.until {
            self.timers.set(address.clone(), Due::Recovery, until);
        }
        let says: Vec<_> = said(&run, &rest).collect();
        self.resting.goes(address, Away::Dormant(rest));
        for envelope in says {
            self.tell(envelope);
        }
    }

    /// Groups are given up: their machines hear what still waits, and what they decide is written.
    fn stop(&mut self, fences: &[Fence], moment: &mut Moment<'_>) -> Result<Acted, String> {
        let left: BTreeSet<GroupId> = fences.iter().map(|fence| fence.group).collect();
        let busy = |node: &Self| {
            let of_left = |address: &Address| left.contains(&node.group(address));
            node.residents
                .iter()
                .find(|(address, resident)| of_left(address) && resident.is_busy())
                .map(|(address, _)| address.clone())
        };
        while let Some(address) = busy(self) {
            if self.turn(&address, moment)? == Acted::Died {
                return Ok(Acted::Died);
            }
        }
        if self.commit(self.commits.len(), moment)? == Acted::Died {
            return Ok(Acted::Died);
        }
        for group in &left {
            self.groups.remove(group);
            self.places[group.0 as usize] = Place::Nowhere;
        }
        let known = self.residents.keys().chain(self.resting.addresses());
        let gone: Vec<Address> = known.filter(|address| left.contains(&self.group(address))).cloned().collect();
        for address in gone {
            self.residents.remove(&address);
            self.resting.comes(&address);
            self.timers.forget(&address);
        }
        let groups = GROUPS as usize;
        self.working.retain(|attempt, _| {
            let is_left = left.contains(&group_of(&Address::Run(attempt.run.clone()), groups));
            if is_left {
                moment.history.ends(&self.id, attempt);
            }
            !is_left
        });
        Ok(Acted::Lived)
    }

    fn ask_again(&mut self) {
        for resident in self.residents.values_mut() {
            resident.waiting.push_back(Heard::AskAgain);
        }
        let says: Vec<_> = self.resting.ask_again().collect();
        for envelope in says {
            self.tell(envelope);
        }
    }

    fn tell(&mut self, envelope: Envelope) {
        match self.place(&envelope.to).clone() {
            Place::Here if self.resting.knows(&Cycles, &envelope.to, &envelope.message) => {}
            Place::Here => self.resident(envelope.to).waiting.push_back(Heard::Message(envelope.message)),
            Place::There(node) => {
                if let Some(letter) = Letter::of(envelope) {
                    self.post(&node, &letter);
                }
            }
            Place::Nowhere => {}
        }
    }

    /// The mailbox of a machine, which comes into memory if it was away.
    fn resident(&mut self, address: Address) -> &mut Resident {
        let away = self.resting.comes(&address);
        let resident = self.residents.entry(address).or_default();
        if let Some(Away::Dormant(_)) = away {
            resident.waiting.push_front(Heard::Recovered);
        }
        resident
    }

    fn post(&mut self, to: &NodeId, letter: &Letter) {
        if let Some((outgoing, _)) = self.links.get_mut(to) {
            let text = |letter| Arc::from(serde_json::to_string(letter).expect("a letter can be written"));
            outgoing.push(text(letter), || text(&Letter::AskAgain));
        }
    }

    fn post_all(&mut self, letter: &Letter) {
        let nodes: Vec<NodeId> = self.links.keys().cloned().collect();
        for node in nodes {
            self.post(&node, letter);
        }
    }

    fn group(&self, address: &Address) -> GroupId {
        group_of(address, GROUPS as usize)
    }

    fn place(&self, address: &Address) -> &Place {
        &self.places[self.group(address).0 as usize]
    }

    fn read<T>(&self, look: impl FnOnce(&dyn Rows, &Around) -> Result<T, Unreadable>) -> T {
        let seen = view(&self.store.rows, |rows| look(rows, &self.around));
        seen.and_then(|seen| seen).expect("rows in memory can be read")
    }
}

impl Resident {
    fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || !self.tasks.is_empty()
    }
}
