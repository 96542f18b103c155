//! Delivery of published events, in order and at least once.
//!
//! Events become durable with what they tell of. Those of one group are handed to the consumer in the order of their commits and go when it has
//! taken them; after a crash the last ones come again, and a consumer knows them by their keys.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};
use workflow::{event::Event, port::Pending};

use crate::{
    committer::{Commit, Committer, Stopped},
    metric,
    store::{Batch, Fence, GroupId, Position, Store, chain},
};

/// Bundles read at once.
const BUNDLES: usize = 64;
/// The wait after a consumer or a read failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Whoever wants to know what happens.
pub trait Consumer: Send + Sync + 'static {
    /// Takes events; after an error the same ones come again.
    fn consume(&self, events: Vec<Event>) -> Pending<'_, Result<(), NotTaken>>;
}

/// A consumer could not take events now.
#[derive(Debug, thiserror::Error)]
#[error("events could not be taken: {0}")]
pub struct NotTaken(pub String);

/// What waits for the consumer.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    news: Notify,
    /// Commits whose events it has not taken, of those that were made since the start.
    bundles: AtomicUsize,
}

impl Waiting {
    /// The events of one more commit are durable.
    pub(crate) fn add(&self) {
        metric::outbox_waiting(self.bundles.fetch_add(1, Ordering::Relaxed) + 1);
        self.news.notify_one();
    }

    /// How many commits' events wait.
    pub(crate) fn count(&self) -> usize {
        self.bundles.load(Ordering::Relaxed)
    }

    fn take(&self, bundles: usize) {
        // Those that were left by an earlier process were never counted.
        let less = |count: usize| Some(count.saturating_sub(bundles));
        let before = self.bundles.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        metric::outbox_waiting(before.unwrap_or_default().saturating_sub(bundles));
    }
}

/// Delivers for as long as the engine writes.
pub(crate) async fn deliver(
    store: Arc<dyn Store>,
    committer: Committer,
    consumer: Arc<dyn Consumer>,
    waiting: Arc<Waiting>,
    mut fences: watch::Receiver<Vec<Fence>>,
) -> Stopped {
    let mut last: BTreeMap<GroupId, Position> = BTreeMap::new();
    loop {
        // Of a group that comes back, everything may be new.
        let owned: Vec<GroupId> = fences.borrow_and_update().iter().map(|fence| fence.group).collect();
        last.retain(|group, _| owned.contains(group));
        for group in owned {
            last.entry(group).or_default();
        }
        let (reader, after) = (Arc::clone(&store), last.clone());
        let read = tokio::task::spawn_blocking(move || reader.outbox(&after, BUNDLES)).await;
        let bundles = match read {
            Ok(Ok(bundles)) => bundles,
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "the outbox could not be read and will be again");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            // The process is going down.
            Err(_) => return Stopped,
        };
        if bundles.is_empty() {
            tokio::select! {
                () = waiting.news.notified() => {}
                changed = fences.changed() => if changed.is_err() { return Stopped },
            }
            continue;
        }
        let consumed: BTreeMap<_, _> = bundles.iter().map(|bundle| (bundle.group, bundle.position)).collect();
        let consumed_bundles = bundles.len();
        let events: Vec<Event> = bundles.into_iter().flat_map(|bundle| bundle.events).collect();
        while let Err(error) = consumer.consume(events.clone()).await {
            metric::events_refused();
            tracing::warn!(%error, "events will be delivered again");
            tokio::time::sleep(AGAIN).await;
        }
        metric::events_delivered(events.len());
        waiting.take(consumed_bundles);
        last.extend(&consumed);
        let batch = Batch { consumed, ..Batch::default() };
        if let Err(stopped) = committer.submit(Commit { batch, then: None }).await {
            return stopped;
        }
    }
}
