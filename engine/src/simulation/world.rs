//! All nodes, the network between them, callers, and the faults that happen to them.

use std::{collections::BTreeSet, fmt, ops::AddAssign, sync::Arc};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey},
    life::{Address, Bound, Order, RowKey, Rows, Scan, Table, Ticket, Unreadable},
    port::{Found, InstanceAction, Lookup, Reason, Request},
    status::InstanceStatus,
    time::{Millis, Timestamp},
};

use super::{
    history::History,
    load::{self, KINDS, Kind},
    network::Network,
    node::{Acted, GROUPS, LEASE, Moment, Node, Told},
    store::{Durable, Time},
};
use crate::{
    lives::{Cycles, Lives},
    node::view,
    store::{GroupId, NodeId, Ownership, Store},
};

const NODES: usize = 3;
const RUNS: usize = 8;
const BEGIN: Timestamp = Timestamp(1_700_000_000_000);
/// Faults happen for so long, and then there is so much time for everything to end.
const FAULTY: Millis = Millis::from_secs(40);
const REST: Millis = Millis::from_secs(600);
/// One in so many moments brings a fault.
const FAULTS: u32 = 300;
/// How long a caller waits for an answer before it asks another node.
const PATIENCE: Millis = Millis::from_secs(8);
const AGAIN: Millis = Millis(300);
/// How far a clock may be off.
const OFF_MS: i64 = 4_000;
/// Moments after which a simulation counts as endless.
const MOMENTS_MAX: u64 = 2_000_000;

/// What many simulations came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) seeds: u64,
    pub(super) runs: u64,
    pub(super) executions: u64,
    pub(super) crashes: u64,
    pub(super) pauses: u64,
    pub(super) lost: u64,
    pub(super) refused: u64,
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.runs += other.runs;
        self.executions += other.executions;
        self.crashes += other.crashes;
        self.pauses += other.pauses;
        self.lost += other.lost;
        self.refused += other.refused;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, runs, executions, crashes, pauses, lost, refused } = self;
        write!(
            f,
            "{seeds} seeds: {runs} runs, {executions} executions of steps; {crashes} crashes, {pauses} pauses, {lost} batches lost, \
             {refused} commits of former owners refused"
        )
    }
}

/// A caller with one wish, who asks until it is answered.
struct Call {
    request: Request,
    purpose: Purpose,
    /// When it is asked (again).
    at: Timestamp,
    ticket: Option<Ticket>,
    is_done: bool,
}

#[derive(Clone, Copy)]
enum Purpose {
    Push,
    Start(&'static Kind),
    Stop,
}

/// A run that was accepted.
struct Started {
    key: RunKey,
    kind: &'static Kind,
}

/// Everything.
pub(super) struct World {
    rng: StdRng,
    time: Arc<Time>,
    now: Timestamp,
    store: Arc<Durable>,
    nodes: Vec<Node>,
    /// When dead nodes are replaced.
    births: Vec<Timestamp>,
    born: u64,
    network: Network,
    history: History,
    calls: Vec<Call>,
    started: Vec<Started>,
    /// Runs that somebody wants stopped.
    stopping: BTreeSet<RunKey>,
    summary: Summary,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let time = Time::new(BEGIN);
        let store = Durable::new(Arc::clone(&time));
        store.rows.divide(GROUPS).expect("memory always answers");
        let push = |body| Call {
            request: Request::Push { body },
            purpose: Purpose::Push,
            at: BEGIN,
            ticket: None,
            is_done: false,
        };
        Self {
            rng: StdRng::seed_from_u64(seed),
            time,
            now: BEGIN,
            store,
            nodes: Vec::new(),
            births: vec![BEGIN; NODES],
            born: 0,
            network: Network::default(),
            history: History::default(),
            calls: load::definitions().into_iter().map(push).collect(),
            started: Vec::new(),
            stopping: BTreeSet::new(),
            summary: Summary { seeds: 1, ..Summary::default() },
        }
    }

