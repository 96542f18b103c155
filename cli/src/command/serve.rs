//! `segue serve`: Maestro's REST API in front of an engine.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use gateway::api::{self, Service};
use tokio::net::TcpListener;
use workflow::id::InstanceId;

use crate::{
    engines::{self, Kind},
    exit::{Exit, Failure},
    output::Output,
};

/// Serve Maestro's REST API (`/api/v3`) with an engine behind it, until SIGINT or SIGTERM.
///
/// Prints one line when it listens. Everything acknowledged is kept in `--data` and goes on after a restart. Besides the API there are
/// `/healthz`, `/readyz`, `/metrics` and `/openapi.json`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue serve
  segue serve --listen 0.0.0.0:8080 --data /var/lib/segue --http-allow api.example.org
  segue serve --engine legacy --pace 0.02      the old stack, fifty times faster")]
pub(crate) struct Args {
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "SEGUE_LISTEN")]
    listen: SocketAddr,

    /// Folder for what must survive.
    #[arg(long, value_name = "DIR", default_value = "segue-data", env = "SEGUE_DATA")]
    data: PathBuf,

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

/// Serves until a signal.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let running = match args.engine {
        Kind::Actor => engines::actor(Some(&args.data), &args.http_allow, InstanceId::FIRST).await?,
        Kind::Legacy => engines::legacy(Some(&args.data), &args.http_allow, args.pace)?,
    };
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::new(Exit::Unreachable, anyhow::anyhow!("cannot listen on {}: {error}", args.listen))
            .with_hint("another process may use the port: choose one with `--listen`")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::new(Exit::Unreachable, error))?;
    let is_ready = Arc::new(AtomicBool::new(true));
    let service = Service { engine: running.engine(), metrics: None, is_ready: Arc::clone(&is_ready) };
    output.line(format_args!(
        "listening on http://{address} ({} engine, data in {})",
        running.engine().name(),
        args.data.display()
    ));
    let until = async move {
        signal().await;
        is_ready.store(false, Ordering::SeqCst);
    };
    let served = api::serve(listener, api::router(service), until).await;
    running.shutdown().await;
    served.map_err(|error| Failure::new(Exit::Unreachable, error))?;
    Ok(Exit::Success)
}

/// Resolves at the first SIGINT or SIGTERM.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be watched for; SIGINT still ends the server");
            // Without either signal the server is ended by SIGKILL, which loses nothing.
            let _ = interrupt.await;
        }
    }
}
