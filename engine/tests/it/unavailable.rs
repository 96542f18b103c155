//! Steps of kinds that cannot run here.

use std::sync::Arc;

use engine::{ActorEngine, Options, runtime::Unavailable, steps::Runtimes};
use serde_json::json;
use tempfile::TempDir;
use workflow::{definition::StepType, port::Request, status::InstanceStatus};

use crate::workflows::{call, options, push, run};

#[tokio::test]
async fn a_step_that_cannot_run_here_fails_at_once_and_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let unavailable = Unavailable { because: "set KUBECONFIG".to_owned() };
    let runtimes: Runtimes = [(StepType::Kubernetes, Arc::new(unavailable) as _)].into();
    let engine = ActorEngine::open(Options { runtimes, ..options(&folder) }).await.unwrap();
    let image = json!({ "kubernetes": { "type": "MAP", "value": { "image": { "type": "STRING", "value": "i" } } } });
    let step = json!({ "step": { "id": "job", "type": "Kubernetes", "params": image } });
    push(&engine, json!({ "id": "jobs", "steps": [step] })).await;
    let (key, status) = run(&engine, "jobs").await;
    assert_eq!(status, InstanceStatus::Failed);
    let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
    let steps = call(&engine, steps).await.unwrap().body.unwrap();
    assert_eq!(steps.as_array().unwrap().len(), 1, "it is not tried again");
    assert!(steps[0]["timeline"].to_string().contains("steps of type Kubernetes cannot run here: set KUBECONFIG"));
}
