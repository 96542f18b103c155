//! The actor engine in virtual time: the same turns over rows in memory, on one thread, with a clock that jumps to whatever is due next.
//!
//! Messages are delivered in the order in which they were sent, one after the other, and every commit is durable at once. So a rehearsal
//! is a function of the sample and its seed.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use serde_json::Value as Json;
use workflow::{
    id::{AttemptKey, InstanceKey, SeededIds},
    life::{
        self, Address, Around, Decisions, Machine, MemoryRows, Message, Settings, StandsIn, Task, Ticket, Unreadable,
    },
    port::{Act, Answer, Caller, EngineName, HarnessError, Refusal, Rehearsal, Rehearsed, Report, Request, Stage},
    status::InstanceStatus,
    time::{Millis, Timestamp},
    user::User,
};

use crate::{
    actor,
    engine::NAME,
    lives::{Asked, Cycles, Lives, Route},
    timers::{Due, Timers},
    turn::{self, Decided, Given, Later},
};

/// Messages that one sample may take; far above what the largest loops need.
const MESSAGES_MAX: u64 = 20_000_000;
/// Virtual time that one sample may take: the longest time-out of the language, and a day of retries.
const TIME_MAX: Millis = Millis::from_secs(121 * 24 * 3_600);

/// Rehearses samples on the actor engine.
#[derive(Clone, Debug)]
pub struct ActorStage {
    settings: Settings,
    stands_in: StandsIn,
}

impl ActorStage {
    /// A stage; `stands_in` says which steps get placeholders.
    pub fn new(settings: Settings, stands_in: StandsIn) -> Self {
        Self { settings, stands_in }
    }
}

impl Stage for ActorStage {
    fn name(&self) -> EngineName {
        EngineName(Arc::from(NAME))
    }

    fn rehearse(&self, rehearsal: &Rehearsal, decisions: Arc<dyn Decisions>) -> Result<Rehearsed, HarnessError> {
        let mut play = Play {
            rehearsal,
            around: Around::new(self.settings.clone(), decisions, self.stands_in),
            ids: SeededIds::new(rehearsal.seed),
            rows: MemoryRows::default(),
            machines: HashMap::new(),
            messages: VecDeque::new(),
            timers: Timers::default(),
            works: Works::default(),
            answers: HashMap::new(),
            events: Vec::new(),
            now: rehearsal.at,
            delivered: 0,
            tickets: 0,
        };
        let play = catch_unwind(AssertUnwindSafe(|| play.run()));
        play.unwrap_or_else(|panic| Err(HarnessError::Broken(actor::message(&*panic))))
    }
}

/// One sample being played.
struct Play<'a> {
    rehearsal: &'a Rehearsal,
    around: Around,
    ids: SeededIds,
    rows: MemoryRows,
    machines: HashMap<Address, Box<dyn Machine>>,
    messages: VecDeque<(Address, Message)>,
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

