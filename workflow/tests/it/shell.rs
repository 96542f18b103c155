//! A small engine for tests: every machine in one map, a virtual clock, rows in memory, messages one after the other.
//!
//! It does what the life cycles ask and nothing else, so that it also shows how little an engine has to be.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use workflow::{
    definition::{Kind, Step},
    event::Event,
    id::Ids,
    life::{
        self, Address, Around, Effect, Faithful, Machine, MemoryRows, Message, Note, Rest, RowKey, Rows as _, Settings,
        Ticket, Turn, Wake,
    },
    port::{Answer, Caller, Reason, Refusal, Report, Request, Work},
    time::{Millis, Timestamp},
    user::User,
};

/// Messages that one moment may take; a machine that goes on for ever is a defect.
const MESSAGES_MAX: usize = 2_000_000;

/// Crashes end here: each may hold permits back for two seconds, and a client waits for a minute.
const CRASHES_MAX: usize = 20;

/// How long a note is on its way, so that causes stand before effects in timelines.
const NOTE_TAKES: Millis = Millis(1);

/// Recorded scenarios whose outcome is not reached yet. One that passes must leave the list.
pub(crate) const GAPS: &[&str] = &[];

/// What answers for the outside: the report of a step's work, and how long it takes.
pub(crate) type Outside = Box<dyn FnMut(&Work) -> (Report, Millis)>;

/// The engine.
pub(crate) struct Shell {
    now: Timestamp,
    ids: Counter,
    around: Around,
    machines: HashMap<Address, Box<dyn Machine>>,
    pub(crate) rows: MemoryRows,
    queue: VecDeque<(Address, Message)>,
    timers: BTreeMap<(Timestamp, u64), Due>,
    armed: HashMap<(Address, Wake), (Timestamp, u64)>,
    serial: u64,
    outside: Outside,
    answers: HashMap<Ticket, Result<Answer, Refusal>>,
    /// Crashes after every so many moments; 0: never.
    crash_every: usize,
    moments: usize,
    crashes: usize,
    /// Notes that are lost on their way until the next crash.
    lost: fn(&Note) -> bool,
    /// How far the clock is set back at the next moment, after its timers have fired.
    slip: Millis,
    pub(crate) events: Vec<Event>,
}

enum Due {
    Wake(Address, Wake),
    Message(Address, Box<Message>),
}

/// Ids in order: the same run gives the same ids.
struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> uuid::Uuid {
        self.0 += 1;
        uuid::Builder::from_random_bytes((u128::from(self.0) << 64 | 0x9e37_79b9_7f4a_7c15).to_be_bytes()).into_uuid()
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        i64::try_from(self.0).unwrap() + 1_000_000_007
    }
}

impl Shell {
    /// An engine without a row.
    pub(crate) fn new(at: Timestamp, outside: Outside) -> Self {
        Self::with(Settings::production(), at, outside)
    }

