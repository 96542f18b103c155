//! The server's shell: connections in, each on its own task, until told to stop.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use futures::FutureExt as _;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections at once; further ones wait in the system's backlog.
const CONNECTIONS_MAX: usize = 8192;

/// A client that does not finish its headers, or keeps a connection open without a call, is let go.
const HEADERS_WITHIN: Duration = Duration::from_mins(1);

/// What is in work when the server is told to stop may finish within this.
const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// After a failed accept (too many open files), the next one is tried a little later.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Answers connections until `shutdown` resolves; then takes no more, lets calls in work finish within a bound, and returns.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
    let stop = CancellationToken::new();
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = std::pin::pin!(shutdown.fuse());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                connections.spawn(answer(stream, router.clone(), stop.clone(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
    drop(listener);
    stop.cancel();
    connections.close();
    if tokio::time::timeout(DRAIN_WITHIN, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut off: their calls took too long");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Answers are small and must not wait for a full packet: without this a call costs 40 ms with some clients.
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn answer(stream: TcpStream, router: Router, stop: CancellationToken, place: OwnedSemaphorePermit) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}
