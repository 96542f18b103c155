//! The engines by name, and how they are made: the only place that knows concrete ones.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use engine::{
    ActorEngine, Limits, Membership,
    lives::Cycles,
    outbox::Consumer,
    runtime::Http,
    steps::Runtimes,
    store::{self, NodeId, Store, memory::Memory},
};
use legacy_adapter::{LegacyEngine, Profile};
use tokio::net::TcpListener;
use workflow::{
    definition::StepType,
    id::{AttemptKey, InstanceId, SeededIds},
    life::{Around, Faithful, Settings},
    port::{Conclusion, Engine, EngineName, Pending, Report, StepRuntime, Work},
    runtime::http::AllowList,
};

use crate::{
    clock::SystemClock,
    cluster,
    exit::{Exit, Failure},
    stores,
};

/// Threads for the outside work of steps; the work waits for others most of the time.
const STEP_THREADS: usize = 2;

/// How long a database may be away when an engine starts: nodes and databases are often restarted together.
const STORE_AWAY_MAX: Duration = Duration::from_secs(30);

/// How long an engine may take to finish what it is doing.
const SHUTDOWN_MAX: Duration = Duration::from_secs(10);

/// Which engine runs workflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// The new way: actors over a durable store.
    Actor,
    /// The old way: an embedded polling engine with the old stack's timing.
    Legacy,
}

/// An engine that runs.
pub(crate) enum Running {
    Actor(Arc<ActorEngine>),
    Legacy(Arc<LegacyEngine>),
}

impl Running {
    /// As callers know it.
    pub(crate) fn engine(&self) -> Arc<dyn Engine> {
        match self {
            Self::Actor(engine) => Arc::clone(engine) as Arc<dyn Engine>,
            Self::Legacy(engine) => Arc::clone(engine) as Arc<dyn Engine>,
        }
    }

    /// Machines in memory.
    pub(crate) fn live(&self) -> usize {
        match self {
            Self::Actor(engine) => engine.live(),
            Self::Legacy(_) => 0,
        }
    }

    /// Runs that left memory for a while.
    pub(crate) fn resting(&self) -> usize {
        match self {
            Self::Actor(engine) => engine.resting(),
            Self::Legacy(_) => 0,
        }
    }

    /// Machines in memory that have not read their rows yet.
    pub(crate) fn loading(&self) -> usize {
        match self {
            Self::Actor(engine) => engine.loading(),
            Self::Legacy(_) => 0,
        }
    }

    /// What brings the metrics of how much waits up to date; it does not keep the engine alive.
    pub(crate) fn measure(&self) -> impl Fn() + Send + Sync + 'static {
        let actor = match self {
            Self::Actor(engine) => Arc::downgrade(engine),
            Self::Legacy(_) => Weak::new(),
        };
        move || {
            if let Some(engine) = actor.upgrade() {
                engine.measure();
            }
        }
    }

    /// Resolves when the engine can no longer write, with the reason.
    pub(crate) async fn failed(&self) -> Arc<store::Error> {
        match self {
            Self::Actor(engine) => engine.failed().await,
            // Its journal is written before it answers; a failure is an answer.
            Self::Legacy(_) => std::future::pending().await,
        }
    }

    /// Finishes what is being decided, writes it out and ends, within a bounded time.
    pub(crate) async fn shutdown(self) {
        match self {
            Self::Actor(engine) => engine.shutdown(SHUTDOWN_MAX).await,
            Self::Legacy(engine) => {
                if let Ok(engine) = Arc::try_unwrap(engine) {
                    engine.shutdown().await;
                } else {
                    tracing::warn!("somebody still holds the polling engine; it ends with the process");
                }
            }
        }
    }
}

/// Where the actor engine keeps what must survive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// Nowhere: it lives as long as the process.
    Memory,
    /// A file in a folder, of one process at a time.
    Folder(&'a Path),
    /// A database that many processes share.
    Database {
        /// Its URL.
        url: &'a str,
        /// Where other processes reach this one.
        peers: &'a Peers,
    },
}

/// Where other nodes reach this one.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Peers {
    /// Address and port for other nodes on the same database; keep it on a network of their own.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", env = "SEGUE_PEER_LISTEN")]
    peer_listen: SocketAddr,

    /// URL by which other nodes reach that address; by default the address itself.
    #[arg(long, value_name = "URL", env = "SEGUE_PEER_URL")]
    peer_url: Option<String>,
}

/// What is said of an actor engine beside where it keeps its state.
#[derive(Clone)]
pub(crate) struct Terms {
    /// The number of every workflow's first instance.
    pub(crate) first: InstanceId,
    /// History is deleted when it is older than this.
    pub(crate) keep: Option<Duration>,
    pub(crate) limits: Limits,
    /// Who takes published events.
    pub(crate) consumer: Option<Arc<dyn Consumer>>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { first: InstanceId::FIRST, keep: None, limits: Limits::SERVER, consumer: None }
    }
}

