//! The server that steps of the load call: it sees every execution from outside.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::USER_AGENT},
    routing::get,
};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::load;

/// One attempt of a step, as it stands in the URL of its call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub(super) workflow: String,
    pub(super) instance: i64,
    pub(super) run: i64,
    pub(super) step: String,
    pub(super) number: i64,
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) attempt: Attempt,
    /// Whose it was.
    pub(super) process: u32,
    pub(super) from: Duration,
    /// When it was answered or broken off, if it was.
    pub(super) to: Option<Duration>,
}

/// The server and what it has seen.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Seen {
    start: Instant,
    calls: Mutex<Vec<Call>>,
}

impl Seen {
    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes the end of a call, also when whoever called has gone.
struct Open {
    seen: Arc<Seen>,
    index: usize,
}

impl Drop for Open {
    fn drop(&mut self) {
        let now = self.seen.start.elapsed();
        self.seen.calls()[self.index].to = Some(now);
    }
}

impl Calls {
    /// Serves on a free port; moments are counted from `start`.
    pub(super) async fn serve(start: Instant) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Seen { start, calls: Mutex::default() });
        let routes = Router::new()
            .route("/{workflow}/{instance}/{run}/{step}/{attempt}", get(answer))
            .with_state(Arc::clone(&seen));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, seen, serving })
    }

    /// Ends the server and gives what it has seen, in order.
    pub(super) fn end(self) -> Vec<Call> {
        self.serving.abort();
        self.seen.calls().clone()
    }
}

async fn answer(
    State(seen): State<Arc<Seen>>,
    Path((workflow, instance, run, step, attempt)): Path<(String, i64, i64, String, i64)>,
    headers: HeaderMap,
) -> StatusCode {
    let attempt = Attempt { workflow, instance, run, step, number: attempt };
    let open = {
        let mut calls = seen.calls();
        let from = seen.start.elapsed();
        calls.push(Call { attempt: attempt.clone(), process: process(&headers), from, to: None });
        Open { seen: Arc::clone(&seen), index: calls.len() - 1 }
    };
    sleep(load::work(&attempt)).await;
    drop(open);
    if load::fails(&attempt) { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

/// The process that calls, by what it says of itself: `segue/0.1.0 (process 4711)`; 0 for none that can be told.
fn process(headers: &HeaderMap) -> u32 {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let number = agent.split_once("(process ").and_then(|(_, rest)| rest.strip_suffix(')'));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
