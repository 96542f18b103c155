//! The one thread that makes decisions durable.
//!
//! Commits wait in a bounded queue. The thread takes all that wait, writes them in one transaction with one fsync, and then lets go of
//! what waited for them. Commits become durable in the order in which they were handed in, so whoever learns of a decision after it
//! was handed in can only commit later than it.
//!
//! Invariant: after a failure nothing is written and nothing let go any more. What was decided but not written is as if it had
//! never been decided; that is why a group that was taken over stops the whole node: other groups may have heard of its decisions.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Instant,
};

use tokio::sync::{mpsc, watch};

use crate::{
    metric,
    store::{Batch, Error, Store},
};

/// Commits that may wait; then actors wait with their next one. Two transactions' worth.
const QUEUE: usize = 2 * COMMITS_MAX;
/// Commits in one transaction; more would make the first one wait too long.
const COMMITS_MAX: usize = 1024;
/// Rows at which a transaction takes no further commits: about 100 ms of writing.
const ROWS_MAX: usize = 4096;

/// What may happen once a commit is durable.
pub type Then = Box<dyn FnOnce() + Send>;

/// What one turn decided.
pub struct Commit {
    /// What must be durable.
    pub batch: Batch,
    /// What leaves then; dropped if it never becomes durable.
    pub then: Option<Then>,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commit").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// The engine has stopped: what is in memory may be ahead of the store and must not be acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine no longer writes")]
pub struct Stopped;

/// Why the committer stopped; `None` while it works or after an orderly end.
pub type Failure = Option<Arc<Error>>;

#[derive(Debug)]
enum Order {
    /// Write this; it was handed in at that moment.
    Commit(Commit, Instant),
    /// Nothing after this is taken.
    End,
}

/// The way to the committer.
#[derive(Clone, Debug)]
pub struct Committer {
    queue: mpsc::Sender<Order>,
    tell: watch::Sender<Failure>,
}

/// The committer's thread and what became of it.
#[derive(Debug)]
pub struct Running {
    thread: thread::JoinHandle<()>,
    failure: watch::Receiver<Failure>,
}

/// Starts the thread; it ends when it is told to, when the last [`Committer`] is dropped, or when a commit fails.
pub fn start(store: Arc<dyn Store>) -> std::io::Result<(Committer, Running)> {
    let (queue, waiting) = mpsc::channel(QUEUE);
    let (tell, failure) = watch::channel(None);
    let told = tell.clone();
    let work = move || {
        if let Err(error) = commit_all(&*store, waiting, &told) {
            tracing::error!(error = &error as &dyn std::error::Error, "the engine stops: a commit failed");
            told.send_replace(Some(Arc::new(error)));
        }
    };
    let thread = thread::Builder::new().name("committer".to_owned()).spawn(work)?;
    Ok((Committer { queue, tell }, Running { thread, failure }))
}

impl Committer {
    /// Hands a commit in; waits where too many wait. What was handed in before is durable before.
    pub async fn submit(&self, commit: Commit) -> Result<(), Stopped> {
        self.queue.send(Order::Commit(commit, Instant::now())).await.map_err(|_| Stopped)
    }

    /// How many commits wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Writes nothing any more: something other than a commit has failed.
    pub fn fail(&self, error: Error) {
        self.tell.send_if_modified(|failure| {
            let is_first = failure.is_none();
            if is_first {
                *failure = Some(Arc::new(error));
            }
            is_first
        });
    }

    /// Makes what was handed in before durable and takes nothing more.
    pub async fn end(&self) {
        let _ended_before = self.queue.send(Order::End).await;
    }

    /// Resolves once everything that was handed in before is durable.
    pub async fn settled(&self) -> Result<(), Stopped> {
        let (done, durable) = tokio::sync::oneshot::channel();
        let then: Then = Box::new(move || {
            let _nobody_waits = done.send(());
        });
        self.submit(Commit { batch: Batch::default(), then: Some(then) }).await?;
        durable.await.map_err(|_| Stopped)
    }
}

impl Running {
    /// A view of why the committer stopped.
    pub fn failure(&self) -> watch::Receiver<Failure> {
        self.failure.clone()
    }

    /// Waits for the end of the thread.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the committer panicked");
        }
    }
}

fn commit_all(
    store: &dyn Store,
    mut waiting: mpsc::Receiver<Order>,
    failure: &watch::Sender<Failure>,
) -> Result<(), Error> {
    let mut let_go: Vec<Then> = Vec::new();
    let mut is_ending = false;
    while !is_ending && let Some(Order::Commit(first, since)) = waiting.blocking_recv() {
        let mut batch = first.batch;
        let_go.extend(first.then);
        let mut commits = 1;
        while commits < COMMITS_MAX && batch.writes.len() < ROWS_MAX && !is_ending {
            match waiting.try_recv() {
                Ok(Order::Commit(next, _)) => {
                    batch.append(next.batch);
                    let_go.extend(next.then);
                    commits += 1;
                }
                Ok(Order::End) => is_ending = true,
                Err(_) => break,
            }
        }
        if failure.borrow().is_some() {
            return Ok(());
        }
        if !batch.is_empty() {
            let start = Instant::now();
            if let Err(error) = store.commit(&batch) {
                metric::commit_refused(matches!(error, Error::Fenced { .. }));
                return Err(error);
            }
            metric::committed(commits, batch.writes.len(), start.elapsed(), since.elapsed());
        }
        for then in let_go.drain(..) {
            // One caller's answer must not keep the others from theirs.
            if catch_unwind(AssertUnwindSafe(then)).is_err() {
                tracing::error!("what waited for a commit panicked when it was let go");
            }
        }
    }
    Ok(())
}
