//! One machine in memory: the actor that loads it, gives it its turns, and hands in what it decides.
//!
//! A turn is one commit. It is handed in before anybody is told of it, so whoever learns of it commits later; what leaves the process
//! leaves when it is durable. The actor does not wait for that and goes on deciding.

use std::{
    collections::VecDeque,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use workflow::{
    life::{Address, Machine, Message, Note, Rest, Task, Ticket},
    port::{Lookup, Reason, Refusal},
    time::Millis,
};

use crate::{
    actor::{self, Actor, Handle, Next},
    committer::{Commit, Stopped, Then},
    group::ToGroup,
    loader, lookups, metric,
    node::Node,
    router::Envelope,
    store::{Batch, Fence, Write},
    timers::Due,
    turn::{self, Decided, Given, Later},
};

/// Faults after which a machine is left alone: a panic that comes back would otherwise come back for ever.
const FAULTS_MAX: u32 = 5;
/// The wait before a machine is loaded again, times the number of its faults.
const FAULT_PAUSE: Duration = Duration::from_millis(20);
/// How long a settled machine that is not a run stays for the next message.
const LINGER: Millis = Millis::from_secs(60);
/// How long a run that waits in the queue stays: long enough to be launched where there is room, short enough for a long queue.
const LINGER_QUEUED: Millis = Millis::from_secs(2);
/// How long a run that only waits stays; loading it again takes less than a millisecond.
const LINGER_RESTING: Millis = Millis::from_secs(1);

/// What a resident is told. `Durable` and `Idle` are for the actor itself.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something for its machine.
    Message(Box<Envelope>),
    /// So many of its commits are durable.
    Durable(u64),
    /// It has lingered long enough.
    Idle,
    /// Others have forgotten what it asked for.
    AskAgain,
    /// It was loaded anew after a fault.
    Recovered,
    /// To begin anew from what is durable: what it remembers of others may be wrong.
    Renew,
}

/// The actor of one machine.
pub(crate) struct Resident {
    node: Arc<Node>,
    fence: Fence,
    address: Address,
    group: Handle<ToGroup>,
    own: Handle<Heard>,
    machine: State,
    /// What the machine wants to come back to.
    tasks: VecDeque<Task>,
    /// Commits handed in.
    submitted: u64,
    /// How many of them are known to be durable.
    durable: u64,
    faults: u32,
    /// Whether the node counts it among those that have not read their rows yet.
    is_loading: bool,
    /// How its machine rests, if it left only for a while.
    rest: Option<Rest>,
    /// Whether it has rows for certain.
    is_known: bool,
}

enum State {
    Absent,
    Loaded(Box<dyn Machine>),
    /// It failed too often; the reason is what callers are told.
    GivenUp(String),
}

