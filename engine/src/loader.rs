//! Loading runs from their rows: those that wait are read together.
//!
//! A hundred thousand runs may come back at once after a crash; one by one, each would cost a store far away several round trips.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use workflow::{
    id::RunKey,
    life::{Address, Machine, Rows, Unreadable},
};

use crate::{actor, node::Node, store::chain};

/// Runs that are read at once: some hundred KiB of rows.
const RUNS_MAX: usize = 128;
/// Reads under way at once; they leave connections to those who read for callers.
const READS_MAX: usize = 4;

/// A machine, or why there is none.
type Loaded = Result<Box<dyn Machine>, Unreadable>;

/// Runs that wait to be loaded.
#[derive(Default)]
pub(crate) struct Loader {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Wanted>,
    reads: usize,
}

struct Wanted {
    run: RunKey,
    tell: oneshot::Sender<Loaded>,
}

/// The machine of a run as its rows left it.
pub(crate) async fn load(node: &Arc<Node>, run: RunKey) -> Loaded {
    let (tell, told) = oneshot::channel();
    if node.loader.wants(Wanted { run, tell }) {
        let node = Arc::clone(node);
        node.runtime.clone().spawn_blocking(move || read_all(&node));
    }
    told.await.unwrap_or_else(|_| Err(Unreadable("the engine is shutting down".to_owned())))
}

impl Loader {
    /// Whether another read has to begin for it.
    fn wants(&self, wanted: Wanted) -> bool {
        let mut state = self.state();
        state.waiting.push_back(wanted);
        let begins = state.reads < READS_MAX;
        state.reads += usize::from(begins);
        begins
    }

    /// What is read next; after nothing, the read has ended.
    fn next(&self) -> Vec<Wanted> {
        let mut state = self.state();
        let count = state.waiting.len().min(RUNS_MAX);
        if count == 0 {
            state.reads -= 1;
        }
        state.waiting.drain(..count).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_all(node: &Node) {
    loop {
        let wanted = node.loader.next();
        if wanted.is_empty() {
            return;
        }
        read(node, wanted);
    }
}

fn read(node: &Node, wanted: Vec<Wanted>) {
    let runs: Vec<RunKey> = wanted.iter().map(|wanted| wanted.run.clone()).collect();
    let mut wanted = wanted.into_iter();
    let mut look = |rows: &dyn Rows| {
        for Wanted { run, tell } in wanted.by_ref() {
            // One run that cannot be read must not keep the others from it.
            let load = || node.lives.load(&Address::Run(run), rows);
            let loaded = catch_unwind(AssertUnwindSafe(load));
            let loaded = loaded.unwrap_or_else(|panic| Err(Unreadable(actor::message(&*panic))));
            let _left = tell.send(loaded);
        }
    };
    let read = catch_unwind(AssertUnwindSafe(|| node.store.view_runs(&runs, &mut look)));
    let why = match read {
        Ok(Ok(())) => "the store showed nothing".to_owned(),
        Ok(Err(error)) => chain(&error),
        Err(panic) => actor::message(&*panic),
    };
    for Wanted { tell, .. } in wanted {
        let _left = tell.send(Err(Unreadable(why.clone())));
    }
}
