//! Kubernetes and notebook steps against a small cluster.

use std::sync::Arc;

use engine::{
    ActorEngine, Options,
    runtime::kubernetes::{Cluster, Kubernetes, Notebook},
    steps::Runtimes,
};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use workflow::{
    definition::StepType,
    id::{AttemptId, AttemptKey, InstanceId, RunId, RunKey},
    param::stored,
    port::{Conclusion, Engine, Request, StepAction, StepRuntime, Work},
    status::InstanceStatus,
};

use crate::{
    cluster::Fake,
    workflows::{call, options, push, run, start},
};

fn cluster(fake: &Fake) -> Cluster {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let config = kube::Config::new(fake.url.parse().unwrap());
    Cluster::of(kube::Client::try_from(config).unwrap())
}

async fn engine(fake: &Fake, folder: &TempDir) -> ActorEngine {
    let cluster = cluster(fake);
    let runtimes: Runtimes = [
        (StepType::Kubernetes, Arc::new(Kubernetes::new(cluster.clone())) as Arc<dyn StepRuntime>),
        (StepType::Notebook, Arc::new(Notebook::new(cluster))),
    ]
    .into();
    ActorEngine::open(Options { runtimes, ..options(folder) }).await.unwrap()
}

fn text(value: &str) -> Json {
    json!({ "type": "STRING", "value": value })
}

fn texts(values: &[&str]) -> Json {
    json!({ "type": "STRING_ARRAY", "value": values })
}

/// A step that prints and ends as told, without retries.
fn job(image: &str, command: &str, printed: &[&str], more: Json) -> Json {
    let job = json!({ "image": text(image), "command": texts(&[command]), "args": texts(printed) });
    let mut params = json!({ "kubernetes": { "type": "MAP", "value": job } });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let retry = json!({ "error_retry_limit": 0, "platform_retry_limit": 0 });
    json!({ "step": { "id": "job", "type": "Kubernetes", "params": params, "retry_policy": retry } })
}

async fn attempt(engine: &ActorEngine, key: &RunKey) -> Json {
    let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
    call(engine, steps).await.unwrap().body.unwrap()[0].take()
}

/// The one attempt of a workflow of one job.
async fn played(step: Json) -> Json {
    let (fake, folder) = (Fake::start().await, TempDir::new().unwrap());
    let engine = engine(&fake, &folder).await;
    push(&engine, json!({ "id": "jobs", "steps": [step] })).await;
    let (key, _) = run(&engine, "jobs").await;
    attempt(&engine, &key).await
}

async fn check(step: Json, status: &str, told: &str) {
    let attempt = played(step).await;
    assert_eq!(attempt["runtime_state"]["status"], status, "{attempt:#}");
    assert!(attempt["timeline"].to_string().contains(told), "{told}: {:#}", attempt["timeline"]);
}

#[tokio::test]
async fn the_phase_and_the_output_of_a_pod_decide() {
    let unreadable = ["$(MAESTRO_OUTPUT_START){$(MAESTRO_OUTPUT_END)"];
    for (step, status, told) in [
        (job("i", "succeed", &["hello"], json!({})), "SUCCEEDED", "succeeded."),
        (job("i", "fail", &["oh"], json!({})), "FATALLY_FAILED", "failed."),
        (job("forbidden", "succeed", &[], json!({})), "FATALLY_FAILED", "the cluster did not create the pod"),
        (job("i", "succeed", &unreadable, json!({})), "FATALLY_FAILED", "cannot be read as JSON"),
    ] {
        check(step, status, told).await;
    }
}

#[tokio::test]
async fn what_a_job_prints_between_the_markers_becomes_params_and_artifacts() {
    let param = json!({ "rows": { "type": "LONG", "value": 5, "evaluated_result": 5 } });
    let output = json!({ "params": param, "artifacts": { "report": { "path": "s3://x" } } });
    let printed = format!("$(MAESTRO_OUTPUT_START){output}$(MAESTRO_OUTPUT_END)");
    let declared = json!({ "rows": { "type": "LONG", "value": 0 } });
    let attempt = played(job("i", "succeed", &["begin", &printed, "end"], declared)).await;
    assert_eq!(attempt["params"]["rows"]["evaluated_result"], 5, "{attempt:#}");
    assert_eq!(attempt["artifacts"]["report"]["path"], "s3://x");
    let artifact = &attempt["artifacts"]["maestro_kubernetes"];
    assert_eq!((&artifact["command"]["image"], &artifact["type"]), (&json!("i"), &json!("KUBERNETES")));
    assert!(artifact["execution_output"].as_str().unwrap().ends_with("\nend"), "{artifact:#}");
}

#[tokio::test]
async fn a_pod_that_somebody_removes_is_a_failure_of_the_platform() {
    let (fake, folder) = (Fake::start().await, TempDir::new().unwrap());
    let engine = engine(&fake, &folder).await;
    push(&engine, json!({ "id": "jobs", "steps": [job("i", "hang", &[], json!({}))] })).await;
    let key = start(&engine, "jobs").await;
    fake.until(|pods| pods.len() == 1).await;
    fake.remove(fake.pods()[0]["metadata"]["name"].as_str().unwrap());
    assert_eq!(engine.ended(key.clone()).await.unwrap(), InstanceStatus::Failed);
    let attempt = attempt(&engine, &key).await;
    assert!(attempt["timeline"].to_string().contains("was removed before it had ended"), "{attempt:#}");
}

