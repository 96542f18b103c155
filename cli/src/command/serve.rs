//! `segue serve`: Maestro's REST API in front of an engine.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engine::{outbox::Consumer, store::chain};
use gateway::api::{self, Service};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use reqwest::Url;
use tokio::net::TcpListener;

use crate::{
    engines::{self, Kind, Peers, Place, Running, Terms},
    exit::{Exit, Failure},
    output::Output,
    process, signal, stores,
    webhook::Webhook,
};

/// Upper bounds of the buckets of histograms: from a tenth of a disk's fsync to a minute.
const SECONDS: [f64; 14] = [2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 2e-2, 0.1, 0.5, 2.0, 10.0, 60.0];

/// The same for histograms that count things: up to the rows of the largest transaction.
const COUNTS: [f64; 13] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

/// What the names of histograms that count things end with.
const COUNTED: [&str; 2] = ["_batch_commits", "_batch_rows"];

/// Serve Maestro's REST API (`/api/v3`) with an engine behind it, until SIGINT or SIGTERM.
///
/// Prints one line when it listens. Everything acknowledged is kept in `--data` and goes on after a restart; a
/// database that is away is waited for for half a minute. Besides the API there are
/// `/healthz`, `/readyz`, `/metrics` and `/openapi.json`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue serve
  segue serve --listen 0.0.0.0:8080 --data /var/lib/segue --http-allow api.example.org
  segue serve --store postgres://segue@db/segue --peer-listen 10.0.0.7:8091
                                               one of many nodes that share the database
  segue serve --engine legacy --pace 0.02      the old stack, fifty times faster")]
pub(crate) struct Args {
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SEGUE_LISTEN")]
    listen: SocketAddr,

    #[command(flatten)]
    place: stores::Place,

    /// Delete what ended more than so many days ago; without it history is kept for ever.
    #[arg(long, value_name = "DAYS", env = "SEGUE_KEEP_DAYS")]
    keep_days: Option<u32>,

    /// Post what happens (status changes of runs and steps, changes of definitions) to this URL, as batches of CloudEvents, at least once
    /// each; without it nothing is published.
    #[arg(long, value_name = "URL", env = "SEGUE_EVENTS", hide_env_values = true)]
    events: Option<Url>,

    #[command(flatten)]
    peers: Peers,

    #[command(flatten)]
    limits: Limits,

    /// Which engine runs the workflows.
    #[arg(long, value_enum, default_value_t = Kind::Actor)]
    engine: Kind,

    /// A host that http steps may call; repeatable, none by default.
    #[arg(long, value_name = "HOST")]
    http_allow: Vec<String>,

    /// Scales the intervals of the polling engine; 1 is the old stack.
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    pace: f64,
}

/// How much live work is let in; what is not is answered with 429 and `Retry-After`.
#[derive(Clone, Debug, clap::Args)]
struct Limits {
    /// Machines in memory (runs and workflows at work) at which no new run is let in.
    #[arg(long = "live-max", value_name = "N", default_value_t = engine::Limits::SERVER.live_max, env = "SEGUE_LIVE_MAX")]
    live: usize,

    /// Starts and restarts within a second.
    #[arg(long = "starts-max", value_name = "N", default_value_t = engine::Limits::SERVER.starts_per_second, env = "SEGUE_STARTS_MAX")]
    starts: u32,

    /// MiB of memory of the process at which no new run is let in; without it only the number of machines bounds it.
    #[arg(long = "memory-max", value_name = "MIB", env = "SEGUE_MEMORY_MAX")]
    memory: Option<u32>,
}

impl Limits {
    fn of_engine(&self) -> engine::Limits {
        let limit = |mebibytes| engine::Memory { bytes_max: u64::from(mebibytes) << 20, held: process::memory };
        let memory = self.memory.map(limit);
        let (live_max, starts_per_second) = (self.live, self.starts);
        engine::Limits { live_max, starts_per_second, memory, ..engine::Limits::SERVER }
    }
}