    /// The same with other limits.
    pub(crate) fn with(settings: Settings, at: Timestamp, outside: Outside) -> Self {
        Self {
            now: at,
            ids: Counter(0),
            around: Around::new(settings, Arc::new(Faithful), stands_in),
            machines: HashMap::new(),
            rows: MemoryRows::default(),
            queue: VecDeque::new(),
            timers: BTreeMap::new(),
            armed: HashMap::new(),
            serial: 0,
            outside,
            answers: HashMap::new(),
            crash_every: 0,
            moments: 0,
            crashes: 0,
            lost: |_| false,
            slip: Millis(0),
            events: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Crashes from now on after every so many moments at which something happened.
    pub(crate) fn crashes_every(&mut self, moments: usize) {
        self.crash_every = moments;
    }

    /// Loses notes until the next crash, as a node does that ends before it was told.
    pub(crate) fn lose(&mut self, lost: fn(&Note) -> bool) {
        self.lost = lost;
    }

    /// Sets the clock back between the next timer and the turn that it leads to.
    pub(crate) fn slip(&mut self, by: Millis) {
        self.slip = by;
    }

    /// Tells a machine something.
    pub(crate) fn send(&mut self, to: Address, message: Message) {
        self.queue.push_back((to, message));
    }

    /// Does what a client asks for, and waits for the answer, as a client would.
    pub(crate) fn call(&mut self, user: Option<&str>, request: Request) -> Result<Answer, Refusal> {
        if let Some(answer) = life::read::answer(&request, &self.rows, &self.around, self.now) {
            return answer;
        }
        let to = life::read::route(&request, &self.rows)?;
        self.serial += 1;
        let ticket = Ticket(self.serial);
        let caller = Caller { user: user.map(User::named) };
        self.send(to, Message::Request { ticket, caller, request: Box::new(request) });
        // Only as far as the answer: what it sets off may still be under way when the next call comes.
        while !self.answers.contains_key(&ticket) {
            if let Some((to, message)) = self.queue.pop_front() {
                self.turn(to, message);
            } else if !self.advance(None) {
                return Err(Refusal::new(Reason::Unavailable, "nobody answers the call"));
            }
        }
        self.answers.remove(&ticket).unwrap()
    }

    /// Handles all messages of this moment.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MESSAGES_MAX {
            let Some((to, message)) = self.queue.pop_front() else { return };
            self.turn(to, message);
        }
        panic!("the machines never come to rest");
    }

    /// Goes on to the next moment at which something happens, no later than `limit`; tells whether there is one.
    pub(crate) fn advance(&mut self, limit: Option<Timestamp>) -> bool {
        let Some((&(at, _), _)) = self.timers.first_key_value() else { return false };
        if limit.is_some_and(|limit| at > limit) {
            return false;
        }
        let slip = std::mem::replace(&mut self.slip, Millis(0));
        self.now = Timestamp(self.now.max(at).0 - slip.0);
        // Everything that is due at the same moment happens at once.
        let later = self.timers.split_off(&(at, u64::MAX));
        for due in std::mem::replace(&mut self.timers, later).into_values() {
            match due {
                Due::Wake(to, wake) => {
                    self.armed.remove(&(to.clone(), wake.clone()));
                    self.send(to, Message::Woken(wake));
                }
                Due::Message(to, message) => self.send(to, *message),
            }
        }
        self.settle();
        self.moments += 1;
        if self.crash_every > 0 && self.moments.is_multiple_of(self.crash_every) && self.crashes < CRASHES_MAX {
            self.crashes += 1;
            self.crash();
        }
        true
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Millis) {
        let until = self.now + span;
        self.settle();
        while self.advance(Some(until)) {}
        self.now = until;
    }

    /// Gives a machine up, as an engine does when it panics again and again.
    pub(crate) fn give_up(&mut self, address: &Address, reason: &str) {
        let wreck = life::wreck(address, &self.rows, reason).unwrap().unwrap();
        self.machines.insert(address.clone(), wreck);
        self.send(address.clone(), Message::Recovered);
        self.settle();
    }

    /// Lets time pass while nobody is there, as before the restart after a crash.
    pub(crate) fn sleep_through(&mut self, span: Millis) {
        self.now = self.now + span;
    }

    /// Forgets everything that is not stored, as a crash does, and recovers.
    pub(crate) fn crash(&mut self) {
        self.machines.clear();
        self.queue.clear();
        self.timers.clear();
        self.armed.clear();
        self.lost = |_| false;
        let mut live = Address::SHARED.to_vec();
        live.extend(self.rows.live().iter().filter_map(Address::of_row).filter(|address| !address.is_shared()));
        for address in live {
            self.send(address, Message::Recovered);
        }
        self.settle();
    }

