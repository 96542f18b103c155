//! An engine without a clock of its own: the life cycles over rows in memory, and each call lets a second pass.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde_json::Map;
use workflow::{
    id::{Ids, RunKey},
    life::{self, Address, Around, Effect, Faithful, Machine, MemoryRows, Message, Settings, Ticket, Turn},
    port::{Answer, Caller, Conclusion, Engine, EngineName, Pending, Reason, Refusal, Report, Request},
    status::InstanceStatus,
    time::{Millis, Timestamp},
};

/// Messages that one call may set off: more would be an endless loop.
const MESSAGES_MAX: usize = 200_000;

/// How much time passes after each call.
const PASSES: Millis = Millis(1_000);

#[derive(Default)]
struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> uuid::Uuid {
        self.0 += 1;
        uuid::Uuid::from_u64_pair(self.0, 7)
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        i64::try_from(self.0).unwrap()
    }
}

struct State {
    now: Timestamp,
    ids: Counter,
    around: Around,
    rows: MemoryRows,
    machines: HashMap<Address, Box<dyn Machine>>,
    queue: VecDeque<(Address, Message)>,
    timers: BTreeMap<(Timestamp, u64), (Address, Message)>,
    serial: u64,
    answers: HashMap<Ticket, Result<Answer, Refusal>>,
}

/// See the module.
pub(crate) struct Mini(Mutex<State>);

impl Mini {
    pub(crate) fn new() -> Arc<Self> {
        let around = Around::new(Settings::production(), Arc::new(Faithful), |_| false);
        Arc::new(Self(Mutex::new(State {
            now: Timestamp(1_700_000_000_000),
            ids: Counter::default(),
            around,
            rows: MemoryRows::default(),
            machines: HashMap::new(),
            queue: VecDeque::new(),
            timers: BTreeMap::new(),
            serial: 0,
            answers: HashMap::new(),
        })))
    }
}

impl State {
    fn call(&mut self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        if let Some(answer) = life::read::answer(&request, &self.rows, &self.around, self.now) {
            return answer;
        }
        let to = life::read::route(&request, &self.rows)?;
        self.serial += 1;
        let ticket = Ticket(self.serial);
        self.queue.push_back((to, Message::Request { ticket, caller, request: Box::new(request) }));
        let until = self.now + PASSES;
        let mut handled = 0;
        loop {
            while let Some((to, message)) = self.queue.pop_front() {
                self.turn(to, message);
                handled += 1;
                assert!(handled < MESSAGES_MAX, "the machines never come to rest");
            }
            let next = self.timers.first_key_value().map(|(&(at, _), _)| at);
            let Some(at) = next.filter(|at| *at <= until || !self.answers.contains_key(&ticket)) else { break };
            self.now = self.now.max(at);
            self.queue.extend(self.timers.pop_first().map(|(_, due)| due));
        }
        self.now = self.now.max(until);
        let nobody = || Err(Refusal::new(Reason::InternalError, "nobody answers the call"));
        self.answers.remove(&ticket).unwrap_or_else(nobody)
    }

    fn turn(&mut self, to: Address, message: Message) {
        let known = self.machines.remove(&to);
        let mut machine = known.unwrap_or_else(|| life::load(&to, &self.rows).unwrap());
        let mut turn = Turn::new(self.now, &mut self.ids, &self.around);
        machine.on(message, &mut turn);
        machine.flush(&mut turn);
        let effects = turn.effects;
        if !machine.is_settled() {
            self.machines.insert(to.clone(), machine);
        }
        for effect in effects {
            self.act(&to, effect);
        }
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
            Effect::Publish(_) | Effect::Passed { .. } | Effect::Cancel { .. } => {}
            Effect::Continue(task) => self.queue.push_back((from.clone(), Message::Continue(task))),
            Effect::Send { to, note } => self.queue.push_back((to, Message::Note(note))),
            Effect::WakeAt { at, wake } => {
                self.serial += 1;
                self.timers.insert((at, self.serial), (from.clone(), Message::Woken(wake)));
            }
            Effect::Execute { attempt, work: _ } => {
                let (outputs, artifacts) = (Map::new(), Map::new());
                let report = Report { conclusion: Conclusion::Done, outputs, artifacts, timeline: Vec::new() };
                let message = Message::Executed { attempt, report: Box::new(report) };
                self.queue.push_back((from.clone(), message));
            }
            Effect::Fetch(lookup) => {
                let found = life::read::find(&lookup, &self.rows).unwrap();
                self.queue.push_back((from.clone(), Message::Found { lookup, found }));
            }
            Effect::Reply { ticket, answer } => {
                self.answers.insert(ticket, answer);
            }
        }
    }
}

impl Engine for Mini {
    fn name(&self) -> EngineName {
        EngineName(Arc::from("mini"))
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.0.lock().unwrap().call(caller, request) })
    }

    fn ended(&self, _run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(async { Err(Refusal::new(Reason::NotFound, "nobody waits here")) })
    }
}