    /// Lives through the faults and until everything has ended.
    pub(super) fn run(mut self) -> Result<Summary, String> {
        for _ in 0..MOMENTS_MAX {
            self.be_born();
            if self.is_faulty() && self.rng.random_ratio(1, FAULTS) {
                self.fault();
            }
            self.ask();
            if !self.act()? {
                if self.has_ended() {
                    return self.judge();
                }
                if self.now > BEGIN + FAULTY + REST {
                    return Err(format!("not everything ended in time: {}", self.rest()));
                }
                self.pass();
            }
        }
        Err(format!("it does not end: {}", self.rest()))
    }

    fn is_faulty(&self) -> bool {
        self.now < BEGIN + FAULTY
    }

    fn be_born(&mut self) {
        let now = self.now;
        let due = self.births.iter().filter(|at| **at <= now).count();
        self.births.retain(|at| *at > now);
        for _ in 0..due {
            self.born += 1;
            let offset = Millis(self.rng.random_range(-OFF_MS..=OFF_MS));
            let seed = self.rng.random();
            self.nodes.push(Node::new(self.born, Arc::clone(&self.store), offset, seed, now));
        }
    }

    fn fault(&mut self) {
        if self.nodes.is_empty() {
            return;
        }
        let chosen = self.rng.random_range(0..self.nodes.len());
        match self.rng.random_range(0..4) {
            0 => {
                self.summary.crashes += 1;
                self.bury(chosen);
            }
            1 => {
                self.summary.pauses += 1;
                self.nodes[chosen].paused = Some(self.now + Millis(self.rng.random_range(0..2 * LEASE.0)));
            }
            2 => self.nodes[chosen].offset = Millis(self.rng.random_range(-OFF_MS..=OFF_MS)),
            _ => {}
        }
    }

    /// A process has ended; another one starts in its place after a while.
    fn bury(&mut self, index: usize) {
        let node = self.nodes.swap_remove(index);
        self.summary.refused += node.refused;
        self.births.push(self.now + Millis(self.rng.random_range(0..LEASE.0)));
    }

