//! The few calls that a step makes to a cluster's API.

use std::{pin::pin, time::Duration};

use futures::{AsyncBufReadExt, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, LogParams, PostParams, WatchEvent, WatchParams},
};
use workflow::runtime::pod::{self, OWNER};

/// The wait before an API that did not answer is asked again. Also how late the end of a pod is seen where nobody may watch pods.
const AGAIN: Duration = Duration::from_secs(3);

/// How often a log, or a removal, is asked for that does not succeed.
const TRIES: usize = 5;

/// Lines of a log that are read: output stands at its end.
const LOG_LINES: i64 = 10_000;

/// Bytes of a log that are kept: more than the largest output, and its markers.
const LOG_BYTES: usize = 1 << 20;

/// A namespace of a cluster.
#[derive(Clone)]
pub struct Cluster {
    pods: Api<Pod>,
}

/// Why a cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says where a cluster is.
    #[error("no Kubernetes cluster is configured: set KUBECONFIG or write ~/.kube/config, or run inside the cluster")]
    NotConfigured(#[source] kube::config::InferConfigError),
    /// The configuration makes no client.
    #[error("no client can be made of the Kubernetes configuration")]
    NoClient(#[source] kube::Error),
    /// The pod is not as the API wants it.
    #[error("the pod [{name}] cannot be written down")]
    NoPod {
        /// Its name.
        name: String,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The API refused a call, or did not answer.
    #[error("the cluster did not {verb} the pod [{name}]")]
    Refused {
        /// What was asked.
        verb: &'static str,
        /// Of which pod.
        name: String,
        /// Why not.
        #[source]
        source: kube::Error,
    },
    /// Another attempt's pod has the name.
    #[error("the name [{name}] is taken by the pod of {owner}")]
    Taken {
        /// The name.
        name: String,
        /// Whose pod it is.
        owner: String,
    },
}

/// How a pod came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Launched {
    /// It was made now.
    Now,
    /// It was there: made before a crash.
    Before,
}

/// How a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Succeeded,
    Failed,
    /// Somebody removed it.
    Gone,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("pods", &self.pods.resource_url()).finish()
    }
}

impl Cluster {
    /// The cluster that `KUBECONFIG`, `~/.kube/config` or the service account of a pod names, in the namespace that it names.
    pub async fn configured() -> Result<Self, Error> {
        // Whoever comes first decides; all of ours choose the same one.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let config = Config::infer().await.map_err(Error::NotConfigured)?;
        Ok(Self::of(Client::try_from(config).map_err(Error::NoClient)?))
    }

    /// The cluster of a client, in its default namespace.
    pub fn of(client: Client) -> Self {
        Self { pods: Api::default_namespaced(client) }
    }

    /// Makes a pod, or finds the one that the same attempt made before.
    pub(super) async fn launch(&self, pod: &pod::Pod) -> Result<Launched, Error> {
        let name = &pod.name;
        let object = serde_json::from_value(pod.object.clone());
        let object: Pod = object.map_err(|source| Error::NoPod { name: name.clone(), source })?;
        match self.pods.create(&PostParams::default(), &object).await {
            Ok(_) => return Ok(Launched::Now),
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            Err(source) => return Err(refused("create", name)(source)),
        }
        let found = self.pods.get(name).await.map_err(refused("read", name))?;
        match owner(&found) {
            Some(owner) if owner == pod.owner => Ok(Launched::Before),
            owner => Err(Error::Taken { name: name.clone(), owner: owner.unwrap_or("somebody else").to_owned() }),
        }
    }

    /// Waits until a pod has ended. An API that does not answer is asked again: how long, the step's time-out bounds.
    pub(super) async fn ended(&self, name: &str) -> Ended {
        loop {
            match self.pods.get_opt(name).await {
                Ok(Some(pod)) => {
                    let version = pod.resource_version().unwrap_or_default();
                    let ended = match end(&pod) {
                        Some(ended) => Some(ended),
                        None => self.seen_to_end(name, &version).await,
                    };
                    if let Some(ended) = ended {
                        return ended;
                    }
                }
                Ok(None) => return Ended::Gone,
                Err(error) => tracing::warn!(name, %error, "a pod could not be read and is asked for again"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Watches a pod from a version on; `None` when the watch ends first, as it does every few minutes.
    async fn seen_to_end(&self, name: &str, version: &str) -> Option<Ended> {
        let only = WatchParams::default().fields(&format!("metadata.name={name}"));
        let mut events = pin!(self.pods.watch(&only, version).await.ok()?);
        while let Some(Ok(event)) = events.next().await {
            match event {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                    if let Some(ended) = end(&pod) {
                        return Some(ended);
                    }
                }
                WatchEvent::Deleted(pod) => return Some(end(&pod).unwrap_or(Ended::Gone)),
                WatchEvent::Bookmark(_) => {}
                WatchEvent::Error(_) => return None,
            }
        }
        None
    }

    /// The end of a pod's log.
    pub(super) async fn log(&self, name: &str) -> Result<String, Error> {
        let mut tries = 1;
        loop {
            match self.read_log(name).await {
                Err(_) if tries < TRIES => tries += 1,
                read => return read.map_err(refused("show the log of", name)),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn read_log(&self, name: &str) -> kube::Result<String> {
        let params = LogParams {
            container: Some(pod::CONTAINER.to_owned()),
            tail_lines: Some(LOG_LINES),
            ..LogParams::default()
        };
        let mut stream = pin!(self.pods.log_stream(name, &params).await?);
        let mut kept = Vec::new();
        loop {
            let chunk = stream.fill_buf().await.map_err(kube::Error::ReadEvents)?;
            if chunk.is_empty() {
                break;
            }
            kept.extend_from_slice(chunk);
            let read = chunk.len();
            stream.consume_unpin(read);
            // Thrown away in large pieces, so that a long log is not moved about for every chunk.
            if kept.len() > 2 * LOG_BYTES {
                kept.drain(..kept.len() - LOG_BYTES);
            }
        }
        Ok(String::from_utf8_lossy(&kept[kept.len().saturating_sub(LOG_BYTES)..]).into_owned())
    }

    /// Ends an attempt's pod and waits until it has ended; one that has ended before stays, with its log.
    pub(super) async fn delete(&self, pod: &pod::Pod) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            match self.ask_to_end(pod).await {
                Ok(true) => {
                    self.ended(&pod.name).await;
                    return Ok(());
                }
                Ok(false) => return Ok(()),
                Err(_) if tries < TRIES => tries += 1,
                Err(error) => return Err(refused("remove", &pod.name)(error)),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Whether there was something to end.
    async fn ask_to_end(&self, pod: &pod::Pod) -> kube::Result<bool> {
        let Some(found) = self.pods.get_opt(&pod.name).await? else { return Ok(false) };
        if end(&found).is_some() || owner(&found) != Some(&pod.owner) {
            return Ok(false);
        }
        match self.pods.delete(&pod.name, &DeleteParams::default()).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn refused(verb: &'static str, name: &str) -> impl FnOnce(kube::Error) -> Error {
    let name = name.to_owned();
    move |source| Error::Refused { verb, name, source }
}

fn owner(pod: &Pod) -> Option<&str> {
    pod.annotations().get(OWNER).map(String::as_str)
}

fn end(pod: &Pod) -> Option<Ended> {
    match pod.status.as_ref()?.phase.as_deref()? {
        "Succeeded" => Some(Ended::Succeeded),
        "Failed" => Some(Ended::Failed),
        _ => None,
    }
}
