//! Runs that only wait leave memory, and come back when their moment comes or when they are told something.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use engine::{
    ActorEngine, Options,
    lives::Cycles,
    store::{Memory, Store},
};
use serde_json::{Value as Json, json};
use workflow::{
    id::RunKey,
    port::{Clock, Engine as _, InstanceAction, Request},
    status::InstanceStatus,
    time::Timestamp,
};

use crate::{
    script::{options, until},
    workflows::{call, chain, push, run, start},
};

const SLEEP_S: i64 = 24 * 3600;

/// A clock that is set by hand.
#[derive(Debug)]
struct Hand(AtomicI64);

impl Hand {
    fn go_on(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

async fn open(store: &Arc<Memory>, clock: &Arc<Hand>) -> ActorEngine {
    let options = options(Arc::clone(store) as Arc<dyn Store>);
    let options = Options { lives: Arc::new(Cycles), clock: Arc::clone(clock) as Arc<dyn Clock>, ..options };
    ActorEngine::open(options).await.unwrap()
}

/// An engine with a run that sleeps and has left memory.
async fn resting() -> (ActorEngine, Arc<Hand>, RunKey) {
    resting_in(&Arc::new(Memory::default())).await
}

async fn resting_in(store: &Arc<Memory>) -> (ActorEngine, Arc<Hand>, RunKey) {
    let clock = Arc::new(Hand(AtomicI64::new(1_750_000_000_000)));
    let engine = open(store, &clock).await;
    push(&engine, chain("other", 1)).await;
    let seconds = json!({ "sleep_seconds": { "type": "LONG", "value": SLEEP_S } });
    let sleep = json!({ "step": { "id": "nap", "type": "Sleep", "params": seconds } });
    push(&engine, json!({ "id": "sleeper", "steps": [sleep] })).await;
    let key = start(&engine, "sleeper").await;
    until(|| async {
        // Timers look at the clock when one is set.
        clock.go_on(1);
        run(&engine, "other").await;
        engine.resting() == 1
    })
    .await;
    (engine, clock, key)
}

async fn check_end(engine: &ActorEngine, clock: &Hand, key: &RunKey) {
    clock.go_on(SLEEP_S);
    until(|| async {
        clock.go_on(1);
        // After a restart it waits until permits are known, and may rest meanwhile.
        start(engine, "other").await;
        (engine.resting(), step_status(engine, key).await) == (0, json!("SUCCEEDED"))
    })
    .await;
    assert_eq!(engine.ended(key.clone()).await, Ok(InstanceStatus::Succeeded));
}

async fn step_status(engine: &ActorEngine, key: &RunKey) -> Json {
    let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
    let steps = call(engine, steps).await.unwrap().body.unwrap();
    steps[0]["runtime_state"]["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_sleeps_leaves_memory_and_ends_in_time() {
    let (engine, clock, key) = resting().await;
    assert_eq!(step_status(&engine, &key).await, "RUNNING");
    check_end(&engine, &clock, &key).await;
}

async fn check_stop(engine: &ActorEngine, key: &RunKey) {
    let (instance, action) = (key.instance_key(), InstanceAction::Stop);
    let stop = Request::InstanceAction { instance, run: None, action };
    call(engine, stop).await.unwrap();
    assert_eq!(engine.ended(key.clone()).await, Ok(InstanceStatus::Stopped));
    assert_eq!((engine.resting(), step_status(engine, key).await), (0, json!("STOPPED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_left_memory_can_be_stopped() {
    let (engine, _clock, key) = resting().await;
    check_stop(&engine, &key).await;
}

/// A run that sleeps, on an engine that was started after the one that put it to sleep had ended.
async fn restarted() -> (ActorEngine, Arc<Hand>, RunKey) {
    let store = Arc::new(Memory::default());
    let (engine, clock, key) = resting_in(&store).await;
    engine.shutdown(Duration::from_secs(10)).await;
    let engine = open(&store, &clock).await;
    until(|| async { engine.resting() == 1 }).await;
    (engine, clock, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_sleeps_through_a_restart_ends_in_time() {
    let (engine, clock, key) = restarted().await;
    check_end(&engine, &clock, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_sleeps_through_a_restart_can_be_stopped() {
    let (engine, _clock, key) = restarted().await;
    check_stop(&engine, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_sleep_ended_while_no_engine_ran_ends_at_once() {
    let store = Arc::new(Memory::default());
    let (engine, clock, key) = resting_in(&store).await;
    engine.shutdown(Duration::from_secs(10)).await;
    clock.go_on(2 * SLEEP_S);
    let engine = open(&store, &clock).await;
    assert_eq!(engine.ended(key.clone()).await, Ok(InstanceStatus::Succeeded));
}