    /// Callers whose moment has come ask a node.
    fn ask(&mut self) {
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            if call.is_done || call.at > self.now {
                continue;
            }
            let request = call.request.clone();
            let awake: Vec<usize> = (0..self.nodes.len()).filter(|index| self.nodes[*index].paused.is_none()).collect();
            let (mut ticket, mut at) = (None, self.now + AGAIN);
            if !awake.is_empty() {
                let node = awake[self.rng.random_range(0..awake.len())];
                ticket = self.with(node, |node, moment| node.call(request, moment));
                if ticket.is_some() {
                    at = self.now + PATIENCE;
                }
            }
            (self.calls[index].ticket, self.calls[index].at) = (ticket, at);
        }
    }

    /// Lets something happen now; false if nothing can.
    fn act(&mut self) -> Result<bool, String> {
        let now = self.now;
        for node in &mut self.nodes {
            node.paused = node.paused.filter(|until| *until > now);
        }
        if let Some(parcel) = self.network.arrive(now, &mut self.rng) {
            // A process that stands still takes nothing in; one that is gone never will.
            match self.nodes.iter().position(|node| node.id == *parcel.to()) {
                Some(index) if self.nodes[index].paused.is_none() => {
                    self.with(index, |node, moment| node.receive(parcel, moment));
                }
                _ => self.network.lost += 1,
            }
            return Ok(true);
        }
        let awake: Vec<usize> = (0..self.nodes.len()).filter(|index| self.nodes[*index].paused.is_none()).collect();
        let start = if awake.is_empty() { 0 } else { self.rng.random_range(0..awake.len()) };
        for turn in 0..awake.len() {
            let index = awake[(start + turn) % awake.len()];
            match self.with(index, Node::act)? {
                Acted::Idle => {}
                Acted::Lived => return Ok(true),
                Acted::Died => {
                    self.bury(index);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn with<T>(&mut self, index: usize, act: impl FnOnce(&mut Node, &mut Moment<'_>) -> T) -> T {
        let (now, is_faulty) = (self.now, self.is_faulty());
        let connected: BTreeSet<NodeId> = self
            .nodes
            .iter()
            .filter(|node| node.paused.is_none() && node.has_lease(now))
            .map(|node| node.id.clone())
            .collect();
        let mut told = Vec::new();
        let mut moment = Moment {
            now,
            rng: &mut self.rng,
            history: &mut self.history,
            network: &mut self.network,
            is_faulty,
            told: &mut told,
            connected: &connected,
        };
        let acted = act(&mut self.nodes[index], &mut moment);
        for (ticket, told) in told {
            self.tell(ticket, told);
        }
        acted
    }

    fn tell(&mut self, ticket: Ticket, told: Told) {
        let Some(call) = self.calls.iter_mut().find(|call| call.ticket == Some(ticket) && !call.is_done) else {
            return;
        };
        call.at = self.now + AGAIN;
        let answer = match told {
            Told::Unknown => return,
            Told::Answer(Err(refusal)) if refusal.is_retryable || refusal.reason == Reason::InternalError => return,
            Told::Answer(answer) => answer,
        };
        call.is_done = true;
        let (purpose, request) = (call.purpose, call.request.clone());
        match purpose {
            Purpose::Push => {
                answer.expect("the definitions are valid");
                if self.calls.iter().all(|call| call.is_done) {
                    self.start_runs();
                }
            }
            Purpose::Start(kind) => {
                answer.expect("a start is accepted");
                let instance = self.instance(&request);
                let key = RunKey { workflow: kind.id.into(), instance, run: RunId(1) };
                if self.rng.random_ratio(1, 4) {
                    let request = Request::InstanceAction {
                        instance: key.instance_key(),
                        run: None,
                        action: InstanceAction::Stop,
                    };
                    self.stopping.insert(key.clone());
                    let at = self.now + Millis(self.rng.random_range(0..5_000));
                    self.calls.push(Call { request, purpose: Purpose::Stop, at, ticket: None, is_done: false });
                }
                self.started.push(Started { key, kind });
            }
            Purpose::Stop => {
                // An answer may also say that the run will end soon.
                let is_over = answer.is_ok_and(|answer| answer.body.is_some_and(|body| body["completed"] == true));
                if let Request::InstanceAction { instance: InstanceKey { workflow, instance }, .. } = request
                    && is_over
                {
                    self.history.stops(RunKey { workflow, instance, run: RunId(1) });
                }
            }
        }
    }

    /// The instance that a start made, if not by this call then by one before that was not answered.
    fn instance(&self, request: &Request) -> InstanceId {
        let Request::Start { workflow, body, .. } = request else { panic!("{request:?} is no start") };
        let uuid = body["request_id"].as_str().expect("every start names itself").to_owned();
        let lookup = Lookup::Start { workflow: workflow.clone(), uuid };
        match self.read(|rows| Cycles.find(&lookup, rows)) {
            Found::Document(start) => InstanceId(start["instance"].as_i64().expect("an instance has a number")),
            found => panic!("{lookup:?} found {found:?}"),
        }
    }

    fn start_runs(&mut self) {
        for number in 0..RUNS {
            let kind = &KINDS[self.rng.random_range(0..KINDS.len())];
            let uuid = format!("00000000-0000-4000-8000-{number:012}");
            let body = json!({ "initiator": { "type": "manual", "user": "ann" }, "request_id": uuid });
            let request = Request::Start { workflow: kind.id.into(), version: "active".to_owned(), body };
            let at = self.now + Millis(self.rng.random_range(0..20_000));
            self.calls.push(Call { request, purpose: Purpose::Start(kind), at, ticket: None, is_done: false });
        }
    }

    /// Lets time pass until something is due.
    fn pass(&mut self) {
        let nodes = self.nodes.iter().map(|node| node.paused.unwrap_or_else(|| node.next_due()));
        let calls = self.calls.iter().filter(|call| !call.is_done).map(|call| call.at);
        let due = nodes.chain(calls).chain(self.births.iter().copied()).chain(self.network.first());
        // Everything that was due now has happened.
        let next = due.filter(|at| *at > self.now).min().unwrap_or(self.now + Millis(1));
        self.now = next;
        self.time.set(next);
    }

    fn status(&self, run: &RunKey) -> Option<InstanceStatus> {
        self.read(|rows| Cycles.status(run, rows))
    }

    fn read<T>(&self, look: impl FnOnce(&dyn Rows) -> Result<T, Unreadable>) -> T {
        view(&self.store.rows, look).and_then(|seen| seen).expect("rows in memory can be read")
    }

    /// Whether the faults are over and all that was asked for has come to an end.
    fn has_ended(&self) -> bool {
        let is_done = !self.is_faulty()
            && self.calls.iter().all(|call| call.is_done)
            && self.nodes.iter().all(|node| !node.is_busy() && !node.holds_permits())
            && self.started.iter().all(|run| self.status(&run.key).is_some_and(InstanceStatus::is_terminal));
        is_done && self.live().is_empty()
    }

    fn live(&self) -> Vec<RowKey> {
        let of_group = |group| self.store.rows.live(GroupId(group), None, usize::MAX).expect("memory always answers");
        (0..GROUPS).flat_map(of_group).map(|(key, _)| key).filter(|key| key.table == Table::Run).collect()
    }

    fn rest(&self) -> String {
        let waiting = self.calls.iter().filter(|call| !call.is_done).map(|call| format!("{:?}", call.request));
        let live =
            self.live().into_iter().map(|key| format!("{} lives", Address::of_row(&key).expect("runs have machines")));
        let permits =
            self.nodes.iter().filter(|node| node.holds_permits()).map(|node| format!("{} holds permits", node.id));
        let unended = self.started.iter().map(|run| (&run.key, self.status(&run.key)));
        let unended = unended.filter(|(_, status)| !status.is_some_and(InstanceStatus::is_terminal));
        let unended = unended.map(|(run, status)| format!("{run} is {status:?}"));
        let busy = self.nodes.iter().filter(|node| node.is_busy()).map(|node| format!("{} is busy", node.id));
        waiting.chain(live).chain(unended).chain(permits).chain(busy).collect::<Vec<_>>().join("; ")
    }

    /// Everything has ended: has it ended as it would have without faults?
    fn judge(mut self) -> Result<Summary, String> {
        for Started { key, kind } in &self.started {
            let status = self.status(key);
            let attempts = self.attempts(key);
            let is_as_expected = status == Some(kind.end) && attempts == kind.attempts;
            let is_stopped = self.stopping.contains(key) && status == Some(InstanceStatus::Stopped);
            if !is_as_expected && !is_stopped {
                return Err(format!("{key} ended as {status:?} after {attempts} attempts"));
            }
        }
        self.summary.runs = self.started.len() as u64;
        self.summary.executions = self.history.executions;
        self.summary.lost = self.network.lost;
        self.summary.refused += self.nodes.iter().map(|node| node.refused).sum::<u64>();
        Ok(self.summary)
    }

    /// Attempts of steps that the run itself made.
    fn attempts(&self, run: &RunKey) -> usize {
        let of_run = |second| RowKey { table: Table::Attempt, second, ..RowKey::run(run) };
        let (from, to) = (Bound::Included(of_run(run.run.0)), Bound::Excluded(of_run(run.run.0 + 1)));
        let scan = Scan { table: Table::Attempt, from, to, order: Order::Ascending, limit: usize::MAX };
        self.read(|rows| rows.scan(&scan)).len()
    }
}
