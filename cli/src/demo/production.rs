//! A small production on the old engine, in virtual time: hundreds of runs with varied params, some stopped, killed and restarted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, anyhow};
use futures::{StreamExt, stream};
use legacy_adapter::{LegacyEngine, Options, Profile};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use replay::{capture::Camera, corpus::Addition};
use serde_json::{Map, Value as Json, json};
use workflow::{
    id::{AttemptKey, InstanceKey, RunId, RunKey, SeededIds},
    life::{Around, Faithful, Settings, started_instance},
    port::{
        Caller, Clock, Conclusion, Engine, EngineName, InstanceAction, Pending, Report, Request, StepRuntime, Work,
    },
    status::InstanceStatus,
    time::Timestamp,
    user::User,
};

use super::definitions::Sample;

/// When the virtual clock of the production starts: a day like any other, the same in every demo.
const START: Timestamp = Timestamp(1_790_000_000_000);

/// Runs that are under way at once.
const AT_ONCE: usize = 40;

/// One in so many outside calls fails at its first attempt.
const FLAKY_ONE_IN: u32 = 4;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Production {
    /// A sample of every root run.
    pub(crate) additions: Vec<Addition>,
    /// Runs that were made, restarts included, by how they ended.
    pub(crate) ended: Vec<(InstanceStatus, usize)>,
    /// How much virtual time passed.
    pub(crate) took: Duration,
    /// Runs that could not become samples, with the reason.
    pub(crate) left_out: Vec<String>,
}

/// Runs `runs` instances of the samples on the polling engine and captures them. Blocks; owns a runtime whose clock jumps ahead
/// whenever nothing else is left to do.
pub(crate) fn run(
    samples: &[Sample],
    runs: usize,
    seed: u64,
    progress: &(dyn Fn(usize) + Sync),
) -> anyhow::Result<Production> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let clock = Arc::new(PausedClock(tokio::time::Instant::now()));
        let engine = LegacyEngine::open(Options {
            name: EngineName("legacy".into()),
            profile: Profile::maestro(),
            seed,
            journal: None,
            around: Arc::new(Around::new(Settings::production(), Arc::new(Faithful), |_| false)),
            ids: Box::new(SeededIds::new(seed)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            runtime: Arc::new(Outside),
        })?;
        let production = play(&engine, samples, runs, seed, progress).await;
        let production = production.map(|(additions, ended, left_out)| {
            let took = clock.0.elapsed();
            Production { additions, ended, took, left_out }
        });
        engine.shutdown().await;
        production
    })
}

type Played = (Vec<Addition>, Vec<(InstanceStatus, usize)>, Vec<String>);

