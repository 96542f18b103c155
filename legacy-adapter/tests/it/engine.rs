//! The engine as a service: calls, ends, and what survives a restart.

use std::{path::Path, sync::Arc};

use legacy_adapter::{LegacyEngine, Options, Profile};
use serde_json::{Value as Json, json};
use workflow::{
    id::{AttemptKey, InstanceId, RunId, RunKey, SeededIds},
    life::{Around, Faithful, Settings},
    port::{Caller, Clock, Conclusion, Engine, EngineName, Pending, Reason, Report, Request, StepRuntime, Work},
    status::InstanceStatus,
    time::Timestamp,
    user::User,
};

use crate::samples::{definition, diamond, no_op};

/// The runtime's paused clock: it jumps when nothing else can happen.
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_780_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// Steps without outside effects need none.
struct NoRuntime;

impl StepRuntime for NoRuntime {
    fn run(&self, _attempt: AttemptKey, _work: Work) -> Pending<'_, Report> {
        let report = Report {
            conclusion: Conclusion::FatalError,
            outputs: serde_json::Map::new(),
            artifacts: serde_json::Map::new(),
            timeline: Vec::new(),
        };
        Box::pin(async move { report })
    }

    fn terminate(&self, _attempt: AttemptKey, _work: Work) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

fn open(journal: Option<&Path>) -> LegacyEngine {
    let options = Options {
        name: EngineName("legacy".into()),
        profile: Profile::maestro(),
        seed: 1,
        journal: journal.map(Path::to_owned),
        around: Arc::new(Around::new(Settings::production(), Arc::new(Faithful), |_| false)),
        ids: Box::new(SeededIds::new(1)),
        clock: Arc::new(TokioClock(tokio::time::Instant::now())),
        runtime: Arc::new(NoRuntime),
    };
    LegacyEngine::open(options).unwrap()
}

fn caller() -> Caller {
    Caller { user: Some(User::named("tester")) }
}

async fn start(engine: &LegacyEngine, definition: Json) -> RunKey {
    let workflow = definition["workflow"]["id"].as_str().unwrap().into();
    engine.call(caller(), Request::Push { body: definition }).await.unwrap();
    let body = json!({ "initiator": { "type": "manual" } });
    let request = Request::Start { workflow, version: "active".to_owned(), body };
    let answer = engine.call(caller(), request).await.unwrap().body.unwrap();
    RunKey {
        workflow: answer["workflow_id"].as_str().unwrap().into(),
        instance: InstanceId(answer["workflow_instance_id"].as_i64().unwrap()),
        run: RunId(answer["workflow_run_id"].as_i64().unwrap()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_and_whoever_waits_is_told() {
    let engine = open(None);
    let run = start(&engine, diamond()).await;
    assert_eq!(engine.ended(run.clone()).await, Ok(InstanceStatus::Succeeded));
    assert_eq!(engine.ended(run).await, Ok(InstanceStatus::Succeeded), "an ended run answers at once");
    engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_made_is_not_found() {
    let engine = open(None);
    let run = RunKey { workflow: "nobody".into(), instance: InstanceId(1), run: RunId(1) };
    assert_eq!(engine.ended(run).await.unwrap_err().reason, Reason::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_journal_brings_an_unfinished_run_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("legacy.jsonl");
    let engine = open(Some(&journal));
    let run = start(&engine, definition("chain", &[no_op("a", &["b"]), no_op("b", &[])])).await;
    engine.shutdown().await;

    let engine = open(Some(&journal));
    assert_eq!(engine.ended(run).await, Ok(InstanceStatus::Succeeded));
    engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_torn_last_line_of_the_journal_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("legacy.jsonl");
    let engine = open(Some(&journal));
    let run = start(&engine, diamond()).await;
    engine.ended(run.clone()).await.unwrap();
    engine.shutdown().await;
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str("{\"v\":1,\"table\":\"run\",\"key\":[\"dia");
    std::fs::write(&journal, text).unwrap();

    let engine = open(Some(&journal));
    assert_eq!(engine.ended(run).await, Ok(InstanceStatus::Succeeded));
}

#[tokio::test]
async fn a_journal_that_is_none_is_refused_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("legacy.jsonl");
    std::fs::write(&journal, "not json\n").unwrap();
    let options = Options {
        name: EngineName("legacy".into()),
        profile: Profile::maestro(),
        seed: 1,
        journal: Some(journal),
        around: Arc::new(Around::new(Settings::production(), Arc::new(Faithful), |_| false)),
        ids: Box::new(SeededIds::new(1)),
        clock: Arc::new(TokioClock(tokio::time::Instant::now())),
        runtime: Arc::new(NoRuntime),
    };
    let error = LegacyEngine::open(options).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of "), "{error}");
}
