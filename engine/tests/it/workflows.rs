//! Real workflows on a real file.

use std::sync::Arc;

use engine::{
    ActorEngine, Options,
    lives::Cycles,
    store::{Sqlite, Store, sqlite},
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use workflow::{
    id::{InstanceId, RunId, RunKey},
    port::{Answer, Caller, Engine, Refusal, Request},
    status::InstanceStatus,
    user::User,
};

use crate::script;

pub(crate) fn options(folder: &TempDir) -> Options {
    let path = folder.path().join("segue.db");
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&sqlite::Options { path, size_max_bytes: None }).unwrap());
    Options { lives: Arc::new(Cycles), ..script::options(store) }
}

pub(crate) async fn call(engine: &ActorEngine, request: Request) -> Result<Answer, Refusal> {
    engine.call(Caller { user: Some(User::named("ann")) }, request).await
}

pub(crate) async fn push(engine: &ActorEngine, workflow: Json) {
    let body = json!({ "properties": { "owner": "ann" }, "workflow": workflow });
    call(engine, Request::Push { body }).await.unwrap();
}

/// Starts the active version.
pub(crate) async fn start(engine: &ActorEngine, workflow: &str) -> RunKey {
    let body = json!({ "initiator": { "type": "manual", "user": "ann" } });
    let request = Request::Start { workflow: workflow.into(), version: "active".to_owned(), body };
    let started = call(engine, request).await.unwrap().body.unwrap();
    let instance = InstanceId(started["workflow_instance_id"].as_i64().unwrap());
    RunKey { workflow: workflow.into(), instance, run: RunId(1) }
}

/// Starts the active version and waits for its end.
pub(crate) async fn run(engine: &ActorEngine, workflow: &str) -> (RunKey, InstanceStatus) {
    let key = start(engine, workflow).await;
    let status = engine.ended(key.clone()).await.unwrap();
    (key, status)
}

pub(crate) fn chain(id: &str, length: usize) -> Json {
    let step = |n: usize| {
        let next = if n < length { json!({ format!("s{}", n + 1): "true" }) } else { json!({}) };
        json!({ "step": { "id": format!("s{n}"), "type": "NoOp", "transition": { "successors": next } } })
    };
    json!({ "id": id, "steps": (1..=length).map(step).collect::<Vec<_>>() })
}

/// A step with outside effects.
pub(crate) fn http(id: &str) -> Json {
    let http = json!({ "type": "MAP", "value": { "url": { "type": "STRING", "value": "http://x/" } } });
    json!({ "step": { "id": id, "type": "Http", "params": { "http": http } } })
}

#[tokio::test]
async fn a_chain_of_steps_runs_to_its_end() {
    let folder = TempDir::new().unwrap();
    let engine = ActorEngine::open(options(&folder)).await.unwrap();
    push(&engine, chain("chain", 5)).await;
    let (key, status) = run(&engine, "chain").await;
    assert_eq!(status, InstanceStatus::Succeeded);
    let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
    let steps = call(&engine, steps).await.unwrap().body.unwrap();
    let statuses: Vec<_> = steps.as_array().unwrap().iter().map(|step| &step["runtime_state"]["status"]).collect();
    assert_eq!(statuses, ["SUCCEEDED"; 5]);
}