async fn play(
    engine: &LegacyEngine,
    samples: &[Sample],
    runs: usize,
    seed: u64,
    progress: &(dyn Fn(usize) + Sync),
) -> anyhow::Result<Played> {
    for sample in samples {
        let pushed = engine.call(caller(), Request::Push { body: sample.push.clone() }).await;
        pushed.with_context(|| format!("{} was refused", sample.workflow))?;
    }
    let done = &AtomicUsize::new(0);
    let plans = (0..runs).map(|number| Plan::new(&samples[number % samples.len()], seed, number));
    let plans: Vec<Plan> = plans.collect();
    let ended: Vec<anyhow::Result<(InstanceKey, Vec<InstanceStatus>)>> = stream::iter(plans)
        .map(|plan| async move {
            let outcome = plan.play(engine).await;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            outcome
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut instances = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for one in ended {
        let (instance, statuses) = one?;
        instances.push(instance);
        for status in statuses {
            *counts.entry(status).or_insert(0) += 1;
        }
    }
    instances.sort();
    let camera = Camera::new(engine, "the demo's production", START);
    let (mut additions, mut left_out) = (Vec::new(), Vec::new());
    for instance in instances {
        match camera.capture(&instance).await {
            Ok(captured) => additions.push(captured.addition),
            Err(error) => left_out.push(format!("{} {}: {error}", instance.workflow, instance.instance)),
        }
    }
    Ok((additions, counts.into_iter().collect(), left_out))
}

/// What happens to one run.
struct Plan {
    workflow: String,
    params: Map<String, Json>,
    /// A stop or a kill, so long after the start.
    act: Option<(InstanceAction, Duration)>,
    restarts: bool,
}

impl Plan {
    fn new(sample: &Sample, seed: u64, number: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut params = Map::new();
        for name in &sample.numbers {
            if random.random_bool(0.6) {
                params.insert(name.clone(), json!({ "type": "LONG", "value": random.random_range(-5..40) }));
            }
        }
        let act = match random.random_range(0..100) {
            0..8 => Some(InstanceAction::Stop),
            8..14 => Some(InstanceAction::Kill),
            _ => None,
        };
        let act = act.map(|act| (act, Duration::from_millis(random.random_range(100..20_000))));
        // A failure blocks what queues behind it in some run strategies, so whoever kills restarts.
        let is_kill = matches!(act, Some((InstanceAction::Kill, _)));
        Self { workflow: sample.workflow.clone(), params, act, restarts: is_kill || random.random_bool(0.5) }
    }

    /// Starts the run, does what is planned, and waits for its end; gives how each of its runs ended.
    async fn play(&self, engine: &LegacyEngine) -> anyhow::Result<(InstanceKey, Vec<InstanceStatus>)> {
        let mut body = json!({ "initiator": { "type": "manual" } });
        if !self.params.is_empty() {
            body["run_params"] = Json::Object(self.params.clone());
        }
        let start = Request::Start { workflow: self.workflow.as_str().into(), version: "latest".to_owned(), body };
        let answer = engine.call(caller(), start).await.with_context(|| format!("{} did not start", self.workflow))?;
        let instance = started_instance(&answer).ok_or_else(|| anyhow!("{} made no instance", self.workflow))?;
        let run = |run| RunKey { workflow: instance.workflow.clone(), instance: instance.instance, run: RunId(run) };
        if let Some((action, after)) = self.act {
            tokio::time::sleep(after).await;
            let request = Request::InstanceAction { instance: instance.clone(), run: None, action };
            // A run that has ended meanwhile refuses; that is part of life.
            let _ = engine.call(caller(), request).await;
        }
        let mut statuses = vec![engine.ended(run(1)).await?];
        if self.restarts && statuses[0] != InstanceStatus::Succeeded {
            let body = json!({ "restart_policy": "RESTART_FROM_INCOMPLETE" });
            let request = Request::Restart { instance: instance.clone(), body };
            if engine.call(caller(), request).await.is_ok() {
                statuses.push(engine.ended(run(2)).await?);
            }
        }
        Ok((instance, statuses))
    }
}

fn caller() -> Caller {
    Caller { user: Some(User::named("demo")) }
}

/// The runtime's paused clock.
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp(START.0 + i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// The services that http steps call: slow, and now and then out of order for a while.
struct Outside;

impl StepRuntime for Outside {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            let hash = attempt
                .run
                .instance
                .0
                .wrapping_mul(31)
                .wrapping_add(i64::from(attempt.step.as_bytes().first().copied().unwrap_or(0)));
            tokio::time::sleep(Duration::from_millis(150 + hash.rem_euclid(400).unsigned_abs())).await;
            let is_out = attempt.attempt.0 == 1 && hash.rem_euclid(i64::from(FLAKY_ONE_IN)) == 0;
            let event = json!({ "type": "LOG", "level": "INFO", "message": format!("called the outside as {}", work.step_uuid) });
            Report {
                conclusion: if is_out { Conclusion::UserError } else { Conclusion::Done },
                outputs: Map::new(),
                artifacts: Map::new(),
                timeline: vec![event],
            }
        })
    }

    fn terminate(&self, _attempt: AttemptKey, _work: Work) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}
