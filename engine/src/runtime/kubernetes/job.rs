//! Kubernetes steps: a pod from start to end, and what it printed.

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::AttemptKey,
    param::{Params, write},
    port::{Conclusion, Pending, Report, StepRuntime, Work},
    runtime::{
        kubernetes::{self, command},
        pod::{Output, Pod, tail},
    },
};

use super::cluster::{Cluster, Ended, Error, Launched};
use crate::{steps::failed, store::chain};

/// Runs steps as pods.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    cluster: Cluster,
}

impl Kubernetes {
    /// In this cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }
}

impl StepRuntime for Kubernetes {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            match command(param(&work.params, "kubernetes").as_ref(), &work.step_uuid) {
                Ok(command) => self.cluster.run(&attempt, &work, &command).await,
                Err(error) => refused(&error),
            }
        })
    }

    fn terminate(&self, attempt: AttemptKey, work: Work) -> Pending<'_, ()> {
        Box::pin(async move { self.cluster.terminate(&attempt, &work).await })
    }
}

impl Cluster {
    /// Launches the pod of an attempt, or finds it after a crash, and follows it to its end.
    pub(super) async fn run(&self, attempt: &AttemptKey, work: &Work, command: &Map<String, Json>) -> Report {
        let pod = Pod::of(command, attempt, &work.step_uuid);
        let launched = match self.launch(&pod).await {
            Ok(launched) => launched,
            Err(error) => return failed(Conclusion::PlatformError, &chain(&error)),
        };
        let name = &pod.name;
        let mut timeline = vec![match launched {
            Launched::Now => entry("INFO", &format!("The Kubernetes job [{name}] is launched.")),
            Launched::Before => entry("INFO", &format!("The Kubernetes job [{name}] had been launched before.")),
        }];
        let ended = self.ended(name).await;
        let log = if ended == Ended::Gone { Ok(String::new()) } else { self.log(name).await };
        let (conclusion, output, log) = judged(ended, &pod, log, &mut timeline);
        let mut artifacts = output.artifacts;
        artifacts.insert("maestro_kubernetes".to_owned(), artifact(name, command, &log));
        Report { conclusion, outputs: output.params, artifacts, timeline }
    }

    /// Ends the pod of an attempt, wherever it is.
    pub(super) async fn terminate(&self, attempt: &AttemptKey, work: &Work) {
        // Only its name and its owner count here.
        let Some(params) = param(&work.params, "kubernetes") else { return };
        if let Err(error) = self.delete(&Pod::of(&params, attempt, &work.step_uuid)).await {
            tracing::error!(%attempt, error = chain(&error), "the pod of a step that was ended may go on");
        }
    }
}

/// What the end of a pod means for its step.
fn judged(
    ended: Ended,
    pod: &Pod,
    log: Result<String, Error>,
    timeline: &mut Vec<Json>,
) -> (Conclusion, Output, String) {
    let (read, log) = match log {
        Ok(log) => (Some(pod.markers.output(&log)), log),
        Err(error) => {
            timeline.push(entry("ERROR", &chain(&error)));
            (None, String::new())
        }
    };
    let (conclusion, message) = match (ended, &read) {
        (Ended::Gone, _) => (Conclusion::PlatformError, "was removed before it had ended"),
        (Ended::Failed, _) => (Conclusion::UserError, "failed"),
        // What it published is not known: it cannot count as done.
        (Ended::Succeeded, None) => (Conclusion::PlatformError, "succeeded, but its log cannot be read"),
        (Ended::Succeeded, Some(Err(_))) => (Conclusion::UserError, "succeeded, but its output cannot be read"),
        (Ended::Succeeded, Some(Ok(_))) => (Conclusion::Done, "succeeded"),
    };
    let level = if conclusion == Conclusion::Done { "INFO" } else { "ERROR" };
    timeline.push(entry(level, &format!("The Kubernetes job [{}] {message}.", pod.name)));
    let output = match read {
        Some(Ok(output)) => output,
        Some(Err(error)) => {
            timeline.push(entry("ERROR", &chain(&error)));
            Output::default()
        }
        None => Output::default(),
    };
    (conclusion, output, log)
}

fn artifact(name: &str, command: &Map<String, Json>, log: &str) -> Json {
    let mut artifact = json!({ "job_id": name, "command": command });
    let shown = tail(log);
    if !shown.is_empty() {
        artifact["execution_output"] = shown.into();
    }
    artifact["type"] = "KUBERNETES".into();
    artifact
}

/// A step's evaluated map param.
pub(super) fn param(params: &Params, name: &str) -> Option<Map<String, Json>> {
    match params.get(name).and_then(|param| param.value()).map(write::value) {
        Some(Json::Object(map)) => Some(map),
        _ => None,
    }
}

/// Params that make no job: another attempt would have the same.
pub(super) fn refused(error: &kubernetes::Error) -> Report {
    failed(Conclusion::FatalError, &error.to_string())
}

fn entry(level: &str, message: &str) -> Json {
    json!({ "type": "LOG", "level": level, "message": message })
}
