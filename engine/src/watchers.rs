//! Callers that wait for the end of a run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::sync::Notify;
use workflow::{id::RunKey, life::Address};

/// Who wants to know when rows of a run change for good.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    watched: Mutex<HashMap<RunKey, Watched>>,
}

#[derive(Debug, Default)]
struct Watched {
    news: Arc<News>,
    count: usize,
}

#[derive(Debug, Default)]
struct News {
    came: Notify,
    /// Why the run will not end before the next start, if its machine was given up.
    given_up: OnceLock<String>,
}

/// One watcher of one run; ends when dropped.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    run: RunKey,
    news: Arc<News>,
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
            watched.news.came.notify_waiters();
        }
    }

    /// The machine of a run failed too often; those who wait for its end now are told.
    pub(crate) fn tell_given_up(&self, address: &Address, reason: &str) {
        let Address::Run(run) = address else { return };
        if let Some(watched) = self.watched().get(run) {
            let _said_before = watched.news.given_up.set(reason.to_owned());
            watched.news.came.notify_waiters();
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<RunKey, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch<'_> {
    /// News from now on; what is told between this call and the await counts too.
    pub(crate) fn news(&self) -> tokio::sync::futures::Notified<'_> {
        self.news.came.notified()
    }

    /// Why the run will not end before the next start, if that is so.
    pub(crate) fn given_up(&self) -> Option<&str> {
        self.news.given_up.get().map(String::as_str)
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
