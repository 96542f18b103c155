//! Callers that wait for the end of a run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use workflow::{id::RunKey, life::Address};

/// Who wants to know when rows of a run change for good.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    watched: Mutex<HashMap<RunKey, Watched>>,
    /// Runs whose machines failed too often, and why. They will not end before the next start.
    given_up: Mutex<HashMap<RunKey, String>>,
}

#[derive(Debug, Default)]
struct Watched {
    news: Arc<Notify>,
    count: usize,
}

/// One watcher of one run; ends when dropped.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    run: RunKey,
    news: Arc<Notify>,
}

impl Watchers {
    pub(crate) fn watch(&self, run: RunKey) -> Watch<'_> {
        let mut watched = self.watched();
        let entry = watched.entry(run.clone()).or_default();
        entry.count += 1;
        let news = Arc::clone(&entry.news);
        drop(watched);
        Watch { watchers: self, run, news }
    }

    /// The rows of a run that no longer needs to be loaded after a crash are durable.
    pub(crate) fn tell(&self, run: &RunKey) {
        if let Some(watched) = self.watched().get(run) {
            watched.news.notify_waiters();
        }
    }

    /// The machine of a run failed too often.
    pub(crate) fn give_up(&self, address: &Address, reason: &str) {
        let Address::Run(run) = address else { return };
        self.given_up().insert(run.clone(), reason.to_owned());
        self.tell(run);
    }

    fn given_up(&self) -> MutexGuard<'_, HashMap<RunKey, String>> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<RunKey, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch<'_> {
    /// News from now on; what is told between this call and the await counts too.
    pub(crate) fn news(&self) -> tokio::sync::futures::Notified<'_> {
        self.news.notified()
    }

    /// Why the run will not end before the next start, if that is so.
    pub(crate) fn given_up(&self) -> Option<String> {
        self.watchers.given_up().get(&self.run).cloned()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut watched = self.watchers.watched();
        if let Some(entry) = watched.get_mut(&self.run) {
            entry.count -= 1;
            if entry.count == 0 {
                watched.remove(&self.run);
            }
        }
    }
}
