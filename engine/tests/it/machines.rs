//! Machines over a store: what is visible when, and what becomes of them when something breaks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::{
    ActorEngine, Limits, Options,
    outbox::{Consumer, NotTaken},
    store::{GroupId, Memory, Position, Store},
};
use serde_json::{Map, json};
use tokio::sync::Semaphore;
use workflow::{
    definition::StepType,
    event::Event,
    id::AttemptKey,
    port::{Conclusion, Engine, Pending, Reason, Report, StepRuntime, Work},
    status::InstanceStatus,
};

use crate::{
    gate::Gate,
    script::{ask, options, run, stored, until},
};

async fn open() -> ActorEngine {
    ActorEngine::open(options(Arc::new(Memory::default()))).await.unwrap()
}

/// Runs steps whose end the test decides; writes down what is done to them.
#[derive(Debug)]
struct Worker {
    seen: Mutex<Vec<String>>,
    may_end: Semaphore,
}

impl Worker {
    fn new(may_end: usize) -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), may_end: Semaphore::new(may_end) })
    }

    fn note(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl StepRuntime for Worker {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            assert_ne!(&*attempt.step, "broken", "this step breaks its runtime");
            self.note(format!("{} {}", if work.is_resumed { "resume" } else { "run" }, attempt.step));
            self.may_end.acquire().await.unwrap().forget();
            let (outputs, artifacts) = (Map::new(), Map::new());
            Report { conclusion: Conclusion::Done, outputs, artifacts, timeline: Vec::new() }
        })
    }

    fn terminate(&self, attempt: AttemptKey, _: Work) -> Pending<'_, ()> {
        Box::pin(async move { self.note(format!("terminate {}", attempt.step)) })
    }
}

async fn open_with(store: Arc<dyn Store>, worker: &Arc<Worker>) -> ActorEngine {
    let runtime: Arc<dyn StepRuntime> = Arc::clone(worker) as _;
    let runtimes = [(StepType::Http, runtime)].into();
    ActorEngine::open(Options { runtimes, ..options(store) }).await.unwrap()
}

#[tokio::test]
async fn a_caller_hears_only_of_what_is_durable_and_so_do_readers() {
    let gate = Arc::new(Gate::default());
    let engine = Arc::new(ActorEngine::open(options(Arc::clone(&gate) as _)).await.unwrap());
    let asking = Arc::clone(&engine);
    let answer = tokio::spawn(async move { ask(&asking, "a", json!([{ "log": "x" }])).await });
    tokio::task::spawn_blocking({
        let gate = Arc::clone(&gate);
        move || gate.wait_for_begun(1)
    })
    .await
    .unwrap();
    assert_eq!(stored(&engine, "a").await, None);
    assert!(!answer.is_finished());
    gate.open();
    assert_eq!(answer.await.unwrap().unwrap(), json!(["x"]));
    assert_eq!(stored(&engine, "a").await.unwrap().log, ["x"]);
}

#[tokio::test]
async fn a_settled_run_leaves_memory_and_comes_back_from_its_rows() {
    let engine = open().await;
    ask(&engine, "a", json!([{ "log": "x" }])).await.unwrap();
    until(async || engine.live() == 0).await;
    assert_eq!(ask(&engine, "a", json!([{ "log": "y" }])).await.unwrap(), json!(["x", "y"]));
}

#[tokio::test]
async fn tasks_timers_and_notes_come_back_by_themselves() {
    let engine = open().await;
    ask(&engine, "a", json!([{ "open": true }, { "continue": 1 }, { "wake": 7 }])).await.unwrap();
    let tell = json!([{ "tell": { "run": "a", "say": "hello" } }]);
    ask(&engine, "b", tell).await.unwrap();
    until(async || stored(&engine, "a").await.unwrap().log.len() == 3).await;
    let mut log = stored(&engine, "a").await.unwrap().log;
    log.sort();
    assert_eq!(log, ["continued", "hello", "woken 7"]);
}

#[tokio::test]
async fn a_panic_stays_in_its_machine_which_goes_on_from_its_rows() {
    let engine = open().await;
    for run in ["a", "b"] {
        ask(&engine, run, json!([{ "open": true }, { "log": "before" }])).await.unwrap();
    }
    let refusal = ask(&engine, "a", json!([{ "log": "lost" }, { "panic": "ouch" }])).await.unwrap_err();
    assert_eq!((refusal.reason, &*refusal.message), (Reason::InternalError, "run a/1/1 failed: ouch"));
    assert_eq!(ask(&engine, "b", json!([{ "log": "after" }])).await.unwrap(), json!(["before", "after"]));
    assert_eq!(ask(&engine, "a", json!([{ "log": "after" }])).await.unwrap(), json!(["before", "recovered", "after"]));
}

