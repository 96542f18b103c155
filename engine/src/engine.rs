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
    sync::{Semaphore, TryAcquireError, watch},
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
    actor, archivist,
    clock::Random,
    cluster::{self, Door, Member, Membership, Peers},
    committer::{self, Failure},
    groups::{GROUP_CALLS_MAX, Groups},
    limits::{Admission, Limits, too_many},
    lives::{Asked, Lives, Route},
    loader::loader,
    lookups::lookups,
    metric,
    node::{Node, READS, view},
    outbox::{self, Consumer},
    router::{Envelope, Offered, Router},
    steps::{Runtimes, Steps},
    store::{self, NodeId, Store, chain},
    tickets::{Place, Tickets, Told},
    timers,
    watchers::Watchers,
};

/// How long a call may take before the caller is told to look again.
const CALL_MAX: Duration = Duration::from_mins(1);
/// The parts of the state of a new store; each can be owned by another node.
pub const GROUPS: u32 = 16;

/// How often a run of another node is looked at while a caller waits for its end.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What the engine is called.
pub const NAME: &str = "actor";

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
    /// How long the history of what has ended is kept; `None` for ever.
    pub keep: Option<Duration>,
    /// How it works together with other nodes over the store; without, it has the store for itself.
    pub membership: Option<Membership>,
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
    admission: Admission,
    failure: watch::Receiver<Failure>,
    tasks: Mutex<Option<Tasks>>,
}

/// Everything that runs, with who joins it.
struct Tasks {
    groups: Arc<Groups>,
    others: JoinSet<()>,
    committer: committer::Running,
    /// The name under which it shares the store.
    member: Option<NodeId>,
}

impl fmt::Debug for ActorEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorEngine")
            .field("node", &self.node)
            .field("admission", &self.admission)
            .finish_non_exhaustive()
    }
}

impl ActorEngine {
    /// Takes a store over, or joins those who share it, resumes what was going on, and is ready for calls. Runs on the current tokio
    /// runtime.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let Options { store, clock, runtimes, step_threads, limits, consumer, membership, keep, .. } = options;
        let (dividing, is_shared) = (Arc::clone(&store), membership.is_some());
        let divide = move || -> Result<_, store::Error> {
            let count = dividing.divide(GROUPS)?;
            let fences = if is_shared { Vec::new() } else { dividing.claim(count)? };
            Ok((count, fences))
        };
        let (count, fences) = task::spawn_blocking(divide).await.map_err(io::Error::from).map_err(Error::Thread)??;
        // Events that nobody takes are not made.
        let settings = Settings { has_events: consumer.is_some(), ..options.settings };
        let around = Around::new(settings, options.decisions, options.stands_in);
        if !is_shared {
            view(&*store, |rows| around.read(rows))??;
        }
        let (committer, running) = committer::start(Arc::clone(&store)).map_err(Error::Thread)?;
        let failure = running.failure();
        let published = consumer.is_some().then(Arc::<outbox::Waiting>::default);
        let node = Arc::new(Node {
            store: Arc::clone(&store),
            lives: options.lives,
            clock: Arc::clone(&clock),
            ids: || Box::new(Random),
            around,
            committer: committer.clone(),
            router: Router::new(count as usize),
            tickets: Tickets::new(membership.as_ref().map_or(0, |membership| cluster::tag(&membership.node))),
            watchers: Watchers::default(),
            steps: OnceLock::new(),
            timers: OnceLock::new(),
            published: published.clone(),
            residents: AtomicUsize::new(0),
            loading: AtomicUsize::new(0),
            resting: AtomicUsize::new(0),
            reads: Semaphore::new(READS),
            loader: loader(),
            lookups: lookups(),
            runtime: runtime::Handle::current(),
        });
        let mut others = JoinSet::new();
        start_helpers(&node, runtimes, step_threads, clock, &mut others)?;
        others.spawn(archivist::keep_small(Arc::clone(&store), keep, committer.clone()));
        let groups = Groups::new(Arc::clone(&node));
        if let (Some(consumer), Some(waiting)) = (consumer, published) {
            let deliver = outbox::deliver(store, committer, consumer, waiting, groups.fences());
            others.spawn(async move {
                let _stopped = deliver.await;
            });
        }
        let member = membership.as_ref().map(|membership| membership.node.clone());
        if let Some(membership) = membership {
            join(&node, &groups, membership, &mut others).await?;
        } else {
            metric::nodes_living(1);
            groups.start(&fences).await?;
        }
        let tasks = Mutex::new(Some(Tasks { groups, others, committer: running, member }));
        let (calls, admission) = (Semaphore::new(limits.calls_max), Admission::new(limits));
        Ok(Self { node, calls, admission, failure, tasks })
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

    /// Runs that left memory for a while: they wait for a moment, or to be told.
    pub fn resting(&self) -> usize {
        self.node.resting.load(Ordering::Relaxed)
    }

    /// How many machines have not read their rows yet: none once everything that was live has come back after a start.
    pub fn loading(&self) -> usize {
        self.node.loading.load(Ordering::Relaxed)
    }

