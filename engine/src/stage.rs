//! The actor engine in virtual time: the same turns over rows in memory, on one thread, with a clock that jumps to whatever is due next.
//!
//! Messages are delivered one after the other, in the order in which they were sent or, to different machines, in any, and every commit
//! is durable at once. So a rehearsal is a function of the sample and its seed.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value as Json;
use workflow::{
    id::{AttemptKey, SeededIds},
    life::{Address, Around, Decisions, Machine, MemoryRows, Message, Rows, Settings, StandsIn, Task, Ticket},
    port::{
        self, Answer, Caller, EngineName, HarnessError, MESSAGES_MAX, Outside, Refusal, Rehearsal, Rehearsed, Report,
        Request, Scene, Stage,
    },
    time::Timestamp,
};

use crate::{
    actor,
    engine::NAME,
    lives::{Asked, Cycles, Lives, Route},
    timers::{Due, Timers},
    turn::{self, Decided, Given, Later},
};

/// Rehearses samples on the actor engine.
#[derive(Clone, Debug)]
pub struct ActorStage {
    settings: Settings,
    stands_in: StandsIn,
    is_shuffled: bool,
}

impl ActorStage {
    /// A stage; `stands_in` says which steps get placeholders.
    pub fn new(settings: Settings, stands_in: StandsIn) -> Self {
        Self { settings, stands_in, is_shuffled: false }
    }

    /// Whom a message reaches first is drawn from the sample's seed, as on an engine where all that happens at one moment happens in any
    /// order. What one machine is told keeps its order.
    #[must_use]
    pub fn shuffled(self) -> Self {
        Self { is_shuffled: true, ..self }
    }
}

impl Stage for ActorStage {
    fn name(&self) -> EngineName {
        EngineName(Arc::from(NAME))
    }

    fn rehearse(&self, rehearsal: &Rehearsal, decisions: Arc<dyn Decisions>) -> Result<Rehearsed, HarnessError> {
        let mut scene = self.scene(rehearsal.at, rehearsal.seed, decisions, rehearsal.outside());
        let play = catch_unwind(AssertUnwindSafe(|| port::play(&mut *scene, rehearsal)));
        play.unwrap_or_else(|panic| Err(HarnessError::Broken(actor::message(&*panic))))
    }
}

impl ActorStage {
    /// The engine without a row, at a moment.
    pub fn scene<'a>(
        &self,
        at: Timestamp,
        seed: u64,
        decisions: Arc<dyn Decisions>,
        outside: Outside<'a>,
    ) -> Box<dyn Scene + 'a> {
        Box::new(Play {
            outside,
            around: Around::new(self.settings.clone(), decisions, self.stands_in),
            ids: SeededIds::new(seed),
            rows: MemoryRows::default(),
            machines: HashMap::new(),
            messages: VecDeque::new(),
            order: self.is_shuffled.then(|| StdRng::seed_from_u64(seed)),
            timers: Timers::default(),
            works: Works::default(),
            answers: HashMap::new(),
            events: Vec::new(),
            now: at,
            delivered: 0,
            tickets: 0,
        })
    }
}

/// One sample being played.
struct Play<'a> {
    outside: Outside<'a>,
    around: Around,
    ids: SeededIds,
    rows: MemoryRows,
    machines: HashMap<Address, Box<dyn Machine>>,
    messages: VecDeque<(Address, Message)>,
    /// Draws whose message comes next, where it is not the first that was sent.
    order: Option<StdRng>,
    timers: Timers,
    works: Works,
    answers: HashMap<Ticket, Result<Answer, Refusal>>,
    events: Vec<Json>,
    now: Timestamp,
    delivered: u64,
    tickets: u64,
}

/// Placeholders at work, by the moment at which they end.
#[derive(Default)]
struct Works {
    queue: BTreeMap<(Timestamp, u64), (AttemptKey, Report)>,
    count: u64,
}