#[tokio::test]
async fn whoever_told_something_that_a_panic_lost_is_asked_to_tell_it_again() {
    let engine = open().await;
    let tell = json!([{ "open": true }, { "tell": { "run": "b", "say": { "panic": "ouch" } } }]);
    ask(&engine, "a", tell).await.unwrap();
    until(async || stored(&engine, "a").await.unwrap().log == ["recovered"]).await;
}

#[tokio::test]
async fn a_machine_that_fails_again_and_again_is_left_alone_and_says_so() {
    let engine = open().await;
    ask(&engine, "a", json!([{ "open": true }])).await.unwrap();
    let end = engine.ended(run("a"));
    for _ in 0..5 {
        ask(&engine, "a", json!([{ "panic": "ouch" }])).await.unwrap_err();
    }
    assert_eq!(end.await.unwrap_err().message, "run a/1/1 failed: ouch");
    let refusal = ask(&engine, "a", json!([{ "log": "x" }])).await.unwrap_err();
    assert_eq!(refusal.message, "run a/1/1 failed: ouch");
    assert_eq!(ask(&engine, "b", json!([{ "log": "x" }])).await.unwrap(), json!(["x"]));
}

#[tokio::test]
async fn machines_that_flood_each_other_do_not_wait_for_each_other() {
    let engine = open().await;
    let ball = |to: &str, back: &str| json!({ "tell": { "run": to, "say": { "left": 200, "back": back } } });
    let (to_b, to_a) = (vec![ball("b", "a"); 500], vec![ball("a", "b"); 500]);
    for (run, mut acts) in [("a", to_b), ("b", to_a)] {
        acts.push(json!({ "open": true }));
        ask(&engine, run, json!(acts)).await.unwrap();
    }
    let count = async |run| stored(&engine, run).await.unwrap().log.len();
    until(async || count("a").await + count("b").await == 1000).await;
}

#[tokio::test]
async fn work_beyond_the_limits_is_refused_and_taken_later() {
    let gate = Arc::new(Gate::default());
    let limits = Limits { calls_max: 1, live_max: 100, ..Limits::SERVER };
    let engine = ActorEngine::open(Options { limits, ..options(Arc::clone(&gate) as _) }).await.unwrap();
    let engine = Arc::new(engine);
    let asking = Arc::clone(&engine);
    let first = tokio::spawn(async move { ask(&asking, "a", json!([{ "log": "x" }])).await });
    tokio::task::spawn_blocking({
        let gate = Arc::clone(&gate);
        move || gate.wait_for_begun(1)
    })
    .await
    .unwrap();
    let refusal = ask(&engine, "b", json!([{ "log": "x" }])).await.unwrap_err();
    assert_eq!((refusal.reason, refusal.is_retryable), (Reason::TooManyRequests, true));
    assert_eq!(refusal.message, "1 calls are being answered; try again later");
    gate.open();
    first.await.unwrap().unwrap();
    ask(&engine, "b", json!([{ "log": "x" }])).await.unwrap();
}

#[tokio::test]
async fn a_step_runs_on_the_pool_and_reports_once() {
    let worker = Worker::new(9);
    let engine = open_with(Arc::new(Memory::default()), &worker).await;
    assert_eq!(ask(&engine, "a", json!([{ "execute": "s" }])).await.unwrap(), json!(["s Done"]));
    assert_eq!(worker.seen(), ["run s"]);
}

#[tokio::test]
async fn a_step_that_breaks_its_runtime_fails_and_others_go_on() {
    let worker = Worker::new(9);
    let engine = open_with(Arc::new(Memory::default()), &worker).await;
    assert_eq!(ask(&engine, "a", json!([{ "execute": "broken" }])).await.unwrap(), json!(["broken PlatformError"]));
    assert_eq!(ask(&engine, "b", json!([{ "execute": "s" }])).await.unwrap(), json!(["s Done"]));
}

#[tokio::test]
async fn a_cancelled_step_is_cleaned_up_and_reports_nothing() {
    let worker = Worker::new(0);
    let engine = open_with(Arc::new(Memory::default()), &worker).await;
    ask(&engine, "a", json!([{ "open": true }, { "start": "s" }])).await.unwrap();
    until(async || worker.seen() == ["run s"]).await;
    ask(&engine, "a", json!([{ "cancel": "s" }])).await.unwrap();
    until(async || worker.seen().len() == 2).await;
    assert_eq!(worker.seen(), ["run s", "terminate s"]);
    assert!(stored(&engine, "a").await.unwrap().log.is_empty());
}