#[tokio::test]
async fn stopping_a_step_removes_its_pod() {
    let (fake, folder) = (Fake::start().await, TempDir::new().unwrap());
    let engine = engine(&fake, &folder).await;
    push(&engine, json!({ "id": "jobs", "steps": [job("i", "hang", &[], json!({}))] })).await;
    let key = start(&engine, "jobs").await;
    fake.until(|pods| pods.len() == 1).await;
    let stop = StepAction::Stop;
    let stop =
        Request::StepAction { instance: key.instance_key(), step: "job".into(), action: stop, is_blocking: true };
    call(&engine, stop).await.unwrap();
    assert_eq!(engine.ended(key).await.unwrap(), InstanceStatus::Stopped);
    fake.until(<[Json]>::is_empty).await;
}

#[tokio::test]
async fn a_notebook_is_a_pod_that_runs_papermill_with_the_params_of_its_step() {
    let (fake, folder) = (Fake::start().await, TempDir::new().unwrap());
    let engine = engine(&fake, &folder).await;
    let notebook = json!({ "input_path": text("s3://in.ipynb"), "output_path": text("s3://out.ipynb") });
    let params = json!({
        "notebook": { "type": "MAP", "value": notebook },
        "kubernetes": { "type": "MAP", "value": { "image": text("papermill:1") } },
        "city": text("Oslo"),
    });
    let step = json!({ "step": { "id": "job", "type": "Notebook", "params": params, "timeout": "2 hours" } });
    push(&engine, json!({ "id": "books", "criticality": "HIGH", "steps": [step] })).await;
    let key = start(&engine, "books").await;
    fake.until(|pods| pods.len() == 1).await;
    let pod = fake.pods()[0].clone();
    let script = pod["spec"]["containers"][0]["args"][0].as_str().unwrap();
    for part in ["papermill 's3://in.ipynb' 's3://out.ipynb'", "Oslo", "2 hours", "\"criticality\":\"high\"", "ann"] {
        assert!(script.contains(part), "{part} is missing in {script}");
    }
    fake.end(pod["metadata"]["name"].as_str().unwrap(), "Succeeded");
    assert_eq!(engine.ended(key.clone()).await.unwrap(), InstanceStatus::Succeeded);
    let artifacts = &attempt(&engine, &key).await["artifacts"];
    assert_eq!(artifacts["maestro_notebook"], json!({ "output_path": "s3://out.ipynb", "type": "NOTEBOOK" }));
    assert_eq!(artifacts["maestro_kubernetes"]["type"], "KUBERNETES");
}

fn key(number: i64) -> AttemptKey {
    let run = RunKey { workflow: "jobs".into(), instance: InstanceId(1), run: RunId(1) };
    AttemptKey { run, step: "job".into(), attempt: AttemptId(number) }
}

fn work(is_resumed: bool) -> Work {
    let map = json!({ "image": "i", "command": ["hang"], "job_deduplication_key": "once" });
    let fields = json!({
        "image": text("i"), "command": texts(&["hang"]), "job_deduplication_key": text("once"),
    });
    let params = json!({ "kubernetes": { "type": "MAP", "value": fields, "evaluated_result": map } });
    let mut problems = Vec::new();
    let params = stored::params(&params, "params", &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    Work {
        step_type: StepType::Kubernetes,
        params,
        step_uuid: "u-1".to_owned(),
        is_resumed,
        artifacts: Map::new(),
        path: "job".to_owned(),
        run: None,
    }
}

#[tokio::test]
async fn a_crash_launches_nothing_twice() {
    let fake = Fake::start().await;
    let runtime = Arc::new(Kubernetes::new(cluster(&fake)));
    let first = Arc::clone(&runtime);
    let first = tokio::spawn(async move { first.run(key(1), work(false)).await });
    fake.until(|pods| pods.len() == 1).await;
    // The process dies; nobody terminates anything.
    first.abort();
    let second = tokio::spawn(async move { runtime.run(key(1), work(true)).await });
    fake.end("once", "Succeeded");
    let report = second.await.unwrap();
    assert_eq!(report.conclusion, Conclusion::Done, "{report:?}");
    assert!(report.timeline[0].to_string().contains("had been launched before"), "{:?}", report.timeline);
    assert_eq!(fake.pods().len(), 1);
}

#[tokio::test]
async fn a_pod_of_another_attempt_is_neither_taken_over_nor_removed() {
    let fake = Fake::start().await;
    let runtime = Arc::new(Kubernetes::new(cluster(&fake)));
    let first = Arc::clone(&runtime);
    let _first = tokio::spawn(async move { first.run(key(1), work(false)).await });
    fake.until(|pods| pods.len() == 1).await;
    let report = runtime.run(key(2), work(false)).await;
    assert_eq!(report.conclusion, Conclusion::PlatformError);
    assert!(report.timeline[0].to_string().contains("taken by the pod of [jobs][1][1][job][1]"), "{report:?}");
    runtime.terminate(key(2), work(false)).await;
    assert_eq!(fake.pods().len(), 1);
}
