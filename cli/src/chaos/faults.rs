//! What happens to the nodes and their database, and when: decided by a seed.

use std::time::Duration;

use indicatif::ProgressBar;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::Serialize;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::sleep,
};

use super::{
    database::Database,
    nodes::{Cut, Node, Order},
};
use crate::exit::{Exit, Failure};

/// Faults are so far apart, apart from those that come two at once.
const APART_MS: std::ops::Range<u64> = 800..4_200;
/// One fault in so many comes together with the one before.
const TOGETHER: u32 = 5;
/// Restarts of the database that can wait for one another.
const RESTARTS: usize = 8;
/// The wait for a node that a fault can meet.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How often that is waited for before the fault is left out.
const LOOKS: usize = 300;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// A node is killed.
    Kill { node: usize },
    /// A node stands still for a while.
    Pause { node: usize, length: Duration },
    /// The database is killed, and comes back after a while.
    Restart { away: Duration },
}

/// Faults that happened, by kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Injected {
    pub(super) kills: usize,
    pub(super) pauses: usize,
    /// Pauses longer than a node's lease.
    pub(super) pauses_over_lease: usize,
    pub(super) restarts: usize,
    /// Outages of the database longer than a node's lease.
    pub(super) outages_over_lease: usize,
}

impl Injected {
    pub(super) fn total(self) -> usize {
        self.kills + self.pauses + self.restarts
    }
}

/// The faults of a seed, each with the wait before it.
pub(super) fn plan(seed: u64, nodes: usize, count: usize) -> Vec<(Duration, Fault)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut plan = Vec::with_capacity(count);
    for _ in 0..count {
        let wait = if rng.random_ratio(1, TOGETHER) { 0 } else { rng.random_range(APART_MS) };
        let node = rng.random_range(0..nodes);
        let fault = match rng.random_range(0..100) {
            0..45 => Fault::Kill { node },
            45..65 => Fault::Pause { node, length: Duration::from_millis(rng.random_range(100..3_000)) },
            65..76 => Fault::Pause { node, length: Duration::from_millis(rng.random_range(6_500..11_000)) },
            76..96 => Fault::Restart { away: Duration::from_millis(rng.random_range(0..800)) },
            _ => Fault::Restart { away: Duration::from_millis(rng.random_range(2_000..9_000)) },
        };
        plan.push((Duration::from_millis(wait), fault));
    }
    plan
}

/// The database with somebody who restarts it.
#[derive(Debug)]
pub(super) struct Restarts {
    orders: mpsc::Sender<Duration>,
    keeping: JoinHandle<Result<(Database, Vec<Cut>), Failure>>,
}

impl Restarts {
    /// `now` says how much time has passed.
    pub(super) fn of(mut database: Database, now: impl Fn() -> Duration + Send + 'static) -> Self {
        let (orders, mut ordered) = mpsc::channel::<Duration>(RESTARTS);
        let keeping = tokio::spawn(async move {
            let mut cuts = Vec::new();
            while let Some(away) = ordered.recv().await {
                let from = now();
                database.restart(away).await?;
                cuts.push(Cut { process: 0, from, to: now() });
            }
            Ok((database, cuts))
        });
        Self { orders, keeping }
    }

    /// Ends the restarts; gives the database and when it was away.
    pub(super) async fn end(self) -> Result<(Database, Vec<Cut>), Failure> {
        drop(self.orders);
        match self.keeping.await {
            Ok(kept) => kept,
            Err(fault) => Err(Failure::new(Exit::Defect, fault)),
        }
    }
}

/// Lets everything of a plan happen; `progress` follows from 0 to 1.
pub(super) async fn inject(
    plan: &[(Duration, Fault)],
    nodes: &[Node],
    restarts: &Restarts,
    lease: Duration,
    progress: &watch::Sender<f64>,
    bar: &ProgressBar,
) -> Injected {
    let mut injected = Injected::default();
    for (number, (wait, fault)) in plan.iter().enumerate() {
        sleep(*wait).await;
        match *fault {
            Fault::Kill { node } => injected.kills += usize::from(order(nodes, node, Order::Kill).await),
            Fault::Pause { node, length } => {
                let is_done = order(nodes, node, Order::Pause(length)).await;
                injected.pauses += usize::from(is_done);
                injected.pauses_over_lease += usize::from(is_done && length > lease);
            }
            Fault::Restart { away } => {
                let is_done = restarts.orders.send(away).await.is_ok();
                injected.restarts += usize::from(is_done);
                injected.outages_over_lease += usize::from(is_done && away > lease);
            }
        }
        bar.inc(1);
        #[expect(clippy::cast_precision_loss, reason = "the shares of a few hundred faults")]
        progress.send_replace((number + 1) as f64 / plan.len() as f64);
    }
    injected
}

/// Meets the node, or the next one that is up; waits where none is.
async fn order(nodes: &[Node], node: usize, order: Order) -> bool {
    for _ in 0..LOOKS {
        if (0..nodes.len()).any(|offset| nodes[(node + offset) % nodes.len()].order(order)) {
            return true;
        }
        sleep(LOOK_AGAIN).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        assert_eq!(plan(7, 3, 200), plan(7, 3, 200));
        assert_ne!(plan(7, 3, 200), plan(8, 3, 200));
    }

    #[test]
    fn a_longer_plan_begins_as_the_shorter_one() {
        assert_eq!(plan(7, 3, 200)[..50], plan(7, 3, 50));
    }
}
