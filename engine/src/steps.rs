//! The outside work of steps: one task for each attempt, on a pool of its own.
//!
//! A step actor owns the work of one attempt: it runs it, ends it when told to, cleans up what it left outside, and reports once. User
//! code never runs on the thread of a machine.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use serde_json::{Map, json};
use tokio::{runtime, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use workflow::{
    definition::StepType,
    id::AttemptKey,
    port::{Conclusion, Report, StepRuntime, Work},
};

use crate::{actor, metric};

/// Steps whose work goes on at once; more wait for a place.
const RUNNING_MAX: usize = 10_000;
/// How long the clean-up after a cancelled attempt may take.
const TERMINATE_MAX: Duration = Duration::from_mins(1);

/// Which runtime executes which type of step.
pub type Runtimes = HashMap<StepType, Arc<dyn StepRuntime>>;

/// Where reports go.
pub(crate) type Deliver = Box<dyn Fn(AttemptKey, Report) + Send + Sync>;

/// All attempts whose work is under way.
#[derive(Clone)]
pub(crate) struct Steps {
    shared: Arc<Shared>,
}

/// Work that is under way.
struct Under {
    /// Ends it and cleans up after it.
    cancel: CancellationToken,
    /// Leaves it where it is.
    leave: CancellationToken,
}

struct Shared {
    runtimes: Runtimes,
    pool: Mutex<Option<runtime::Runtime>>,
    running: Mutex<HashMap<AttemptKey, Under>>,
    /// Attempts whose end is decided and not yet durable.
    revoked: Mutex<HashSet<AttemptKey>>,
    places: Semaphore,
    deliver: Deliver,
}

impl Steps {
    /// A pool of `threads` threads.
    pub(crate) fn start(runtimes: Runtimes, threads: usize, deliver: Deliver) -> std::io::Result<Self> {
        let pool = runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("step")
            .enable_all()
            .build()?;
        let (pool, running, revoked) = (Mutex::new(Some(pool)), Mutex::default(), Mutex::default());
        let places = Semaphore::new(RUNNING_MAX);
        Ok(Self { shared: Arc::new(Shared { runtimes, pool, running, revoked, places, deliver }) })
    }

    /// An attempt's end is decided: work of it that has not begun must not begin any more. `cancel` follows when that is durable.
    pub(crate) fn revoke(&self, attempt: &AttemptKey) {
        self.shared.revoked().insert(attempt.clone());
    }

    /// Starts the work of an attempt; nothing happens if it is under way (asked again after a recovery), or was revoked.
    pub(crate) fn execute(&self, attempt: AttemptKey, work: Work) {
        let (cancel, leave) = (CancellationToken::new(), CancellationToken::new());
        {
            let mut running = self.shared.running();
            if running.contains_key(&attempt) || self.shared.revoked().contains(&attempt) {
                return;
            }
            running.insert(attempt.clone(), Under { cancel: cancel.clone(), leave: leave.clone() });
        }
        let pool = self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool {
            let step = step(Arc::clone(&self.shared), attempt, work, cancel);
            pool.spawn(async move { leave.run_until_cancelled(step).await });
        }
    }

    /// Ends the work of an attempt; nothing is reported.
    pub(crate) fn cancel(&self, attempt: &AttemptKey) {
        self.shared.revoked().remove(attempt);
        if let Some(under) = self.shared.running().get(attempt) {
            under.cancel.cancel();
        }
    }

    /// Leaves the work of some attempts where it is: another node goes on with it.
    pub(crate) fn leave(&self, is_left: impl Fn(&AttemptKey) -> bool) {
        self.shared.running().retain(|attempt, under| {
            let is_left = is_left(attempt);
            if is_left {
                under.leave.cancel();
            }
            !is_left
        });
    }

    /// Leaves all work where it is: what lives outside is found again by the next owner.
    pub(crate) fn abandon(&self) {
        self.shared.abandon();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // A runtime that is simply dropped would wait for its tasks, which is not allowed everywhere.
        self.abandon();
    }
}

impl Shared {
    fn abandon(&self) {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(pool) = pool {
            pool.shutdown_background();
        }
    }

    fn revoked(&self) -> MutexGuard<'_, HashSet<AttemptKey>> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<AttemptKey, Under>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn step(shared: Arc<Shared>, attempt: AttemptKey, work: Work, token: CancellationToken) {
    let report = token.run_until_cancelled(run(&shared, &attempt, &work)).await;
    if report.is_none() {
        terminate(&shared, &attempt, work).await;
    }
    shared.running().remove(&attempt);
    if let Some(report) = report {
        (shared.deliver)(attempt, report);
    }
}

async fn run(shared: &Shared, attempt: &AttemptKey, work: &Work) -> Report {
    let Some(runtime) = shared.runtimes.get(&work.step_type) else {
        return failed(
            Conclusion::FatalError,
            &format!("no runtime for steps of type {:?} is set up here", work.step_type),
        );
    };
    let waiting = metric::Held::waiting_step();
    let Ok(_place) = shared.places.acquire().await else {
        return failed(Conclusion::PlatformError, "the engine is shutting down");
    };
    drop(waiting);
    let _running = metric::Held::running_step();
    let report = AssertUnwindSafe(async { runtime.run(attempt.clone(), work.clone()).await }).catch_unwind().await;
    report.unwrap_or_else(|panic| {
        let what = actor::message(&*panic);
        tracing::error!(%attempt, what, "a step runtime panicked");
        failed(Conclusion::PlatformError, &format!("the step's runtime panicked: {what}"))
    })
}

async fn terminate(shared: &Shared, attempt: &AttemptKey, work: Work) {
    let Some(runtime) = shared.runtimes.get(&work.step_type) else { return };
    let clean_up = AssertUnwindSafe(async { runtime.terminate(attempt.clone(), work).await }).catch_unwind();
    match tokio::time::timeout(TERMINATE_MAX, clean_up).await {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => tracing::error!(%attempt, what = actor::message(&*panic), "cleaning up a step panicked"),
        Err(_) => tracing::error!(%attempt, "cleaning up a step took too long and was given up"),
    }
}

/// A report of a step that the engine itself had to fail.
pub(crate) fn failed(conclusion: Conclusion, message: &str) -> Report {
    let entry = json!({ "type": "LOG", "level": "ERROR", "message": message });
    Report { conclusion, outputs: Map::new(), artifacts: Map::new(), timeline: vec![entry] }
}