#[tokio::test]
async fn what_was_running_is_resumed_by_the_next_engine_over_the_store() {
    let store = Arc::new(Memory::default());
    let (first, second) = (Worker::new(0), Worker::new(9));
    let engine = open_with(Arc::clone(&store) as _, &first).await;
    ask(&engine, "a", json!([{ "start": "s" }])).await.unwrap();
    ask(&engine, "b", json!([{ "log": "settled" }])).await.unwrap();
    until(async || first.seen() == ["run s"]).await;
    engine.shutdown(Duration::from_mins(1)).await;
    assert_eq!(first.seen(), ["run s"], "a shutdown leaves the work of steps where it is");
    let refusal = ask(&engine, "a", json!([{ "log": "x" }])).await.unwrap_err();
    assert_eq!((refusal.reason, &*refusal.message), (Reason::Unavailable, "the engine is shutting down"));
    let engine = open_with(store, &second).await;
    until(async || stored(&engine, "a").await.unwrap().log == ["recovered", "s Done"]).await;
    assert_eq!(second.seen(), ["resume s"]);
    assert_eq!(stored(&engine, "b").await.unwrap().log, ["settled"], "nothing that was settled is woken");
}

#[tokio::test]
async fn an_engine_whose_store_was_taken_over_stops_without_writing() {
    let store = Arc::new(Memory::default());
    let old = ActorEngine::open(options(Arc::clone(&store) as _)).await.unwrap();
    ask(&old, "a", json!([{ "log": "old" }])).await.unwrap();
    let new = ActorEngine::open(options(store)).await.unwrap();
    let refusal = ask(&old, "a", json!([{ "log": "stale" }])).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unavailable);
    assert!(old.failed().await.to_string().contains("is in generation 2 and no longer in 1"));
    assert_eq!(ask(&new, "a", json!([{ "log": "new" }])).await.unwrap(), json!(["old", "new"]));
}

#[tokio::test]
async fn the_end_of_a_run_is_told_when_it_is_durable_and_again_when_asked_later() {
    let engine = open().await;
    ask(&engine, "a", json!([{ "open": true }])).await.unwrap();
    let end = engine.ended(run("a"));
    ask(&engine, "a", json!([{ "open": false }, { "end": true }])).await.unwrap();
    assert_eq!(end.await, Ok(InstanceStatus::Succeeded));
    assert_eq!(engine.ended(run("a")).await, Ok(InstanceStatus::Succeeded));
    assert_eq!(engine.ended(run("nobody")).await.unwrap_err().reason, Reason::NotFound);
}

/// Takes events, but refuses the first delivery.
#[derive(Debug, Default)]
struct Reader {
    deliveries: Mutex<Vec<Vec<String>>>,
}

impl Consumer for Reader {
    fn consume(&self, events: Vec<Event>) -> Pending<'_, Result<(), NotTaken>> {
        let mut deliveries = self.deliveries.lock().unwrap();
        deliveries.push(events.into_iter().map(|event| event.key).collect());
        let is_first = deliveries.len() == 1;
        Box::pin(async move { if is_first { Err(NotTaken("not now".to_owned())) } else { Ok(()) } })
    }
}

#[tokio::test]
async fn events_are_delivered_in_order_and_again_until_they_are_taken() {
    let (store, reader) = (Arc::new(Memory::default()), Arc::new(Reader::default()));
    let consumer = Some(Arc::clone(&reader) as Arc<dyn Consumer>);
    let engine = ActorEngine::open(Options { consumer, ..options(Arc::clone(&store) as _) }).await.unwrap();
    ask(&engine, "a", json!([{ "publish": "1" }, { "publish": "2" }])).await.unwrap();
    until(async || reader.deliveries.lock().unwrap().len() == 2).await;
    ask(&engine, "a", json!([{ "publish": "3" }])).await.unwrap();
    until(async || reader.deliveries.lock().unwrap().len() == 3).await;
    assert_eq!(*reader.deliveries.lock().unwrap(), [vec!["1", "2"], vec!["1", "2"], vec!["3"]]);
    engine.shutdown(Duration::from_mins(1)).await;
    let all = (0..engine::engine::GROUPS).map(|group| (GroupId(group), Position::default())).collect();
    assert!(store.outbox(&all, 9).unwrap().is_empty(), "what was taken is gone");
}
