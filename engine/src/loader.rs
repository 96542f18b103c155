//! Loading runs from their rows: those that wait are read together.
//!
//! A hundred thousand runs may come back at once after a crash; one by one, each would cost a store far away several round trips.

use std::sync::Arc;

use tokio::sync::oneshot;
use workflow::{
    id::RunKey,
    life::{Address, Machine, Unreadable},
};

use crate::{
    node::Node,
    together::{Together, read_each},
};

/// Runs that are read at once: some hundred KiB of rows.
const RUNS_MAX: usize = 128;
/// Reads under way at once; they leave connections to those who read for callers.
const READS_MAX: usize = 4;

/// A machine, or why there is none.
type Loaded = Result<Box<dyn Machine>, Unreadable>;

/// Runs that wait to be loaded.
pub(crate) type Loader = Together<Wanted>;

pub(crate) struct Wanted {
    run: RunKey,
    tell: oneshot::Sender<Loaded>,
}

pub(crate) fn loader() -> Loader {
    Together::new(RUNS_MAX, READS_MAX)
}

/// The machine of a run as its rows left it.
pub(crate) async fn load(node: &Arc<Node>, run: RunKey) -> Loaded {
    let (tell, told) = oneshot::channel();
    if node.loader.add(Wanted { run, tell }) {
        let node = Arc::clone(node);
        node.runtime.clone().spawn_blocking(move || read_all(&node));
    }
    told.await.unwrap_or_else(|_| Err(Unreadable("the engine is shutting down".to_owned())))
}

fn read_all(node: &Node) {
    node.loader.each(|wanted| {
        let runs: Vec<RunKey> = wanted.iter().map(|wanted| wanted.run.clone()).collect();
        read_each(
            wanted,
            |look| node.store.view_runs(&runs, look),
            |wanted, rows| node.lives.load(&Address::Run(wanted.run.clone()), rows),
            |wanted, loaded| drop(wanted.tell.send(loaded)),
        );
    });
}