/// Whom to answer, or to tell that they must ask again, if a turn is lost.
#[derive(Default)]
struct Lost {
    tickets: Vec<Ticket>,
    senders: Vec<Address>,
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Resident {
    pub(crate) fn new(
        node: Arc<Node>,
        fence: Fence,
        address: Address,
        group: Handle<ToGroup>,
        own: Handle<Heard>,
        is_known: bool,
    ) -> Self {
        let (machine, tasks) = (State::Absent, VecDeque::new());
        node.loading.fetch_add(1, Ordering::Relaxed);
        Self {
            node,
            fence,
            address,
            group,
            own,
            machine,
            tasks,
            submitted: 0,
            durable: 0,
            faults: 0,
            is_loading: true,
            rest: None,
            is_known,
        }
    }

    /// Its rows are read, or it leaves without.
    fn has_loaded(&mut self) {
        if std::mem::take(&mut self.is_loading) {
            self.node.loading.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Brings the machine into memory; until then the messages wait.
    async fn load(&mut self, waiting: &VecDeque<Heard>) -> Result<(), String> {
        if !matches!(self.machine, State::Absent) {
            return Ok(());
        }
        if !self.is_known
            && let Some(Heard::Message(envelope)) = waiting.front()
            && let Some(machine) = self.node.lives.create(&envelope.message)
        {
            self.machine = State::Loaded(machine);
            return Ok(());
        }
        let loaded = if let Address::Run(run) = &self.address {
            loader::load(&self.node, run.clone()).await
        } else {
            let (lives, address) = (Arc::clone(&self.node.lives), self.address.clone());
            self.node.read(move |rows| lives.load(&address, rows)).await.and_then(|loaded| loaded)
        };
        self.machine = State::Loaded(loaded.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Drops the machine; it is loaded again, and told first that it was.
    async fn renew(&mut self, waiting: &mut VecDeque<Heard>) -> Result<(), Stopped> {
        self.machine = State::Absent;
        self.tasks.clear();
        self.node.committer.settled().await?;
        self.durable = self.submitted;
        if self.address.is_shared() {
            // It must not give anything out before it knows what was given.
            waiting.push_front(Heard::Recovered);
        } else {
            // Work that has ended meanwhile must be known to have ended before it is resumed.
            waiting.push_back(Heard::Recovered);
        }
        Ok(())
    }

    /// One turn over what waits. What was not handled because of a fault stays in `waiting`.
    async fn live(&mut self, waiting: &mut VecDeque<Heard>) -> Result<Next, Stopped> {
        let (mut is_idle, mut is_renewed) = (false, false);
        waiting.retain(|heard| match heard {
            Heard::Durable(count) => {
                self.durable = *count;
                false
            }
            Heard::Idle => {
                is_idle = true;
                false
            }
            Heard::Renew => {
                is_renewed = true;
                false
            }
            Heard::Message(_) | Heard::AskAgain | Heard::Recovered => true,
        });
        if is_renewed {
            self.renew(waiting).await?;
        }
        if waiting.is_empty() && self.tasks.is_empty() {
            return Ok(self.stay_or_leave(is_idle));
        }
        if let Err(reason) = self.load(waiting).await {
            return self.fault(Lost::default(), reason, waiting).await;
        }
        self.has_loaded();
        let mut lost = Lost::default();
        match self.take(waiting, &mut lost) {
            Some(Ok(decided)) => self.act(decided).await,
            Some(Err(reason)) => self.fault(lost, reason, waiting).await,
            None => Ok(Next::Wait),
        }
    }

    /// The machine's own part of a turn, with a panic as an error; `None` if the machine was given up.
    fn take(&mut self, waiting: &mut VecDeque<Heard>, lost: &mut Lost) -> Option<Result<Decided, String>> {
        let machine = match &mut self.machine {
            State::Loaded(machine) => machine,
            State::Absent => return None,
            State::GivenUp(reason) => {
                turn_away(&self.node, &self.address, reason, waiting);
                return None;
            }
        };
        let mut messages = || match waiting.pop_front()? {
            Heard::Message(envelope) => Some(lost.remember(*envelope)),
            Heard::AskAgain => Some(Message::AskAgain),
            Heard::Recovered | Heard::Durable(_) | Heard::Idle | Heard::Renew => Some(Message::Recovered),
        };
        let mut ids = (self.node.ids)();
        let at_hand = |lookup: &Lookup| lookups::at_once(&self.node, lookup);
        let (now, surroundings) = (self.node.clock.now(), &self.node.around);
        let given = Given { now, ids: &mut *ids, surroundings, at_hand: &at_hand };
        let span = span(&self.address);
        let turn = || span.in_scope(|| turn::take(&mut **machine, &mut messages, &mut self.tasks, given));
        Some(catch_unwind(AssertUnwindSafe(turn)).map_err(|panic| actor::message(&*panic)))
    }

    /// Hands the commit in, then tells others.
    async fn act(&mut self, decided: Decided) -> Result<Next, Stopped> {
        let may_leave = self.tasks.is_empty() && (self.is_settled() || self.rest().is_some());
        let Decided { rows, events, asked, later, sends, wakes, passed } = decided;
        for (phase, took) in passed {
            metric::passed(phase, took.to_std());
        }
        if let Some(steps) = self.node.steps.get() {
            for later in &later {
                if let Later::Cancel { attempt } = later {
                    steps.revoke(attempt);
                }
            }
        }
        for lookup in asked {
            lookups::fetch(&self.node, self.address.clone(), lookup);
        }
        // Only within this process is the commit of whoever is told ordered after this one.
        let (near, far): (Vec<_>, Vec<_>) = sends.into_iter().partition(|(to, _)| self.node.router.is_here(to));
        let has_news = !events.is_empty();
        let mut batch = Batch::default();
        if has_news {
            batch.events.insert(self.fence.group, events);
        }
        for (key, row) in rows {
            let write = row.map_or(Write::Forget, |row| Write::Save {
                live: row.is_live.then_some(self.fence.group),
                body: row.body,
            });
            batch.writes.insert(key, write);
        }
        if !batch.is_empty() {
            batch.fences.insert(self.fence);
        }
        let is_behind = may_leave && self.durable < self.submitted;
        if !batch.is_empty() || !later.is_empty() || !far.is_empty() || is_behind {
            self.submitted += 1;
            let then = self.then(later, far, has_news, may_leave);
            self.node.committer.submit(Commit { batch, then }).await?;
        }
        for (to, note) in near {
            self.node.router.tell(Envelope { to, from: Some(self.address.clone()), message: Message::Note(note) });
        }
        for (at, wake) in wakes {
            self.node.set_timer(self.address.clone(), Due::Woken(wake), at);
        }
        Ok(if self.tasks.is_empty() { self.stay_or_leave(false) } else { Next::GoOn })
    }

    fn then(&self, later: Vec<Later>, far: Vec<(Address, Note)>, has_news: bool, may_leave: bool) -> Option<Then> {
        if later.is_empty() && far.is_empty() && !has_news && !may_leave {
            return None;
        }
        let (node, address) = (Arc::clone(&self.node), self.address.clone());
        let durable = may_leave.then(|| (self.own.clone(), self.submitted));
        Some(Box::new(move || {
            node.release(&address, later);
            for (to, note) in far {
                node.router.tell(Envelope { to, from: Some(address.clone()), message: Message::Note(note) });
            }
            if let Some(published) = node.published.as_ref().filter(|_| has_news) {
                published.add();
            }
            if let Some((own, count)) = durable {
                let _left = own.tell(Heard::Durable(count));
            }
        }))
    }

    /// The machine, where it is in memory.
    fn loaded(&self) -> Option<&dyn Machine> {
        match &self.machine {
            State::Loaded(machine) => Some(&**machine),
            State::Absent | State::GivenUp(_) => None,
        }
    }

    fn is_settled(&self) -> bool {
        self.loaded().is_some_and(Machine::is_settled)
    }

    /// How the machine rests, if it does.
    fn rest(&self) -> Option<&Rest> {
        self.loaded().and_then(Machine::rest)
    }

    /// A machine that is settled, or rests, leaves once all that it decided is durable, so that its rows are what it was.
    fn stay_or_leave(&mut self, is_idle: bool) -> Next {
        self.rest = None;
        if self.durable < self.submitted {
            return Next::Wait;
        }
        if let Some(rest) = self.rest() {
            if !is_idle {
                return self.linger(LINGER_RESTING);
            }
            // Its timers go on; when one fires it is loaded again.
            (self.rest, self.is_known) = (Some(rest.clone()), true);
            self.machine = State::Absent;
            return Next::Leave;
        }
        if !self.is_settled() {
            return Next::Wait;
        }
        let is_expectant = self.loaded().is_some_and(Machine::is_expectant);
        match self.address {
            Address::Permits | Address::Signals | Address::Library => return Next::Wait,
            Address::Workflow(_) if !is_idle => return self.linger(LINGER),
            Address::Run(_) if is_expectant && !is_idle => return self.linger(LINGER_QUEUED),
            Address::Workflow(_) | Address::Run(_) => {}
        }
        // Should a message come just now, the machine is loaded again, as if it had left.
        self.machine = State::Absent;
        self.node.forget_timers(&self.address);
        Next::Leave
    }

    fn linger(&self, time: Millis) -> Next {
        self.node.set_timer(self.address.clone(), Due::Idle, self.node.clock.now() + time);
        Next::Wait
    }

    /// What ends the run that this machine was for; `None` where there is none, or where not even that can be read.
    async fn wreck(&mut self, reason: &str) -> Option<Box<dyn Machine>> {
        let (lives, address, reason) = (Arc::clone(&self.node.lives), self.address.clone(), reason.to_owned());
        let read = self.node.read(move |rows| lives.wreck(&address, rows, &reason)).await;
        read.and_then(|wreck| wreck).unwrap_or_else(|error| {
            tracing::error!(machine = %self.address, %error, "a run that is given up cannot be ended");
            None
        })
    }

    /// A panic, or rows that could not be read: the machine is loaded again from what is durable, and everybody concerned asks again.
    async fn fault(&mut self, lost: Lost, reason: String, waiting: &mut VecDeque<Heard>) -> Result<Next, Stopped> {
        metric::faulted();
        self.faults += 1;
        tracing::error!(machine = %self.address, reason, faults = self.faults, "a machine failed");
        self.renew(waiting).await?;
        for ticket in lost.tickets {
            self.node.answer(ticket, Err(refusal(&self.address, &reason)));
        }
        if self.faults == FAULTS_MAX
            && let Some(wreck) = self.wreck(&reason).await
        {
            tracing::error!(machine = %self.address, reason, "a run is ended because its machine cannot go on");
            self.machine = State::Loaded(wreck);
            waiting.push_front(Heard::AskAgain);
            return Ok(Next::GoOn);
        }
        if self.faults >= FAULTS_MAX {
            tracing::error!(machine = %self.address, reason, "a machine is given up until the next start");
            self.node.watchers.give_up(&self.address, &reason);
            self.machine = State::GivenUp(reason);
            return Ok(Next::GoOn);
        }
        tokio::time::sleep(FAULT_PAUSE * self.faults).await;
        if self.address.is_shared() {
            // It knew in memory only what others asked for.
            self.node.ask_everybody_again();
        } else {
            for to in lost.senders {
                self.node.router.tell(Envelope { to, from: None, message: Message::AskAgain });
            }
        }
        Ok(Next::GoOn)
    }
}

impl Actor for Resident {
    type Message = Heard;

    async fn turn(&mut self, waiting: &mut VecDeque<Heard>) -> Next {
        self.live(waiting).await.unwrap_or_else(|Stopped| {
            waiting.clear();
            self.machine = State::Absent;
            self.tasks.clear();
            Next::Leave
        })
    }

    fn panicked(&mut self, what: String) -> Next {
        tracing::error!(what, machine = %self.address, "the actor of a machine panicked");
        self.machine = State::Absent;
        self.tasks.clear();
        let _open = self.own.tell(Heard::Recovered);
        Next::Wait
    }

    async fn end(mut self) {
        self.has_loaded();
        self.node.residents.fetch_sub(1, Ordering::Relaxed);
        metric::resident_left(&self.address);
        let left = match self.rest {
            Some(rest) => ToGroup::Rests(self.address, rest),
            None => ToGroup::Left(self.address),
        };
        let _shut_down = self.group.tell(left);
    }
}

impl Lost {
    fn remember(&mut self, envelope: Envelope) -> Message {
        if let Message::Request { ticket, .. } = &envelope.message {
            self.tickets.push(*ticket);
        }
        if let Some(from) = envelope.from
            && !self.senders.contains(&from)
        {
            self.senders.push(from);
        }
        envelope.message
    }
}

/// What is logged in a turn is known to belong to its machine.
fn span(address: &Address) -> tracing::Span {
    match address {
        Address::Run(key) => {
            tracing::debug_span!("machine.turn", workflow = %key.workflow, instance = key.instance.0, run = key.run.0)
        }
        Address::Workflow(workflow) => tracing::debug_span!("machine.turn", %workflow),
        Address::Permits | Address::Signals | Address::Library => {
            tracing::debug_span!("machine.turn", machine = %address)
        }
    }
}

fn turn_away(node: &Node, address: &Address, reason: &str, waiting: &mut VecDeque<Heard>) {
    for heard in waiting.drain(..) {
        if let Heard::Message(envelope) = heard
            && let Message::Request { ticket, .. } = envelope.message
        {
            node.answer(ticket, Err(refusal(address, reason)));
        }
    }
}

fn refusal(address: &Address, reason: &str) -> Refusal {
    Refusal::new(Reason::InternalError, format!("{address} failed: {reason}"))
}
