//! Callers who start runs and stop some of them, through any node, and ask until they are answered.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;
use workflow::{life::started_instance, port::Answer};

use super::{
    load::{KINDS, Kind},
    nodes::Node,
};
use crate::exit::{Exit, Failure};

/// How long one call waits for its answer before another node is asked.
const ANSWER_MAX: Duration = Duration::from_secs(8);
/// How long a caller asks in all.
const PATIENCE: Duration = Duration::from_mins(3);
/// The wait before the same is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// Callers at once.
const CALLERS: usize = 24;
/// One run in so many is stopped, within so many milliseconds.
const STOPS: u32 = 6;
const STOP_WITHIN_MS: u64 = 4_000;

/// What one caller came to.
#[derive(Clone, Debug)]
pub(super) struct Started {
    pub(super) kind: &'static Kind,
    /// What the request named itself.
    pub(super) request: String,
    pub(super) is_answered: bool,
    /// An answer that only says that the same was asked for before does not tell it.
    pub(super) instance: Option<i64>,
    /// Whether somebody wants it stopped.
    pub(super) is_to_stop: bool,
    /// From the first time that it was asked for to the answer.
    pub(super) waited: Duration,
}

/// The way to all nodes.
#[derive(Clone, Debug)]
pub(super) struct Way {
    client: Client,
    nodes: Arc<Vec<Node>>,
    rng: Arc<Mutex<StdRng>>,
}

impl Way {
    pub(super) fn new(nodes: Arc<Vec<Node>>, seed: u64) -> Result<Self, Failure> {
        let client = Client::builder().timeout(ANSWER_MAX).no_proxy().build();
        let client = client.map_err(|error| Failure::new(Exit::Defect, error))?;
        Ok(Self { client, nodes, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) })
    }

    fn number(&self, below: u64) -> u64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..below.max(1))
    }

    /// Asks any node, until one answers what will stay so.
    pub(super) async fn ask(&self, method: Method, path: &str, body: &Json) -> Result<Json, String> {
        let start = Instant::now();
        let mut last = "no node listens".to_owned();
        while start.elapsed() < PATIENCE {
            let number = usize::try_from(self.number(self.nodes.len() as u64)).unwrap_or(0);
            if let Some(url) = self.nodes[number].url() {
                match self.ask_once(method.clone(), &format!("{url}/api/v3{path}"), body).await {
                    Ok((status, answer)) if status.is_success() => return Ok(answer),
                    Ok((status, answer)) if is_final(status) => return Err(format!("{path}: {status}: {answer}")),
                    Ok((status, answer)) => last = format!("{path}: {status}: {answer}"),
                    Err(error) => last = format!("{path}: {error}"),
                }
            }
            sleep(AGAIN).await;
        }
        Err(last)
    }

    async fn ask_once(&self, method: Method, url: &str, body: &Json) -> reqwest::Result<(StatusCode, Json)> {
        let request = self.client.request(method, url).header("user", "chaos").json(body);
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Json::String(text))))
    }

    /// Stores definitions.
    pub(super) async fn push(&self, definitions: &[Json]) -> Result<(), Failure> {
        for definition in definitions {
            let pushed = self.ask(Method::POST, "/workflows", definition).await;
            pushed.map_err(|error| Failure::new(Exit::Defect, anyhow!("a definition was not taken: {error}")))?;
        }
        Ok(())
    }

    /// Starts so many runs, spread over the time in which `progress` goes from 0 to 1.
    pub(super) async fn start_runs(&self, runs: usize, progress: watch::Receiver<f64>) -> Vec<Started> {
        let (mut callers, places) = (JoinSet::new(), Arc::new(Semaphore::new(CALLERS)));
        let mut done = Vec::with_capacity(runs);
        let mut due = progress;
        for number in 0..runs {
            #[expect(clippy::cast_precision_loss, reason = "the shares of a few thousand runs")]
            let at = number as f64 / runs as f64;
            // Whoever tells of the progress has gone when the faults are over: then the rest is due.
            let _is_over = due.wait_for(|progress| *progress >= at).await.is_err();
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let way = self.clone();
            callers.spawn(async move {
                let started = way.start_run().await;
                drop(place);
                if let (true, Some(instance)) = (started.is_to_stop, started.instance) {
                    way.stop_run(started.kind, instance).await;
                }
                started
            });
            while let Some(started) = callers.try_join_next() {
                done.extend(started.ok());
            }
        }
        while let Some(started) = callers.join_next().await {
            done.extend(started.ok());
        }
        done
    }

    /// The request names itself, so that asking again makes no second run.
    async fn start_run(&self) -> Started {
        let kind = &KINDS[usize::try_from(self.number(KINDS.len() as u64)).unwrap_or(0)];
        let is_to_stop = self.number(u64::from(STOPS)) == 0;
        let request = Uuid::new_v4().to_string();
        let body = json!({ "initiator": { "type": "manual" }, "request_id": request });
        let start = Instant::now();
        let answer =
            self.ask(Method::POST, &format!("/workflows/{}/versions/latest/actions/start", kind.id), &body).await;
        if let Err(error) = &answer {
            tracing::error!(error, "a start was not answered");
        }
        let is_answered = answer.is_ok();
        let instance = answer.ok().and_then(|body| started_instance(&Answer::ok(body))).map(|key| key.instance.0);
        Started { kind, request, is_answered, instance, is_to_stop, waited: start.elapsed() }
    }

    /// An answer may also say that it will be stopped soon, or that it has ended already.
    async fn stop_run(&self, kind: &Kind, instance: i64) {
        sleep(Duration::from_millis(self.number(STOP_WITHIN_MS))).await;
        let path = format!("/workflows/{}/instances/{instance}/actions/stop", kind.id);
        if let Err(error) = self.ask(Method::PUT, &path, &Json::Null).await {
            tracing::info!(error, "a run was not stopped");
        }
    }
}

/// Whether asking again would bring the same answer.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && status != StatusCode::REQUEST_TIMEOUT
}