    /// Looks at how much waits, for the metrics; to be called before they are collected.
    pub fn measure(&self) {
        let (letters, letters_bytes) = self.node.router.peers().map_or((0, 0), |peers| peers.waiting());
        let (commits, messages) = (self.node.committer.waiting(), actor::waiting());
        metric::waiting(metric::Waiting { commits, messages, letters, letters_bytes });
    }

    /// Takes no more calls, ends the turns that are under way, makes them durable, and leaves. What is cut off after `within` goes on
    /// at the next start, like the work of steps that is still outside.
    pub async fn shutdown(&self, within: Duration) {
        self.calls.close();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Tasks { groups, mut others, committer, member }) = tasks else { return };
        // First of all, so that a member takes no new groups and is no longer told of others.
        others.shutdown().await;
        groups.end(within).await;
        if let Some(steps) = self.node.steps.get() {
            steps.abandon();
        }
        self.node.committer.end().await;
        let store = Arc::clone(&self.node.store);
        let end = move || {
            committer.join();
            member.map_or(Ok(()), |member| store.leave(&member))
        };
        if let Ok(Err(error)) = task::spawn_blocking(end).await {
            tracing::warn!(error = chain(&error), "the groups are free only when the lease of this node is over");
        }
    }

    async fn answer(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let _place = match self.calls.try_acquire() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => {
                return Err(too_many(format!(
                    "{} calls are being answered; try again later",
                    self.admission.limits.calls_max
                )));
            }
            Err(TryAcquireError::Closed) => return Err(unavailable("the engine is shutting down")),
        };
        let is_start = matches!(request, Request::Start { .. } | Request::Restart { .. });
        if is_start {
            let events = self.node.published.as_ref().map_or(0, |waiting| waiting.count());
            self.admission.admit(self.live(), events, self.node.clock.now())?;
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
        let mut changes = self.node.router.changes();
        // Only a request that may have to be offered again is kept.
        let spare = self.node.router.peers().map(|_| (caller.clone(), request.clone()));
        let mut offered = Some((caller, request));
        while let Some((caller, request)) = offered.take() {
            let mut place = self.node.tickets.draw();
            let message = Message::Request { ticket: place.ticket, caller, request: Box::new(request) };
            match self.node.router.offer(Envelope { to: to.clone(), from: None, message }) {
                Offered::Here => match (&mut place.answer).await {
                    Ok(Told::Answer(answer)) => return answer,
                    Ok(Told::Moved) | Err(_) => return Err(unavailable("the engine is shutting down")),
                },
                Offered::There(node) => {
                    if let Some(answer) = self.answer_from(&mut place, &to, &node).await {
                        return answer;
                    }
                }
                Offered::Nowhere => {}
                Offered::Full => return Err(too_many(format!("{GROUP_CALLS_MAX} calls are waiting; try again later"))),
                Offered::Gone => return Err(unavailable("the engine is shutting down")),
            }
            // Nobody took it up: the group is on its way to another node.
            if changes.changed().await.is_ok() {
                offered.clone_from(&spare);
            }
        }
        Err(unavailable("the engine is shutting down"))
    }

    /// The answer of another node; `None` if it has not taken up the request.
    async fn answer_from(&self, place: &mut Place<'_>, to: &Address, node: &NodeId) -> Option<Result<Answer, Refusal>> {
        let mut changes = self.node.router.changes();
        loop {
            tokio::select! {
                biased;
                told = &mut place.answer => return match told {
                    Ok(Told::Answer(answer)) => Some(answer),
                    Ok(Told::Moved) => None,
                    Err(_) => Some(Err(unavailable("the engine is shutting down"))),
                },
                _ = changes.changed() => {
                    if !self.node.router.is_at(to, node) {
                        return Some(Err(unavailable(format!(
                            "the node that was asked, {node}, no longer takes care of {to}; it may have done what was asked"
                        ))));
                    }
                }
            }
        }
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
            // Only the node that owns a run hears of its end; others look.
            let is_here = self.node.router.is_here(&Address::Run(run.clone()));
            tokio::select! {
                () = news => {}
                () = time::sleep(LOOK_AGAIN), if !is_here => {}
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

/// Begins to share the store with other nodes.
async fn join(
    node: &Arc<Node>,
    groups: &Arc<Groups>,
    membership: Membership,
    owner: &mut JoinSet<()>,
) -> Result<(), Error> {
    let Membership { node: own, listener, address, lease } = membership;
    let losing = Arc::downgrade(node);
    let lost = Box::new(move || {
        if let Some(node) = losing.upgrade() {
            node.ask_everybody_again();
        }
    });
    let peers = Arc::new(Peers::new(own.clone(), lost).map_err(|error| Error::Thread(io::Error::other(error)))?);
    node.router.connect(Arc::clone(&peers));
    let door = Door::new(own, node);
    let serve = cluster::serve(Arc::clone(&door), listener);
    owner.spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "letters of other nodes are no longer taken");
        }
    });
    let mut member = Member::new(Arc::clone(node), Arc::clone(groups), peers, door, (address, lease));
    member.beat().await?;
    owner.spawn(cluster::attend(member));
    Ok(())
}

fn unavailable(message: impl Into<String>) -> Refusal {
    Refusal { is_retryable: true, ..Refusal::new(Reason::Unavailable, message) }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn internal(error: Unreadable) -> Refusal {
    Refusal::new(Reason::InternalError, error.to_string())
}