    fn turn(&mut self, to: Address, message: Message) {
        let mut machine = match self.machines.remove(&to) {
            Some(machine) => machine,
            None => life::load(&to, &self.rows).unwrap(),
        };
        let mut turn = Turn::new(self.now, &mut self.ids, &self.around);
        machine.on(message, &mut turn);
        machine.flush(&mut turn);
        let (effects, rest) = (turn.effects, machine.rest().cloned());
        if !machine.is_settled() {
            self.machines.insert(to.clone(), machine);
        }
        for effect in effects {
            self.act(&to, effect);
        }
        if let Some(rest) = rest {
            self.check_rest(&to, rest);
        }
    }

    /// A machine that rests does nothing when it recovers but to set its timers, to say what could be said in its stead, and to say how it
    /// is to whoever asked for it.
    fn check_rest(&self, address: &Address, rest: Rest) {
        let Address::Run(run) = address else { panic!("only runs rest, and not {address}") };
        let live = self.rows.row(&RowKey::run(run)).unwrap().unwrap();
        assert_eq!(Rest::of_row(&RowKey::run(run), &live).as_ref(), Some(&rest), "{address}");
        let (mut machine, mut ids) = (life::load(address, &self.rows).unwrap(), Counter(0));
        let (mut tasks, mut wakes, mut said) = (VecDeque::from([Message::Recovered]), Vec::new(), Vec::new());
        while let Some(task) = tasks.pop_front() {
            let mut turn = Turn::new(self.now, &mut ids, &self.around);
            machine.on(task, &mut turn);
            machine.flush(&mut turn);
            for effect in turn.effects {
                match effect {
                    Effect::Continue(task) => tasks.push_back(Message::Continue(task)),
                    Effect::WakeAt { at, .. } => wakes.push(at),
                    Effect::Send { note: Note::Progress(_), .. } => {}
                    Effect::Send { to, note } => said.push(format!("{to} {note:?}")),
                    effect => panic!("{address} has {rest:?}, and then does {effect:?}"),
                }
            }
        }
        assert_eq!(wakes.into_iter().min(), rest.until, "{address}");
        let says: Vec<_> = rest.says(run).map(|(to, note)| format!("{to} {note:?}")).collect();
        assert_eq!(said, says, "{address}");
    }

    fn act(&mut self, from: &Address, effect: Effect) {
        match effect {
            Effect::Save(row) => {
                self.around.change(&row.key, Some(&row.body));
                self.rows.save(row);
            }
            Effect::Forget(key) => {
                self.around.change(&key, None);
                self.rows.forget(&key);
            }
            Effect::Publish(event) => self.events.push(event),
            Effect::Continue(task) => self.send(from.clone(), Message::Continue(task)),
            Effect::Send { note, .. } if (self.lost)(&note) => {}
            Effect::Send { to, note } => self.later(NOTE_TAKES, to, Message::Note(note)),
            Effect::WakeAt { at, wake } => self.arm(from, at, wake),
            Effect::Execute { attempt, work } => {
                let (report, took) = (self.outside)(&work);
                let message = Message::Executed { attempt, report: Box::new(report) };
                self.later(took, from.clone(), message);
            }
            Effect::Cancel { .. } | Effect::Passed { .. } => {}
            Effect::Fetch(lookup) => {
                let found = life::read::find(&lookup, &self.rows).unwrap();
                self.send(from.clone(), Message::Found { lookup, found });
            }
            Effect::Reply { ticket, answer } => {
                self.answers.insert(ticket, answer);
            }
        }
    }

    fn later(&mut self, span: Millis, to: Address, message: Message) {
        self.serial += 1;
        self.timers.insert((self.now + span, self.serial), Due::Message(to, Box::new(message)));
    }

    fn arm(&mut self, from: &Address, at: Timestamp, wake: Wake) {
        self.serial += 1;
        let key = (at, self.serial);
        if let Some(earlier) = self.armed.insert((from.clone(), wake.clone()), key) {
            self.timers.remove(&earlier);
        }
        self.timers.insert(key, Due::Wake(from.clone(), wake));
    }
}

/// Templates cannot run: a placeholder takes their place.
fn stands_in(step: &Step) -> bool {
    matches!(step.kind, Kind::Template { .. })
}