impl Args {
    fn terms(&self) -> Result<Terms, Failure> {
        let keep = self.keep_days.map(|days| Duration::from_hours(24 * u64::from(days)));
        let webhook = self.events.as_ref().map(Webhook::to).transpose()?;
        let consumer = webhook.map(|webhook| Arc::new(webhook) as Arc<dyn Consumer>);
        Ok(Terms { keep, limits: self.limits.of_engine(), consumer, ..Terms::default() })
    }

    fn place(&self) -> Place<'_> {
        match &self.place.store {
            Some(url) => Place::Database { url, peers: &self.peers },
            None => Place::Folder(&self.place.data),
        }
    }
}

/// Serves until a signal, or until the engine has to stop.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    if args.place.store.is_some() && args.engine == Kind::Legacy {
        let error = anyhow::anyhow!("the polling engine keeps its state in a folder and not in a database");
        return Err(Failure::new(Exit::Usage, error).with_hint("leave `--store` out, or use `--engine actor`"));
    }
    if args.events.is_some() && args.engine == Kind::Legacy {
        let error = anyhow::anyhow!("the polling engine publishes no events");
        return Err(Failure::new(Exit::Usage, error).with_hint("leave `--events` out, or use `--engine actor`"));
    }
    let recorder = collect()?;
    let running = match args.engine {
        Kind::Actor => engines::actor(args.place(), &args.http_allow, args.terms()?).await?,
        Kind::Legacy => engines::legacy(Some(&args.place.data), &args.http_allow, args.pace).await?,
    };
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::new(Exit::Unreachable, anyhow::anyhow!("cannot listen on {}: {error}", args.listen))
            .with_hint("another process may use the port: choose one with `--listen`")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::new(Exit::Unreachable, error))?;
    let is_ready = Arc::new(AtomicBool::new(true));
    let metrics = render(recorder, &running);
    let service = Service { engine: running.engine(), metrics: Some(metrics), is_ready: Arc::clone(&is_ready) };
    output.line(format_args!(
        "listening on http://{address} ({} engine, data in {})",
        running.engine().name(),
        if args.place.store.is_some() { "a database".to_owned() } else { args.place.data.display().to_string() }
    ));
    let failure = OnceLock::new();
    let until = async {
        tokio::select! {
            () = signal::to_end() => {}
            error = running.failed() => {
                let _first = failure.set(error);
            }
        }
        is_ready.store(false, Ordering::SeqCst);
    };
    let served = api::serve(listener, api::router(service), until).await;
    running.shutdown().await;
    if let Some(error) = failure.into_inner() {
        let hint = "what was acknowledged is safe: start it again, and it goes on where it was";
        return Err(
            Failure::new(Exit::Storage, anyhow::anyhow!("the engine had to stop: {}", chain(&*error))).with_hint(hint)
        );
    }
    served.map_err(|error| Failure::new(Exit::Unreachable, error))?;
    Ok(Exit::Success)
}

/// Collects the metrics of the process from now on.
fn collect() -> Result<PrometheusHandle, Failure> {
    let install = || -> Result<PrometheusHandle, BuildError> {
        let mut builder = PrometheusBuilder::new().set_buckets(&SECONDS)?;
        for name in COUNTED {
            builder = builder.set_buckets_for_metric(Matcher::Suffix(name.to_owned()), &COUNTS)?;
        }
        builder.install_recorder()
    };
    let recorder = install().map_err(|error| Failure::new(Exit::Defect, error))?;
    engine::metric::describe();
    gateway::metric::describe();
    process::describe();
    Ok(recorder)
}

/// Renders the metrics as they are when somebody asks.
fn render(recorder: PrometheusHandle, running: &Running) -> Arc<dyn Fn() -> String + Send + Sync> {
    let measure = running.measure();
    Arc::new(move || {
        measure();
        process::measure();
        recorder.render()
    })
}
