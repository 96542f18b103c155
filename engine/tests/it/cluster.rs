//! The bits of a Kubernetes API that steps use, over pods that do what their command says.
//!
//! A pod prints its arguments, with `$(NAME)` filled in from its environment as a kubelet does it, and ends as the first word of its
//! command says: `succeed`, `fail`, or `hang` until a test ends it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Json as Body, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use futures::stream;
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, sync::watch};

/// A cluster of one namespace.
#[derive(Clone)]
pub(crate) struct Fake {
    pods: Arc<Mutex<BTreeMap<String, Json>>>,
    /// Counts changes; a resource version is the count at the time.
    changes: watch::Sender<u64>,
    pub(crate) url: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { pods: Arc::default(), changes: watch::Sender::new(1), url };
        let router = Router::new()
            .route("/api/v1/namespaces/default/pods", get(watched).post(created))
            .route("/api/v1/namespaces/default/pods/{name}", get(read).delete(removed))
            .route("/api/v1/namespaces/default/pods/{name}/log", get(printed))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// The pods that there are.
    pub(crate) fn pods(&self) -> Vec<Json> {
        self.pods.lock().unwrap().values().cloned().collect()
    }

    /// Waits until the pods are as a test wants them.
    pub(crate) async fn until(&self, holds: impl Fn(&[Json]) -> bool) {
        let mut changes = self.changes.subscribe();
        changes.wait_for(|_| holds(&self.pods())).await.unwrap();
    }

    /// Ends a pod that hangs.
    pub(crate) fn end(&self, name: &str, phase: &str) {
        self.change(|pods, version| {
            let pod = pods.get_mut(name).unwrap();
            pod["status"]["phase"] = phase.into();
            pod["metadata"]["resourceVersion"] = version.into();
        });
    }

    /// Somebody removes a pod.
    pub(crate) fn remove(&self, name: &str) {
        self.change(|pods, _| drop(pods.remove(name)));
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Json>, String) -> T) -> T {
        let mut changed = None;
        self.changes.send_modify(|count| {
            *count += 1;
            changed = Some(change(&mut self.pods.lock().unwrap(), count.to_string()));
        });
        changed.unwrap()
    }
}

fn status(code: StatusCode, reason: &str) -> Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason, "reason": reason, "code": code.as_u16(),
    });
    (code, Body(body)).into_response()
}

async fn created(State(fake): State<Fake>, Body(mut pod): Body<Json>) -> Response {
    let container = &pod["spec"]["containers"][0];
    if container["image"] == "forbidden" {
        return status(StatusCode::FORBIDDEN, "Forbidden");
    }
    let phase = match container["command"][0].as_str() {
        Some("succeed") => "Succeeded",
        Some("fail") => "Failed",
        _ => "Running",
    };
    pod["status"] = json!({ "phase": phase });
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    fake.change(|pods, version| {
        if pods.contains_key(&name) {
            return status(StatusCode::CONFLICT, "AlreadyExists");
        }
        pod["metadata"]["resourceVersion"] = version.into();
        pods.insert(name, pod.clone());
        (StatusCode::CREATED, Body(pod)).into_response()
    })
}

async fn read(State(fake): State<Fake>, Path(name): Path<String>) -> Response {
    let found = fake.pods.lock().unwrap().get(&name).cloned();
    found.map_or_else(|| status(StatusCode::NOT_FOUND, "NotFound"), |pod| Body(pod).into_response())
}

async fn removed(State(fake): State<Fake>, Path(name): Path<String>) -> Response {
    let gone = fake.change(|pods, _| pods.remove(&name));
    gone.map_or_else(|| status(StatusCode::NOT_FOUND, "NotFound"), |pod| Body(pod).into_response())
}

async fn printed(State(fake): State<Fake>, Path(name): Path<String>) -> Response {
    let found = fake.pods.lock().unwrap().get(&name).cloned();
    let Some(pod) = found else { return status(StatusCode::NOT_FOUND, "NotFound") };
    let container = &pod["spec"]["containers"][0];
    let printed = container["args"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap());
    let mut log = printed.collect::<Vec<_>>().join("\n");
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = format!("$({})", variable["name"].as_str().unwrap());
        log = log.replace(&name, variable["value"].as_str().unwrap());
    }
    log.into_response()
}

/// Tells of the one pod that is asked for, whenever it changes.
async fn watched(State(fake): State<Fake>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    assert!(query.contains_key("watch"), "nobody lists pods: {query:?}");
    let name = query["fieldSelector"].strip_prefix("metadata.name=").unwrap().to_owned();
    let since: u64 = query["resourceVersion"].parse().unwrap();
    let changes = fake.changes.subscribe();
    let known = fake.pods.lock().unwrap().get(&name).cloned();
    let events = stream::unfold((fake, changes, since, known), move |(fake, mut changes, since, known)| {
        let name = name.clone();
        async move {
            let now = *changes.wait_for(|count| *count > since).await.ok()?;
            let found = fake.pods.lock().unwrap().get(&name).cloned();
            let event = match (&found, &known) {
                (Some(pod), _) => json!({ "type": "MODIFIED", "object": pod }),
                (None, Some(pod)) => json!({ "type": "DELETED", "object": pod }),
                (None, None) => return None,
            };
            Some((Ok::<_, Infallible>(format!("{event}\n")), (fake, changes, now, found)))
        }
    });
    axum::body::Body::from_stream(events).into_response()
}
