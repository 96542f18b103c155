//! The polling engine in real time: one task owns the core, callers hold a handle.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinHandle, JoinSet},
};
use workflow::{
    id::{AttemptKey, Ids, InstanceId, RunKey},
    life::{self, Address, Around, MemoryRows, Ticket},
    port::{Answer, Caller, Clock, Engine, EngineName, Pending, Reason, Refusal, Report, Request, StepRuntime, Work},
    status::InstanceStatus,
};

use crate::{
    polling::{Core, Journal, JournalError, Outgoing},
    timing::{Profile, Timing},
};

/// Calls that may wait for the engine's task; more callers wait outside. Fills only if the task is busy for seconds.
const CALLS: usize = 1_024;

/// Reports that may wait for the engine's task.
const REPORTS: usize = 1_024;

/// How long the engine sleeps when nothing is due; a call wakes it at once.
const IDLE: Duration = Duration::from_hours(1);

/// What an embedded polling engine runs with.
pub struct Options {
    /// Its name in decisions and reports.
    pub name: EngineName,
    /// Its intervals.
    pub profile: Profile,
    /// Seeds its random waits.
    pub seed: u64,
    /// Where its rows are kept; nowhere if unset.
    pub journal: Option<PathBuf>,
    /// Settings, decisions and breakpoints.
    pub around: Arc<Around>,
    /// Fresh ids.
    pub ids: Box<dyn Ids>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What runs steps' work.
    pub runtime: Arc<dyn StepRuntime>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("name", &self.name).field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// A handle to a running polling engine. When the last one is dropped the engine stops.
#[derive(Debug)]
pub struct LegacyEngine {
    name: EngineName,
    first_instance: InstanceId,
    calls: mpsc::Sender<Call>,
    task: JoinHandle<()>,
}

enum Call {
    Request { caller: Caller, request: Box<Request>, reply: oneshot::Sender<Result<Answer, Refusal>> },
    Ended { run: RunKey, reply: oneshot::Sender<Result<InstanceStatus, Refusal>> },
}

impl LegacyEngine {
    /// Reads the journal, if there is one, resumes what was running, and starts.
    pub fn open(options: Options) -> Result<Self, JournalError> {
        let (journal, rows) = match &options.journal {
            Some(path) => Journal::open(path).map(|(journal, rows)| (Some(journal), rows))?,
            None => (None, MemoryRows::default()),
        };
        if let Err(error) = options.around.read(&rows) {
            tracing::error!(%error, "stored breakpoints could not be read and do not hold");
        }
        let timing = Timing::new(options.profile, options.seed);
        let mut core = Core::new(timing, options.ids, Arc::clone(&options.around) as Arc<dyn life::Surroundings>, rows);
        core.recover(options.clock.now());
        let first_instance = life::Surroundings::settings(&*options.around).first_instance;
        let (calls, inbox) = mpsc::channel(CALLS);
        let worker = Worker {
            core,
            journal,
            clock: options.clock,
            runtime: options.runtime,
            around: options.around,
            tickets: HashMap::new(),
            next_ticket: 0,
            watchers: HashMap::new(),
            running: HashMap::new(),
            work: JoinSet::new(),
        };
        Ok(Self { name: options.name, first_instance, calls, task: tokio::spawn(worker.run(inbox)) })
    }

    /// Stops taking calls, finishes what is being handled, writes the journal out and ends.
    pub async fn shutdown(self) {
        drop(self.calls);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the polling engine did not end by itself");
        }
    }
}

impl Engine for LegacyEngine {
    fn name(&self) -> EngineName {
        self.name.clone()
    }

    fn first_instance(&self) -> InstanceId {
        self.first_instance
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let call = Call::Request { caller, request: Box::new(request), reply };
            self.calls.send(call).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        })
    }

    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.calls.send(Call::Ended { run, reply }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        })
    }
}

fn gone() -> Refusal {
    Refusal { is_retryable: true, ..Refusal::new(Reason::Unavailable, "the polling engine has stopped") }
}

type Watcher = oneshot::Sender<Result<InstanceStatus, Refusal>>;

/// The task that owns the core.
struct Worker {
    core: Core,
    journal: Option<Journal>,
    clock: Arc<dyn Clock>,
    runtime: Arc<dyn StepRuntime>,
    around: Arc<Around>,
    tickets: HashMap<Ticket, oneshot::Sender<Result<Answer, Refusal>>>,
    next_ticket: u64,
    watchers: HashMap<RunKey, Vec<Watcher>>,
    running: HashMap<AttemptKey, (AbortHandle, Work)>,
    work: JoinSet<()>,
}

