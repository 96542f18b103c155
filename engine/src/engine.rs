//! The engine as callers see it: open, call, wait for an end, shut down.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime,
    sync::{Notify, Semaphore, TryAcquireError, watch},
    task::{self, JoinSet},
    time,
};
use workflow::{
    id::{InstanceId, RunKey},
    life::{Address, Around, Decisions, Message, Rows, Settings, StandsIn, Unreadable},
    port::{Answer, Caller, Clock, Engine, EngineName, Pending, Reason, Refusal, Request},
    status::InstanceStatus,
};

use crate::{
    actor,
    clock::Random,
    committer::{self, Failure},
    group::Group,
    lives::{Asked, Lives, Route},
    metric,
    node::{Node, READS, view},
    outbox::{self, Consumer},
    router::{Envelope, Router},
    steps::{Runtimes, Steps},
    store::{self, Fence, Store, chain},
    tickets::Tickets,
    timers,
    watchers::Watchers,
};

/// Calls that may wait for one group to take them up.
const GROUP_CALLS_MAX: usize = 4096;
/// How long a call may take before the caller is told to look again.
const CALL_MAX: Duration = Duration::from_mins(1);
/// Live rows read at once when an engine starts.
const RECOVERY_PAGE: usize = 1000;
/// The parts of the state of a new store; each can be owned by another node.
pub const GROUPS: u32 = 16;

/// What the engine is called.
pub const NAME: &str = "actor";

/// How much live work is let in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls that are being answered at one moment; further ones are refused with 429.
    pub calls_max: usize,
    /// Machines in memory at which no new run is let in (429); bounds memory.
    pub live_max: usize,
}

impl Limits {
    /// For a server with a GiB to spare.
    pub const SERVER: Self = Self { calls_max: 4096, live_max: 200_000 };
}

/// What an engine is made of.
#[expect(missing_debug_implementations, reason = "runtimes and machines have none")]
pub struct Options {
    /// Where rows are kept.
    pub store: Arc<dyn Store>,
    /// The life cycles.
    pub lives: Arc<dyn Lives>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Limits and switches of the life cycles.
    pub settings: Settings,
    /// How decisions are made; faithful in production.
    pub decisions: Arc<dyn Decisions>,
    /// Which steps are replaced by placeholders.
    pub stands_in: StandsIn,
    /// What executes steps.
    pub runtimes: Runtimes,
    /// Threads for the work of steps.
    pub step_threads: usize,
    /// Limits of live work.
    pub limits: Limits,
    /// Who takes events; without anybody they are not kept.
    pub consumer: Option<Arc<dyn Consumer>>,
}