impl Scene for Play<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn rows(&self) -> &dyn Rows {
        &self.rows
    }

    fn ask(&mut self, caller: Caller, request: Request) -> Result<Ticket, HarnessError> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let asked = Asked { rows: &self.rows, surroundings: &self.around, now: self.now };
        match Cycles.route(&request, asked)? {
            Route::Answer(answer) => drop(self.answers.insert(ticket, answer)),
            Route::To(address) => {
                let message = Message::Request { ticket, caller, request: Box::new(request) };
                self.messages.push_back((address, message));
            }
        }
        self.settle()?;
        Ok(ticket)
    }

    fn answer(&mut self, ticket: Ticket) -> Option<Result<Answer, Refusal>> {
        self.answers.remove(&ticket)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let works = self.works.queue.first_key_value().map(|((at, _), _)| *at);
        self.timers.first().into_iter().chain(works).min()
    }

    fn go_to(&mut self, moment: Timestamp) -> Result<(), HarnessError> {
        self.now = self.now.max(moment);
        while let Some((attempt, report)) = self.works.end(self.now) {
            let to = Address::Run(attempt.run.clone());
            self.messages.push_back((to, Message::Executed { attempt, report: Box::new(report) }));
        }
        while let Some((to, due)) = self.timers.fire(self.now) {
            if let Due::Woken(wake) = due {
                self.messages.push_back((to, Message::Woken(wake)));
            }
        }
        self.settle()
    }

    fn take_events(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.events)
    }
}

impl Play<'_> {
    /// Delivers messages until there are none.
    fn settle(&mut self) -> Result<(), HarnessError> {
        while let Some((to, message)) = self.next_message() {
            self.delivered += 1;
            if self.delivered > MESSAGES_MAX {
                return Err(HarnessError::Endless(format!("{MESSAGES_MAX} messages")));
            }
            self.deliver(to, message)?;
        }
        Ok(())
    }

    fn next_message(&mut self) -> Option<(Address, Message)> {
        let Some(order) = self.order.as_mut().filter(|_| self.messages.len() > 1) else {
            return self.messages.pop_front();
        };
        let (drawn, _) = &self.messages[order.random_range(0..self.messages.len())];
        let first = self.messages.iter().position(|(to, _)| to == drawn)?;
        self.messages.remove(first)
    }

    fn deliver(&mut self, to: Address, message: Message) -> Result<(), HarnessError> {
        let mut machine = match self.machines.remove(&to).or_else(|| Cycles.create(&message)) {
            Some(machine) => machine,
            None => Cycles.load(&to, &self.rows)?,
        };
        let mut tasks: VecDeque<Task> = VecDeque::new();
        let mut message = Some(message);
        loop {
            let (now, ids, surroundings) = (self.now, &mut self.ids, &self.around);
            let given = Given { now, ids, surroundings, at_hand: &|_| None };
            let decided = turn::take(&mut *machine, &mut || message.take(), &mut tasks, given);
            self.act(&to, decided)?;
            if tasks.is_empty() {
                break;
            }
            self.delivered += 1;
            if self.delivered > MESSAGES_MAX {
                return Err(HarnessError::Endless(format!("{MESSAGES_MAX} messages")));
            }
        }
        // What others asked of those that all share is in memory only.
        if to.is_shared() || !machine.is_settled() || machine.is_expectant() {
            self.machines.insert(to, machine);
        } else {
            self.timers.forget(&to);
        }
        Ok(())
    }

    fn act(&mut self, of: &Address, decided: Decided) -> Result<(), HarnessError> {
        let Decided { rows, events, asked, later, sends, wakes, passed: _ } = decided;
        for (key, row) in rows {
            match row {
                Some(row) => self.rows.save(row),
                None => self.rows.forget(&key),
            }
        }
        self.events.extend(events.into_iter().map(|event| event.document));
        self.messages.extend(sends.into_iter().map(|(to, note)| (to, Message::Note(note))));
        for (at, wake) in wakes {
            self.timers.set(of.clone(), Due::Woken(wake), at);
        }
        for later in asked.into_iter().map(Later::Fetch).chain(later) {
            match later {
                Later::Execute { attempt, work } => {
                    let (report, took) = (self.outside)(&attempt, &work);
                    self.works.start(self.now + took, attempt, report);
                }
                Later::Cancel { attempt } => self.works.cancel(&attempt),
                Later::Fetch(lookup) => {
                    let found = Cycles.find(&lookup, &self.rows)?;
                    self.messages.push_back((of.clone(), Message::Found { lookup, found }));
                }
                Later::Reply { ticket, answer } => {
                    if let Entry::Vacant(place) = self.answers.entry(ticket) {
                        place.insert(answer);
                    }
                }
                Later::Break { key, body } => self.around.change(&key, body.as_ref()),
                Later::End => {}
            }
        }
        Ok(())
    }
}

impl Works {
    fn start(&mut self, end: Timestamp, attempt: AttemptKey, report: Report) {
        self.count += 1;
        self.queue.insert((end, self.count), (attempt, report));
    }

    fn cancel(&mut self, attempt: &AttemptKey) {
        self.queue.retain(|_, (other, _)| other != attempt);
    }

    fn end(&mut self, now: Timestamp) -> Option<(AttemptKey, Report)> {
        let first = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }
}