impl Play<'_> {
    fn run(&mut self) -> Result<Rehearsed, HarnessError> {
        for definition in &self.rehearsal.definitions {
            self.call(Request::Push { body: definition.clone() })?.map_err(|refusal| refused("push", &refusal))?;
        }
        let started = self.now;
        let start = Request::Start {
            workflow: self.rehearsal.workflow.as_str().into(),
            version: "active".to_owned(),
            body: self.rehearsal.start.clone(),
        };
        let answer = self.call(start)?.map_err(|refusal| refused("start", &refusal))?;
        let root = life::started_instance(&answer)
            .ok_or_else(|| HarnessError::Refused("the start made no instance".to_owned()))?;
        let mut answers = Vec::new();
        for act in &self.rehearsal.acts {
            self.wait_for(act, started, &root)?;
            answers.push(match self.call(act.request.clone())? {
                Ok(answer) => (answer.status, answer.body.unwrap_or(Json::Null)),
                Err(refusal) => (refusal.reason.status(), refusal.document()),
            });
        }
        self.go_until_ended(&root)?;
        let took = self.now - started;
        let runs = life::read::documents(&self.rows, &self.around, self.now);
        let runs = runs.map_err(|refusal| HarnessError::Broken(refusal.to_string()))?;
        Ok(Rehearsed { runs, events: std::mem::take(&mut self.events), answers, took })
    }

    /// Goes on to an act's moment: so long after the start, and after the end where it says so.
    fn wait_for(&mut self, act: &Act, started: Timestamp, root: &InstanceKey) -> Result<(), HarnessError> {
        if act.is_after_end {
            self.go_until_ended(root)?;
        }
        let moment = started + act.after;
        while let Some(due) = self.next_due().filter(|due| *due <= moment) {
            self.go_to(due)?;
        }
        self.now = self.now.max(moment);
        Ok(())
    }

    /// Goes on until the latest run of the root has ended.
    fn go_until_ended(&mut self, root: &InstanceKey) -> Result<(), HarnessError> {
        loop {
            let status = life::latest_status(root, &self.rows).map_err(broken)?;
            if status.is_some_and(InstanceStatus::is_terminal) {
                return Ok(());
            }
            let due = self.next_due().ok_or_else(|| HarnessError::Endless("anything that was still due".to_owned()))?;
            self.go_to(due)?;
        }
    }

    /// Makes a call and goes on until it is answered.
    fn call(&mut self, request: Request) -> Result<Result<Answer, Refusal>, HarnessError> {
        let asked = Asked { rows: &self.rows, surroundings: &self.around, now: self.now };
        let to = match Cycles.route(&request, asked).map_err(broken)? {
            Route::Answer(answer) => return Ok(answer),
            Route::To(address) => address,
        };
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let caller = Caller { user: Some(User::named("replay")) };
        self.messages.push_back((to, Message::Request { ticket, caller, request: Box::new(request) }));
        self.settle()?;
        loop {
            if let Some(answer) = self.answers.remove(&ticket) {
                return Ok(answer);
            }
            let due =
                self.next_due().ok_or_else(|| HarnessError::Endless("a call's wait for its answer".to_owned()))?;
            self.go_to(due)?;
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let works = self.works.queue.first_key_value().map(|((at, _), _)| *at);
        self.timers.first().into_iter().chain(works).min()
    }

    /// Jumps to a moment at which something is due, and lets all that follows from it happen.
    fn go_to(&mut self, due: Timestamp) -> Result<(), HarnessError> {
        self.now = self.now.max(due);
        if self.now - self.rehearsal.at > TIME_MAX {
            return Err(HarnessError::Endless("121 days of virtual time".to_owned()));
        }
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

    /// Delivers messages until there are none.
    fn settle(&mut self) -> Result<(), HarnessError> {
        while let Some((to, message)) = self.messages.pop_front() {
            self.delivered += 1;
            if self.delivered > MESSAGES_MAX {
                return Err(HarnessError::Endless(format!("{MESSAGES_MAX} messages")));
            }
            self.deliver(to, message)?;
        }
        Ok(())
    }

    fn deliver(&mut self, to: Address, message: Message) -> Result<(), HarnessError> {
        let mut machine = match self.machines.remove(&to) {
            Some(machine) => machine,
            None => Cycles.load(&to, &self.rows).map_err(broken)?,
        };
        let mut tasks: VecDeque<Task> = VecDeque::new();
        let mut message = Some(message);
        loop {
            let given = Given { now: self.now, ids: &mut self.ids, surroundings: &self.around };
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
        // What others asked of these three is in memory only.
        let stays = matches!(to, Address::Permits | Address::Signals | Address::Library);
        if stays || !machine.is_settled() {
            self.machines.insert(to, machine);
        } else {
            self.timers.forget(&to);
        }
        Ok(())
    }

    fn act(&mut self, of: &Address, decided: Decided) -> Result<(), HarnessError> {
        let Decided { rows, events, later, sends, wakes } = decided;
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
        for later in later {
            match later {
                Later::Execute { attempt, work } => {
                    let stand_in = self.rehearsal.stand_in(&attempt, &work);
                    self.works.start(self.now + stand_in.took, attempt, stand_in.report());
                }
                Later::Cancel { attempt } => self.works.cancel(&attempt),
                Later::Fetch(lookup) => {
                    let found = Cycles.find(&lookup, &self.rows).map_err(broken)?;
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

fn refused(what: &str, refusal: &Refusal) -> HarnessError {
    HarnessError::Refused(format!("{what}: {refusal} {}", refusal.errors.join("; ")))
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn broken(error: Unreadable) -> HarnessError {
    HarnessError::Broken(error.to_string())
}
