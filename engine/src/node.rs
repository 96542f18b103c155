//! What all actors of one process share, and how what waited for a commit leaves.

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicUsize},
};

use tokio::{runtime, sync::Semaphore, task};
use workflow::{
    id::{AttemptKey, Ids},
    life::{Address, Around, Message, Rows, Ticket, Unreadable},
    port::{Clock, Report},
    time::Timestamp,
};

use crate::{
    actor::Handle,
    cluster::{Letter, tag_of},
    committer::Committer,
    group::ToGroup,
    lives::Lives,
    loader::Loader,
    lookups::{self, Question},
    outbox,
    router::{Envelope, Router},
    steps::Steps,
    store::{self, NodeId, Store},
    tickets::{Outcome, Tickets, Told},
    timers::{self, Due},
    together::Together,
    turn::Later,
    watchers::Watchers,
};

/// Reads of a machine's rows that may be under way; more wait.
pub(crate) const READS: usize = 16;

/// Makes a source of ids for one turn.
pub(crate) type MakeIds = fn() -> Box<dyn Ids>;

/// The parts that every actor needs.
pub(crate) struct Node {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lives: Arc<dyn Lives>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: MakeIds,
    pub(crate) around: Around,
    pub(crate) committer: Committer,
    pub(crate) router: Router,
    pub(crate) tickets: Tickets,
    pub(crate) watchers: Watchers,
    /// Set right after the node is made: both need the node themselves.
    pub(crate) steps: OnceLock<Steps>,
    pub(crate) timers: OnceLock<Handle<timers::Order>>,
    /// Events that are durable and wait; `None` if nobody wants them.
    pub(crate) published: Option<Arc<outbox::Waiting>>,
    pub(crate) residents: AtomicUsize,
    /// Runs that left memory for a while.
    pub(crate) resting: AtomicUsize,
    /// How many residents have not read their rows yet.
    pub(crate) loading: AtomicUsize,
    pub(crate) reads: Semaphore,
    pub(crate) loader: Loader,
    pub(crate) lookups: Together<Question>,
    pub(crate) runtime: runtime::Handle,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("store", &self.store).field("around", &self.around).finish_non_exhaustive()
    }
}

impl Node {
    /// Reads durable rows on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn Rows) -> T + Send + 'static,
    ) -> Result<T, Unreadable> {
        let _place = self.reads.acquire().await.map_err(|_| Unreadable("the engine is shutting down".to_owned()))?;
        let store = Arc::clone(&self.store);
        task::spawn_blocking(move || view(&*store, look)).await.map_err(|fault| Unreadable(fault.to_string()))?
    }

    /// Asks the store on a thread that may block.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&dyn Store) -> Result<T, store::Error> + Send + 'static,
    ) -> Result<T, store::Error> {
        let store = Arc::clone(&self.store);
        let asked = task::spawn_blocking(move || what(&*store)).await;
        asked.unwrap_or_else(|fault| Err(store::Error::Lost { what: fault.to_string() }))
    }

    /// Lets go of what waited for a commit of the machine at `address`, in order.
    pub(crate) fn release(self: &Arc<Self>, address: &Address, later: Vec<Later>) {
        for later in later {
            match later {
                Later::Execute { attempt, work } => {
                    if let Some(steps) = self.steps.get() {
                        steps.execute(attempt, work);
                    }
                }
                Later::Cancel { attempt } => {
                    if let Some(steps) = self.steps.get() {
                        steps.cancel(&attempt);
                    }
                }
                Later::Reply { ticket, answer } => self.answer(ticket, answer),
                Later::Fetch(lookup) => lookups::fetch(self, address.clone(), lookup),
                Later::Break { key, body } => {
                    self.around.change(&key, body.as_ref());
                    if let Some(peers) = self.router.peers() {
                        let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
                        peers.post_all(&Letter::Break { key, body });
                    }
                }
                Later::End => {
                    if let Address::Run(run) = address {
                        self.watchers.tell(run);
                    }
                }
            }
        }
    }

    /// Answers a caller of this node or of another.
    pub(crate) fn answer(&self, ticket: Ticket, answer: Outcome) {
        match self.router.peers() {
            Some(peers) if !self.tickets.is_own(ticket) => {
                peers.post_by_tag(tag_of(ticket.0), &Letter::Answer { ticket, answer });
            }
            _ => self.tickets.tell(ticket, Told::Answer(answer)),
        }
    }

    /// Handles what another node says.
    pub(crate) fn receive(&self, from: &NodeId, letter: Letter) {
        match letter {
            Letter::Deliver { to, from: sender, content } => {
                let envelope = Box::new(Envelope { to, from: sender, message: content.into() });
                // The sender has not heard of the new owner, or sooner than this one opened the group. What is no request is asked for
                // again when it has, or when the group opens.
                if let Err(envelope) = self.router.take_in(envelope)
                    && let Message::Request { ticket, .. } = envelope.message
                    && let Some(peers) = self.router.peers()
                {
                    peers.post(from, &Letter::Moved { ticket });
                }
            }
            Letter::Answer { ticket, answer } => self.tickets.tell(ticket, Told::Answer(answer)),
            Letter::Moved { ticket } => self.tickets.tell(ticket, Told::Moved),
            Letter::Break { key, body } => {
                let body = body.map(|body| body.into_bytes().into());
                self.around.change(&key, body.as_ref());
            }
            Letter::AskAgain => self.router.ask_again(),
        }
    }

    /// Tells all machines of all nodes to ask again for what they wait for.
    pub(crate) fn ask_everybody_again(&self) {
        self.router.ask_again();
        if let Some(peers) = self.router.peers() {
            peers.post_all(&Letter::AskAgain);
        }
    }

    /// Stops deciding for good.
    pub(crate) fn fail(&self, error: store::Error) {
        self.committer.fail(error);
        if let Some(steps) = self.steps.get() {
            steps.abandon();
        }
    }

    pub(crate) fn set_timer(&self, address: Address, due: Due, at: Timestamp) {
        if let Some(timers) = self.timers.get() {
            let _shut_down = timers.tell(timers::Order::Set { address, due, at });
        }
    }

    pub(crate) fn forget_timers(&self, address: &Address) {
        if let Some(timers) = self.timers.get() {
            let _shut_down = timers.tell(timers::Order::Forget(address.clone()));
        }
    }

    /// A timer fired.
    pub(crate) fn wake(&self, to: Address, due: Due) {
        match due {
            Due::Woken(wake) => self.router.tell(Envelope { to, from: None, message: Message::Woken(wake) }),
            Due::Idle => self.router.tell_group(&to, ToGroup::Idle),
            Due::Recovery => self.router.tell_group(&to, ToGroup::Rouse),
        }
    }

    /// A step's work has ended.
    pub(crate) fn report(&self, attempt: AttemptKey, report: Report) {
        let to = Address::Run(attempt.run.clone());
        let message = Message::Executed { attempt, report: Box::new(report) };
        self.router.tell(Envelope { to, from: None, message });
    }
}

/// Hands one consistent state of the store to `look`.
pub(crate) fn view<T>(store: &dyn Store, look: impl FnOnce(&dyn Rows) -> T) -> Result<T, Unreadable> {
    let (mut look, mut seen) = (Some(look), None);
    store
        .view(&mut |rows| seen = look.take().map(|look| look(rows)))
        .map_err(|error| Unreadable(store::chain(&error)))?;
    seen.ok_or_else(|| Unreadable("the store showed nothing".to_owned()))
}