impl Worker {
    async fn run(mut self, mut inbox: mpsc::Receiver<Call>) {
        let (reports, mut reported) = mpsc::channel(REPORTS);
        loop {
            let now = self.clock.now();
            let outgoing = self.core.advance(now);
            self.act(outgoing, &reports);
            let wait = self.core.next_due().map_or(IDLE, |at| (at - self.clock.now()).to_std());
            tokio::select! {
                call = inbox.recv() => match call {
                    Some(call) => self.call(call),
                    None => break,
                },
                Some((attempt, report)) = reported.recv() => {
                    // Work that was cancelled meanwhile is no longer waited for.
                    if self.running.remove(&attempt).is_some() {
                        self.core.report(self.clock.now(), attempt, report);
                    }
                }
                Some(_) = self.work.join_next() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.work.shutdown().await;
    }

    fn call(&mut self, call: Call) {
        let now = self.clock.now();
        match call {
            Call::Request { caller, request, reply } => {
                let ticket = Ticket(self.next_ticket);
                self.next_ticket += 1;
                self.tickets.insert(ticket, reply);
                self.core.request(now, ticket, caller, *request);
            }
            Call::Ended { run, reply } => match self.status(&run) {
                Ok(status) if status.is_terminal() => drop(reply.send(Ok(status))),
                Ok(_) => self.watchers.entry(run).or_default().push(reply),
                Err(refusal) => drop(reply.send(Err(refusal))),
            },
        }
    }

    fn status(&self, run: &RunKey) -> Result<InstanceStatus, Refusal> {
        let status = life::run_status(run, self.core.rows());
        let status = status.map_err(|error| Refusal::new(Reason::InternalError, error.to_string()))?;
        status.ok_or_else(|| Refusal::new(Reason::NotFound, format!("there is no run {run}")))
    }

    fn act(&mut self, outgoing: Vec<Outgoing>, reports: &mpsc::Sender<(AttemptKey, Report)>) {
        for one in outgoing {
            match one {
                Outgoing::Execute { attempt, work } => self.execute(attempt, *work, reports.clone()),
                Outgoing::Cancel { attempt } => self.cancel(attempt),
                Outgoing::Reply { ticket, answer } => {
                    if let Some(reply) = self.tickets.remove(&ticket) {
                        // A caller that hung up needs no answer.
                        let _ = reply.send(answer);
                    }
                }
                Outgoing::Publish(event) => tracing::debug!(key = event.key, "event published"),
                Outgoing::Saved(row) => {
                    self.note(|journal| journal.save(&row));
                    self.around.change(&row.key, Some(&row.body));
                    if let Some(Address::Run(run)) = Address::of_row(&row.key) {
                        self.tell_watchers(&run);
                    }
                }
                Outgoing::Forgotten(key) => {
                    self.note(|journal| journal.forget(&key));
                    self.around.change(&key, None);
                }
            }
        }
        self.note(Journal::flush);
    }

    fn note(&mut self, write: impl FnOnce(&mut Journal) -> std::io::Result<()>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = write(journal)
        {
            tracing::error!(%error, "the polling engine's journal could not be written; it goes on in memory");
        }
    }

    fn tell_watchers(&mut self, run: &RunKey) {
        if !self.watchers.contains_key(run) {
            return;
        }
        if let Ok(status) = self.status(run)
            && status.is_terminal()
        {
            for watcher in self.watchers.remove(run).into_iter().flatten() {
                let _ = watcher.send(Ok(status));
            }
        }
    }

    fn execute(&mut self, attempt: AttemptKey, work: Work, reports: mpsc::Sender<(AttemptKey, Report)>) {
        let runtime = Arc::clone(&self.runtime);
        let (key, kept) = (attempt.clone(), work.clone());
        let handle = self.work.spawn(async move {
            let report = runtime.run(attempt.clone(), work).await;
            // A closed channel means that the engine is going down; the work is resumed when it comes back.
            let _ = reports.send((attempt, report)).await;
        });
        self.running.insert(key, (handle, kept));
    }

    fn cancel(&mut self, attempt: AttemptKey) {
        if let Some((handle, work)) = self.running.remove(&attempt) {
            handle.abort();
            let runtime = Arc::clone(&self.runtime);
            self.work.spawn(async move { runtime.terminate(attempt, work).await });
        }
    }
}