/// Why an engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be taken over.
    #[error("the engine could not take over its store")]
    Store(#[from] store::Error),
    /// What the store holds could not be read.
    #[error("the engine could not read what it has to go on with")]
    Unreadable(#[from] Unreadable),
    /// The system gave no thread.
    #[error("the engine could not start a thread")]
    Thread(#[source] io::Error),
}

/// The actor engine.
pub struct ActorEngine {
    node: Arc<Node>,
    calls: Semaphore,
    limits: Limits,
    failure: watch::Receiver<Failure>,
    tasks: Mutex<Option<Tasks>>,
}

/// Everything that runs, with who joins it.
struct Tasks {
    groups: JoinSet<()>,
    doors: Vec<actor::Handle<crate::group::ToGroup>>,
    others: JoinSet<()>,
    committer: committer::Running,
}

impl fmt::Debug for ActorEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorEngine").field("node", &self.node).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl ActorEngine {
    /// Takes a store over, resumes what was going on, and is ready for calls. Runs on the current tokio runtime.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let Options { store, clock, runtimes, step_threads, limits, consumer, .. } = options;
        let claiming = Arc::clone(&store);
        let fences = task::spawn_blocking(move || claiming.claim(GROUPS)).await.map_err(io::Error::from);
        let fences = fences.map_err(Error::Thread)??;
        let around = Around::new(options.settings, options.decisions, options.stands_in);
        view(&*store, |rows| around.read(rows))??;
        let (committer, running) = committer::start(Arc::clone(&store)).map_err(Error::Thread)?;
        let failure = running.failure();
        let published = consumer.is_some().then(|| Arc::new(Notify::new()));
        let node = Arc::new(Node {
            store: Arc::clone(&store),
            lives: options.lives,
            clock: Arc::clone(&clock),
            ids: || Box::new(Random),
            around,
            committer: committer.clone(),
            router: Router::default(),
            tickets: Tickets::default(),
            watchers: Watchers::default(),
            steps: OnceLock::new(),
            timers: OnceLock::new(),
            published: published.clone(),
            residents: AtomicUsize::new(0),
            reads: Semaphore::new(READS),
            runtime: runtime::Handle::current(),
        });
        let mut others = JoinSet::new();
        start_helpers(&node, runtimes, step_threads, clock, &mut others)?;
        if let (Some(consumer), Some(news)) = (consumer, published) {
            let deliver = outbox::deliver(store, committer, consumer, news, fences.clone());
            others.spawn(async move {
                let _stopped = deliver.await;
            });
        }
        let mut groups = JoinSet::new();
        let doors: Vec<_> = fences.iter().map(|fence| start_group(&node, *fence, &mut groups)).collect();
        node.router.connect(doors.clone());
        recover(&node, fences).await?;
        let tasks = Mutex::new(Some(Tasks { groups, doors, others, committer: running }));
        Ok(Self { node, calls: Semaphore::new(limits.calls_max), limits, failure, tasks })
    }

    /// Resolves with the reason when the engine can no longer write; then it must be opened anew.
    pub async fn failed(&self) -> Arc<store::Error> {
        let mut failure = self.failure.clone();
        loop {
            if let Some(error) = &*failure.borrow_and_update() {
                return Arc::clone(error);
            }
            if failure.changed().await.is_err() {
                // An orderly end is no failure: there will never be one.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Machines in memory.
    pub fn live(&self) -> usize {
        self.node.residents.load(Ordering::Relaxed)
    }

    /// Takes no more calls, ends the turns that are under way, makes them durable, and leaves. What is cut off after `within` goes on
    /// at the next start, like the work of steps that is still outside.
    pub async fn shutdown(&self, within: Duration) {
        self.calls.close();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Tasks { mut groups, doors, mut others, committer }) = tasks else { return };
        for door in &doors {
            door.close();
        }
        let joined = async { while groups.join_next().await.is_some() {} };
        if time::timeout(within, joined).await.is_err() {
            tracing::warn!("machines were still busy at shutdown; they go on at the next start");
            groups.shutdown().await;
        }
        if let Some(steps) = self.node.steps.get() {
            steps.abandon();
        }
        others.shutdown().await;
        self.node.committer.end().await;
        let _joined = task::spawn_blocking(move || committer.join()).await;
    }

    async fn answer(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let _place = match self.calls.try_acquire() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => {
                return Err(too_many(format!("{} calls are being answered; try again later", self.limits.calls_max)));
            }
            Err(TryAcquireError::Closed) => return Err(unavailable("the engine is shutting down")),
        };
        let is_start = matches!(request, Request::Start { .. } | Request::Restart { .. });
        if is_start && self.live() >= self.limits.live_max {
            return Err(too_many(format!("{} machines are in memory; try again later", self.live())));
        }
        tokio::select! {
            biased;
            answer = self.routed(caller, request) => answer,
            error = self.failed() => Err(unavailable(format!("the engine has stopped: {}", chain(&*error)))),
            () = time::sleep(CALL_MAX) => Err(Refusal {
                is_retryable: true,
                ..Refusal::new(Reason::RequestTimeout, "the engine has not answered in time; it may still do what was asked")
            }),
        }
    }

    async fn routed(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let (to, request) = match self.node.lives.address(&request) {
            Some(address) => (address, request),
            None => match self.route(request).await.map_err(internal)? {
                (Route::To(address), request) => (address, request),
                (Route::Answer(answer), _) => return answer,
            },
        };
        let mut place = self.node.tickets.draw();
        let message = Message::Request { ticket: place.ticket, caller, request: Box::new(request) };
        match self.node.router.offer(Envelope { to, from: None, message }) {
            Ok(()) => {}
            Err(actor::Refused::Full(_)) => {
                return Err(too_many(format!("{GROUP_CALLS_MAX} calls are waiting; try again later")));
            }
            Err(actor::Refused::Gone(_)) => return Err(unavailable("the engine is shutting down")),
        }
        (&mut place.answer).await.unwrap_or_else(|_| Err(unavailable("the engine is shutting down")))
    }

    async fn route(&self, request: Request) -> Result<(Route, Request), Unreadable> {
        let node = Arc::clone(&self.node);
        let look = move |rows: &dyn Rows| {
            let asked = Asked { rows, surroundings: &node.around, now: node.clock.now() };
            node.lives.route(&request, asked).map(|route| (route, request))
        };
        self.node.read(look).await.and_then(|route| route)
    }

    async fn watch(&self, run: RunKey) -> Result<InstanceStatus, Refusal> {
        let watch = self.node.watchers.watch(run.clone());
        loop {
            let news = watch.news();
            let (lives, asked) = (Arc::clone(&self.node.lives), run.clone());
            let status = self.node.read(move |rows| lives.status(&asked, rows)).await.and_then(|status| status);
            match status.map_err(internal)? {
                Some(status) if status.is_terminal() => return Ok(status),
                Some(_) => {}
                None => return Err(Refusal::new(Reason::NotFound, format!("there is no run {run}"))),
            }
            if let Some(reason) = watch.given_up() {
                return Err(Refusal::new(Reason::InternalError, format!("run {run} failed: {reason}")));
            }
            tokio::select! {
                () = news => {}
                error = self.failed() => return Err(unavailable(format!("the engine has stopped: {}", chain(&*error)))),
            }
        }
    }
}

impl Engine for ActorEngine {
    fn name(&self) -> EngineName {
        EngineName(Arc::from(NAME))
    }

    fn first_instance(&self) -> InstanceId {
        workflow::life::Surroundings::settings(&self.node.around).first_instance
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move {
            let answer = self.answer(caller, request).await;
            if matches!(&answer, Err(refusal) if refusal.reason == Reason::TooManyRequests) {
                metric::refused();
            }
            answer
        })
    }

    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(self.watch(run))
    }
}

