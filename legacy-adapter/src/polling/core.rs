//! Machines, rows and the queue of what is due.

use std::{
    collections::{BinaryHeap, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use workflow::{
    event::Event,
    id::{AttemptKey, Ids, StepId},
    life::{
        self, Address, Effect, Machine, MemoryRows, Message, Note, Row, RowKey, Surroundings, Task, Ticket, Turn, Wake,
    },
    port::{Answer, Caller, Found, Reason, Refusal, Report, Request, Work},
    time::{Millis, Timestamp},
};

use super::job::Job;
use crate::timing::{self, Timing};

/// Panics of one machine after which it is ended.
const FAULTS_MAX: u32 = 5;

/// The wait before a machine that panicked is loaded again.
const FAULT_PAUSE: Millis = Millis(20);

/// What leaves the core: for the outside world to do, or to keep.
#[derive(Debug)]
pub enum Outgoing {
    /// Run a step's work; give the report to [`Core::report`].
    Execute {
        /// For which attempt.
        attempt: AttemptKey,
        /// What to do.
        work: Box<Work>,
    },
    /// End a step's work.
    Cancel {
        /// Of which attempt.
        attempt: AttemptKey,
    },
    /// Answer a caller.
    Reply {
        /// Which.
        ticket: Ticket,
        /// With what.
        answer: Result<Answer, Refusal>,
    },
    /// Tell subscribers.
    Publish(Event),
    /// A row was written.
    Saved(Row),
    /// A row was removed.
    Forgotten(RowKey),
}

/// The polling engine's whole state.
pub struct Core {
    timing: Timing,
    ids: Box<dyn Ids>,
    surroundings: Arc<dyn Surroundings>,
    machines: HashMap<Address, Box<dyn Machine>>,
    rows: MemoryRows,
    due: BinaryHeap<Job>,
    sequence: u64,
    /// Sequence of the timer in force, by what it is for.
    timers: HashMap<(Address, Wake), u64>,
    /// The latest arrival of a note by receiver: notes to one machine never overtake each other.
    latest_note: HashMap<Address, Timestamp>,
    /// When a step was first queued, by run: fresh steps are polled faster.
    first_seen: HashMap<Address, HashMap<StepId, Timestamp>>,
    outgoing: Vec<Outgoing>,
    /// How often a machine panicked.
    faults: HashMap<Address, u32>,
    /// Messages handled so far.
    delivered: u64,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("machines", &self.machines.len())
            .field("due", &self.due.len())
            .finish_non_exhaustive()
    }
}

impl Core {
    /// An engine with these rows and nothing due.
    pub fn new(timing: Timing, ids: Box<dyn Ids>, surroundings: Arc<dyn Surroundings>, rows: MemoryRows) -> Self {
        Self {
            timing,
            ids,
            surroundings,
            machines: HashMap::new(),
            rows,
            due: BinaryHeap::new(),
            sequence: 0,
            timers: HashMap::new(),
            latest_note: HashMap::new(),
            first_seen: HashMap::new(),
            outgoing: Vec::new(),
            faults: HashMap::new(),
            delivered: 0,
        }
    }

    /// What is stored; readers see it at once, as the old stack's did.
    pub fn rows(&self) -> &MemoryRows {
        &self.rows
    }

    /// Messages delivered so far; bounds a run in virtual time.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// When the next thing is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.peek().map(|job| job.at)
    }

    /// Loads every live machine from the rows, as after a restart of the process.
    pub fn recover(&mut self, now: Timestamp) {
        let live: Vec<Address> = self.rows.live().iter().filter_map(Address::of_row).collect();
        if live.is_empty() {
            return;
        }
        let mut others: Vec<Address> = live.into_iter().filter(|address| !address.is_shared()).collect();
        // Rows come in the order of their keys: those of one machine follow each other.
        others.dedup();
        for address in Address::SHARED.into_iter().chain(others) {
            self.schedule(now, address, Message::Recovered, None);
        }
    }

    /// A caller's request: answered at once if it only reads, else by a machine through [`Outgoing::Reply`].
    pub fn request(&mut self, now: Timestamp, ticket: Ticket, caller: Caller, request: Request) {
        let answered = life::read::answer(&request, &self.rows, &*self.surroundings, now);
        let routed = answered.map_or_else(|| life::read::route(&request, &self.rows).map(Ok), |answer| Ok(Err(answer)));
        match routed {
            Ok(Ok(to)) => {
                self.schedule(now, to, Message::Request { ticket, caller, request: Box::new(request) }, None);
            }
            Ok(Err(answer)) => self.outgoing.push(Outgoing::Reply { ticket, answer }),
            Err(refusal) => self.refuse(Some(ticket), refusal),
        }
    }

    /// How a step's work ended; the old stack sees it at the step's next callback.
    pub fn report(&mut self, now: Timestamp, attempt: AttemptKey, report: Report) {
        let at = self.timing.when(timing::Turn::Callback, now);
        let to = Address::Run(attempt.run.clone());
        self.schedule(at, to, Message::Executed { attempt, report: Box::new(report) }, None);
    }

    /// Does everything that is due by `now`, in order, and gives what leaves.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        while self.next_due().is_some_and(|at| at <= now) {
            let Some(job) = self.due.pop() else { break };
            if let Some(wake) = job.timer {
                let entry = (job.to.clone(), wake);
                if self.timers.get(&entry) != Some(&job.sequence) {
                    continue;
                }
                // It is due; now somebody has to notice.
                let noticed = self.timing.when(timing::Turn::Wake(&entry.1), job.at);
                self.timers.remove(&entry);
                self.schedule(noticed, job.to, job.message, None);
                continue;
            }
            self.deliver(job.at, job.to, job.message);
        }
        std::mem::take(&mut self.outgoing)
    }

    fn schedule(&mut self, at: Timestamp, to: Address, message: Message, timer: Option<Wake>) {
        self.sequence += 1;
        if let Some(wake) = &timer {
            self.timers.insert((to.clone(), wake.clone()), self.sequence);
        }
        self.due.push(Job { at, sequence: self.sequence, to, message, timer });
    }

    fn deliver(&mut self, now: Timestamp, to: Address, message: Message) {
        self.delivered += 1;
        let ticket = match &message {
            Message::Request { ticket, .. } => Some(*ticket),
            _ => None,
        };
        let mut machine = match self.activate(&to, &message) {
            Ok(machine) => machine,
            Err(refusal) => return self.refuse(ticket, refusal),
        };
        let mut turn = Turn::new(now, &mut *self.ids, &*self.surroundings);
        let handled = catch_unwind(AssertUnwindSafe(|| {
            machine.on(message, &mut turn);
            machine.flush(&mut turn);
        }));
        let effects = std::mem::take(&mut turn.effects);
        if handled.is_err() {
            return self.panicked(now, &to, ticket);
        }
        if machine.is_settled() && !machine.is_expectant() {
            self.first_seen.remove(&to);
            self.latest_note.remove(&to);
        } else {
            self.machines.insert(to.clone(), machine);
        }
        for effect in effects {
            self.act(now, &to, effect);
        }
    }

    /// The machine may be half changed: what it last saved is the truth. One that does not get over it is ended.
    fn panicked(&mut self, now: Timestamp, to: &Address, ticket: Option<Ticket>) {
        tracing::error!(address = %to, "a life cycle panicked; it is loaded again from what it last saved");
        self.refuse(ticket, Refusal::new(Reason::InternalError, format!("{to} failed unexpectedly")));
        let faults = self.faults.entry(to.clone()).or_default();
        *faults += 1;
        let faults = *faults;
        if faults == FAULTS_MAX
            && let Ok(Some(wreck)) = life::wreck(to, &self.rows, "its life cycle panicked")
        {
            self.machines.insert(to.clone(), wreck);
        } else if faults > FAULTS_MAX {
            return;
        }
        self.schedule(now + FAULT_PAUSE, to.clone(), Message::Recovered, None);
    }

    /// The machine in memory, or from its rows.
    fn activate(&mut self, address: &Address, message: &Message) -> Result<Box<dyn Machine>, Refusal> {
        match self.machines.remove(address).or_else(|| life::create(message)) {
            Some(machine) => Ok(machine),
            None => Ok(life::load(address, &self.rows)?),
        }
    }

    fn refuse(&mut self, ticket: Option<Ticket>, refusal: Refusal) {
        if let Some(ticket) = ticket {
            self.outgoing.push(Outgoing::Reply { ticket, answer: Err(refusal) });
        }
    }

    fn act(&mut self, now: Timestamp, from: &Address, effect: Effect) {
        match effect {
            Effect::Save(row) => {
                self.rows.save(row.clone());
                self.outgoing.push(Outgoing::Saved(row));
            }
            Effect::Forget(key) => {
                self.rows.forget(&key);
                self.outgoing.push(Outgoing::Forgotten(key));
            }
            // Its pace is the old stack's, by construction.
            Effect::Passed { .. } => {}
            Effect::Publish(event) => self.outgoing.push(Outgoing::Publish(event)),
            Effect::Continue(task) => self.continue_later(now, from, task),
            Effect::Send { to, note } => self.send(now, to, note),
            Effect::WakeAt { at, wake } => {
                self.schedule(at.max(now), from.clone(), Message::Woken(wake.clone()), Some(wake));
            }
            Effect::Execute { attempt, work } => {
                self.outgoing.push(Outgoing::Execute { attempt, work: Box::new(work) });
            }
            Effect::Cancel { attempt } => self.outgoing.push(Outgoing::Cancel { attempt }),
            Effect::Fetch(lookup) => {
                let found =
                    life::read::find(&lookup, &self.rows).unwrap_or_else(|error| Found::Nothing(error.to_string()));
                self.schedule(now, from.clone(), Message::Found { lookup, found }, None);
            }
            Effect::Reply { ticket, answer } => self.outgoing.push(Outgoing::Reply { ticket, answer }),
        }
    }

    fn continue_later(&mut self, now: Timestamp, from: &Address, task: Task) {
        let turn = match &task {
            Task::Decide => timing::Turn::Decide,
            Task::Dequeue => timing::Turn::Queue,
            Task::Step { step, status } => {
                let seen = self.first_seen.entry(from.clone()).or_default();
                let since = *seen.entry(step.clone()).or_insert(now);
                timing::Turn::Step { status: *status, age: now - since }
            }
        };
        let at = self.timing.when(turn, now);
        if matches!(task, Task::Step { .. }) && self.timing.comes_twice() {
            self.schedule(at, from.clone(), Message::Continue(task.clone()), None);
        }
        self.schedule(at, from.clone(), Message::Continue(task), None);
    }

    /// What concerns a waiting step is seen at its next callback; what makes or launches runs goes through a queue at once.
    fn send(&mut self, now: Timestamp, to: Address, note: Note) {
        let at = match note {
            Note::Progress(_)
            | Note::Child { .. }
            | Note::PermitsGranted { .. }
            | Note::SignalMatched { .. }
            | Note::Announced { .. }
            | Note::Resume { .. }
            | Note::Act { .. }
            | Note::Halt { .. } => self.timing.when(timing::Turn::Callback, now),
            Note::Launch => self.timing.when(timing::Turn::Queue, now),
            _ => now,
        };
        let latest = self.latest_note.entry(to.clone()).or_insert(at);
        *latest = (*latest).max(at);
        let at = *latest;
        self.schedule(at, to, Message::Note(note), None);
    }
}
