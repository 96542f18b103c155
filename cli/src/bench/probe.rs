//! Outside work that takes no time and notes when it was asked for: what lies between two pieces of it is the engine's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use engine::steps::Runtimes;
use serde_json::Map;
use workflow::{
    definition::StepType,
    id::{AttemptKey, RunKey},
    port::{Conclusion, Pending, Report, StepRuntime, Work},
};

/// The type of steps that the probe executes in place of a cluster.
pub(super) const STEP_TYPE: &str = "Kubernetes";

/// What the work of steps has seen.
#[derive(Debug, Default)]
pub(super) struct Probe {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// When each run's first work began, and its last one ended.
    runs: HashMap<RunKey, (Instant, Instant)>,
    /// From the end of a step's work to the beginning of the next one's.
    launches_ms: Vec<f64>,
}

impl Probe {
    /// The runtimes of an engine that is measured by it.
    pub(super) fn runtimes(self: &Arc<Self>) -> Runtimes {
        HashMap::from([(StepType::Kubernetes, Arc::clone(self) as Arc<dyn StepRuntime>)])
    }

    /// When the work of a run began.
    pub(super) fn began(&self, run: &RunKey) -> Option<Instant> {
        self.seen().runs.get(run).map(|(first, _)| *first)
    }

    /// Takes what was seen since the last time: milliseconds from one step's end to the next one's work.
    pub(super) fn take(&self) -> Vec<f64> {
        let mut seen = self.seen();
        seen.runs.clear();
        std::mem::take(&mut seen.launches_ms)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StepRuntime for Probe {
    fn run(&self, attempt: AttemptKey, _: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            let now = Instant::now();
            let mut seen = self.seen();
            let before = seen.runs.get(&attempt.run).copied();
            if let Some((_, last)) = before {
                seen.launches_ms.push(now.duration_since(last).as_secs_f64() * 1_000.0);
            }
            seen.runs.insert(attempt.run, (before.map_or(now, |(first, _)| first), Instant::now()));
            drop(seen);
            Report { conclusion: Conclusion::Done, outputs: Map::new(), artifacts: Map::new(), timeline: Vec::new() }
        })
    }

    fn terminate(&self, _: AttemptKey, _: Work) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}