fn start_helpers(
    node: &Arc<Node>,
    runtimes: Runtimes,
    step_threads: usize,
    clock: Arc<dyn Clock>,
    owner: &mut JoinSet<()>,
) -> Result<(), Error> {
    // Neither keeps the node alive, which owns both.
    let (reporting, waking) = (Arc::downgrade(node), Arc::downgrade(node));
    let deliver: crate::steps::Deliver = Box::new(move |attempt, report| {
        if let Some(node) = reporting.upgrade() {
            node.report(attempt, report);
        }
    });
    let fire: timers::Fire = Box::new(move |address, due| {
        if let Some(node) = waking.upgrade() {
            node.wake(address, due);
        }
    });
    let steps = Steps::start(runtimes, step_threads, deliver).map_err(Error::Thread)?;
    let _set_once = node.steps.set(steps);
    let _set_once = node.timers.set(timers::start(clock, fire, owner));
    Ok(())
}

fn start_group(node: &Arc<Node>, fence: Fence, owner: &mut JoinSet<()>) -> actor::Handle<crate::group::ToGroup> {
    let node = Arc::clone(node);
    actor::spawn_with(|own| Group::new(node, fence, own), GROUP_CALLS_MAX, owner)
}

/// Tells every machine that was live to ask again for what it waits for. They are loaded concurrently, each by its own actor.
async fn recover(node: &Arc<Node>, fences: Vec<Fence>) -> Result<(), Error> {
    let store = Arc::clone(&node.store);
    let live = task::spawn_blocking(move || live(&*store, &fences)).await.map_err(io::Error::from);
    let live = live.map_err(Error::Thread)??;
    if live.is_empty() {
        return Ok(());
    }
    tracing::info!(machines = live.len(), "going on with what was live");
    // What others wait for first: these three know only in memory who asked them. Only runs hold permits.
    let permits = live.iter().any(|address| matches!(address, Address::Run(_))).then_some(Address::Permits);
    let single = |address: &Address| matches!(address, Address::Permits | Address::Signals | Address::Library);
    let others = live.into_iter().filter(|address| !single(address));
    for to in permits.into_iter().chain([Address::Signals, Address::Library]).chain(others) {
        node.router.tell(Envelope { to, from: None, message: Message::Recovered });
    }
    Ok(())
}

fn live(store: &dyn Store, fences: &[Fence]) -> Result<Vec<Address>, store::Error> {
    let mut live = Vec::new();
    for fence in fences {
        let mut after = None;
        loop {
            let page = store.live(fence.group, after.as_ref(), RECOVERY_PAGE)?;
            live.extend(page.iter().filter_map(Address::of_row));
            let Some(last) = page.into_iter().next_back() else { break };
            after = Some(last);
        }
    }
    live.dedup();
    Ok(live)
}

fn too_many(message: String) -> Refusal {
    Refusal { is_retryable: true, ..Refusal::new(Reason::TooManyRequests, message) }
}

fn unavailable(message: impl Into<String>) -> Refusal {
    Refusal { is_retryable: true, ..Refusal::new(Reason::Unavailable, message) }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn internal(error: Unreadable) -> Refusal {
    Refusal::new(Reason::InternalError, error.to_string())
}