/// The actor engine.
pub(crate) async fn actor(place: Place<'_>, http_allow: &[String], terms: Terms) -> Result<Running, Failure> {
    actor_with(place, runtimes(http_allow).await?, terms).await
}

/// The actor engine with other runtimes of steps.
pub(crate) async fn actor_with(place: Place<'_>, runtimes: Runtimes, terms: Terms) -> Result<Running, Failure> {
    let mut membership = None;
    let store: Arc<dyn Store> = match place {
        Place::Memory => Arc::new(Memory::default()),
        Place::Database { url, peers } => {
            membership = Some(peers.membership().await?);
            stores::database_apart(url, STORE_AWAY_MAX).await?
        }
        Place::Folder(data) => stores::folder(data)?,
    };
    let options = engine::Options {
        store,
        lives: Arc::new(Cycles),
        clock: Arc::new(SystemClock),
        settings: Settings { first_instance: terms.first, ..Settings::production() },
        decisions: Arc::new(Faithful),
        stands_in: |_| false,
        runtimes,
        step_threads: STEP_THREADS,
        limits: terms.limits,
        consumer: terms.consumer,
        keep: terms.keep,
        membership,
    };
    let engine = ActorEngine::open(options).await.map_err(|error| Failure::new(Exit::Storage, error))?;
    Ok(Running::Actor(Arc::new(engine)))
}

impl Peers {
    /// Nobody but this process needs to reach it.
    pub(crate) fn alone() -> Self {
        Self { peer_listen: SocketAddr::from(([127, 0, 0, 1], 0)), peer_url: None }
    }

    async fn membership(&self) -> Result<Membership, Failure> {
        let bound =
            TcpListener::bind(self.peer_listen).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) = bound.map_err(|error| {
            Failure::new(Exit::Unreachable, anyhow::anyhow!("cannot listen for nodes on {}: {error}", self.peer_listen))
                .with_hint("choose another address or port with `--peer-listen`")
        })?;
        let address = self.peer_url.clone().unwrap_or_else(|| format!("http://{local}"));
        let node = NodeId(uuid::Uuid::new_v4().to_string().into());
        Ok(Membership { node, listener, address, lease: Membership::LEASE })
    }
}

/// The embedded polling engine; `pace` scales its intervals, 1 is the old stack.
pub(crate) async fn legacy(data: Option<&Path>, http_allow: &[String], pace: f64) -> Result<Running, Failure> {
    if let Some(folder) = data {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::new(Exit::Storage, anyhow::anyhow!("{} could not be made: {error}", folder.display()))
        })?;
    }
    let options = legacy_adapter::Options {
        name: EngineName("legacy".into()),
        profile: Profile::maestro().paced(pace),
        seed: rand::random(),
        journal: data.map(|folder| folder.join("legacy.jsonl")),
        around: Arc::new(Around::new(Settings::production(), Arc::new(Faithful), |_| false)),
        ids: Box::new(SeededIds::new(rand::random())),
        clock: Arc::new(SystemClock),
        runtime: Arc::new(ByType(runtimes(http_allow).await?)),
    };
    let engine = LegacyEngine::open(options).map_err(|error| Failure::new(Exit::Storage, error))?;
    Ok(Running::Legacy(Arc::new(engine)))
}

async fn runtimes(http_allow: &[String]) -> Result<Runtimes, Failure> {
    let http = Http::new(AllowList::new(http_allow)).map_err(|error| Failure::new(Exit::Unreachable, error))?;
    let mut runtimes: Runtimes = HashMap::from([(StepType::Http, Arc::new(http) as Arc<dyn StepRuntime>)]);
    runtimes.extend(cluster::runtimes().await);
    Ok(runtimes)
}

/// Gives each step's work to the runtime of its type.
struct ByType(Runtimes);

impl StepRuntime for ByType {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        if let Some(runtime) = self.0.get(&work.step_type) {
            return runtime.run(attempt, work);
        }
        let event = serde_json::json!({
            "type": "LOG",
            "level": "ERROR",
            "message": format!("no runtime executes steps of type {:?} here", work.step_type),
        });
        let report = Report {
            conclusion: Conclusion::FatalError,
            outputs: serde_json::Map::new(),
            artifacts: serde_json::Map::new(),
            timeline: vec![event],
        };
        Box::pin(async move { report })
    }

    fn terminate(&self, attempt: AttemptKey, work: Work) -> Pending<'_, ()> {
        match self.0.get(&work.step_type) {
            Some(runtime) => runtime.terminate(attempt, work),
            None => Box::pin(async {}),
        }
    }
}
