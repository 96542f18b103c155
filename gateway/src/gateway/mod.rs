//! The door itself: takes calls, finds the engine, and keeps what was decided.

mod call;
mod closed;
mod control;
mod start;
mod tasks;

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use workflow::port::{Clock, Engine};

use crate::{
    api,
    audit::{self, Log},
    flags::{Flags, Watch},
    fleet::Fleet,
    rollout::{Bounds, Live, Policy, Rollout},
    routing::{self, Ledger},
};

pub use closed::Closed;
pub use control::{ControlError, replayed};

use closed::Alone;

/// The file of the audit log in a gateway's folder.
pub const AUDIT: &str = "audit.jsonl";

/// Renders the metrics of the process as text.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// What a gateway in front of two engines needs.
pub struct Options {
    /// The engines.
    pub fleet: Fleet,
    /// Where its ledger and its audit log are; made where it is not there yet.
    pub folder: PathBuf,
    /// The file of flags; without one everything goes to the legacy engine.
    pub flags: Option<PathBuf>,
    /// What evidence must show before a stage is left; its engines are those of the fleet.
    pub policy: Policy,
    /// How much worse the candidate may be before new runs go back by themselves.
    pub bounds: Bounds,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("fleet", &self.fleet).field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Why a gateway cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its folder cannot be made or written to.
    #[error("using the folder `{path}` failed", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Another process works with the folder: two would not see each other's decisions.
    #[error("another process has the folder `{path}` open", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// No gateway has ever kept anything there.
    #[error("`{path}` is not the folder of a gateway: there is no audit log in it", path = path.display())]
    NoGateway {
        /// The folder.
        path: PathBuf,
    },
    /// The audit log is broken or cannot be read.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] routing::Error),
}

/// The door. Cheap to clone; all clones are one gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    behind: Behind,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What is behind the door.
enum Behind {
    /// One engine: nothing to decide, nothing to keep.
    One(Arc<dyn Engine>),
    /// Two, and all that it takes to choose.
    Two(Box<Two>),
}

struct Two {
    fleet: Fleet,
    policy: Policy,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
    audit: Log,
    flags: Option<Watch>,
    rollout: RwLock<Rollout>,
    live: Mutex<Live>,
    /// One change of the rollout at a time.
    changing: tokio::sync::Mutex<()>,
    /// One change of definitions at a time, so that both engines see them in the same order.
    pushing: tokio::sync::Mutex<()>,
    /// Workflows that were found to be the same on both engines.
    on_both: Mutex<start::OnBoth>,
    /// Bounds the runs whose end is waited for.
    watched: Arc<tokio::sync::Semaphore>,
    /// No other process works with the folder meanwhile.
    alone: Alone,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engines: Vec<_> = match &self.inner.behind {
            Behind::One(engine) => vec![engine.name()],
            Behind::Two(two) => two.fleet.engines().map(|engine| engine.name()).to_vec(),
        };
        f.debug_struct("Gateway").field("engines", &engines).finish_non_exhaustive()
    }
}

impl Gateway {
    /// In front of one engine: every call is handed through.
    pub fn in_front_of(engine: Arc<dyn Engine>) -> Self {
        Self::behind(Behind::One(engine))
    }

    /// In front of two engines. Reads what was decided before, and starts to watch the flags; must be called inside of a runtime.
    pub fn open(options: Options) -> Result<Self, Error> {
        let Options { fleet, folder, flags, mut policy, bounds, clock } = options;
        std::fs::create_dir_all(&folder).map_err(|source| Error::Folder { path: folder.clone(), source })?;
        let alone = Alone::take(&folder)?;
        let (audit, entries) = Log::open(&folder.join(AUDIT))?;
        let ledger = Ledger::open(&folder.join("ledger.jsonl"))?;
        (policy.baseline, policy.candidate) = (fleet.legacy().name(), fleet.candidate().name());
        let rollout = control::replayed(&entries).unwrap_or_else(|| Rollout::new(clock.now()));
        let gateway = Self::behind(Behind::Two(Box::new(Two {
            fleet,
            policy,
            clock,
            ledger,
            audit,
            flags: flags.map(Watch::new),
            rollout: RwLock::new(rollout),
            live: Mutex::new(Live::new(bounds)),
            changing: tokio::sync::Mutex::default(),
            pushing: tokio::sync::Mutex::default(),
            on_both: Mutex::default(),
            watched: Arc::new(tokio::sync::Semaphore::new(tasks::WATCHED_MAX)),
            alone,
        })));
        gateway.watch_flags();
        Ok(gateway)
    }

    fn behind(behind: Behind) -> Self {
        let inner = Inner { behind, tasks: TaskTracker::new(), stop: CancellationToken::new() };
        Self { inner: Arc::new(inner) }
    }

    /// Answers HTTP until `shutdown` resolves, lets calls in work finish, and closes.
    pub async fn serve(
        &self,
        listener: TcpListener,
        metrics: Option<Render>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let is_ready = Arc::new(AtomicBool::new(true));
        let service = api::Service { engine: Arc::new(self.clone()), metrics, is_ready: Arc::clone(&is_ready) };
        let shutdown = async move {
            shutdown.await;
            is_ready.store(false, Ordering::Release);
        };
        let served = api::serve(listener, api::router(service), shutdown).await;
        self.close().await;
        served
    }

    /// Ends what runs in the background, waits for what is being written, and gives the folder free. The engines are not touched.
    pub async fn close(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        if let Some(two) = self.two() {
            two.alone.give_back();
        }
    }

    fn two(&self) -> Option<&Two> {
        match &self.inner.behind {
            Behind::One(_) => None,
            Behind::Two(two) => Some(two),
        }
    }
}

impl Two {
    fn flags(&self) -> Option<Arc<Flags>> {
        self.flags.as_ref()?.flags()
    }

    fn rollout(&self) -> Rollout {
        self.rollout.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
