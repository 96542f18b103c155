//! Keeps the tables of what goes on small: moves what has ended into the archive, and deletes what is older than it has to be kept.
//!
//! Works in small transactions with long pauses, in tiny ones where others want to write, so that turns hardly notice. Under load it falls
//! behind, and catches up afterwards.

use std::{sync::Arc, time::Duration};

use tokio::{task, time};

use crate::{
    committer::Committer,
    store::{Error, Store, chain},
};

/// Runs of one transaction: some milliseconds of writing where they have many steps.
const RUNS: usize = 16;
/// The same while commits wait for their turn: each would wait for all of it.
const RUNS_BUSY: usize = 1;
/// How much longer a pause is than the work before it: the store is busy with history for at most a tenth of the time.
const REST: u32 = 9;
/// The shortest pause after some work.
const REST_MIN: Duration = Duration::from_millis(50);
/// The pause when there is nothing to do, or the store has failed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Works until it is dropped. Without an age history is kept for ever.
pub(crate) async fn keep_small(store: Arc<dyn Store>, keep: Option<Duration>, committer: Committer) {
    loop {
        let (working, start) = (Arc::clone(&store), time::Instant::now());
        let runs = if committer.waiting() > 0 { RUNS_BUSY } else { RUNS };
        let pause = match task::spawn_blocking(move || work(&*working, keep, runs)).await {
            Ok(Ok(0)) => LOOK_AGAIN,
            Ok(Ok(_)) => (start.elapsed() * REST).max(REST_MIN),
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "history could not be put away and will be later");
                LOOK_AGAIN
            }
            // The process is going down.
            Err(_) => return,
        };
        time::sleep(pause).await;
    }
}

/// One piece of each work; says how many runs it touched.
fn work(store: &dyn Store, keep: Option<Duration>, runs: usize) -> Result<usize, Error> {
    let archived = store.archive(runs)?;
    let deleted = keep.map_or(Ok(0), |age| store.expire(age, runs))?;
    Ok(archived + deleted)
}
