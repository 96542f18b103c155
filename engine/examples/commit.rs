//! What a commit costs: `cargo run --release -p engine --example commit -- sqlite:FILE | postgres://… [archived rows]`.
//!
//! Writes batches as turns of steps make them and prints the median and the 99th percentile of each size.

use std::{error::Error, sync::Arc, time::Instant};

use engine::store::{Batch, Fence, GroupId, Postgres, Sqlite, Store, Write, sqlite};
use workflow::life::{RowKey, Table};

/// Bytes of a row of a run and of one of an attempt, as small definitions make them.
const RUN_BYTES: usize = 700;
const ATTEMPT_BYTES: usize = 1200;
/// Commits of each size.
const COMMITS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args().nth(1).ok_or("name a store: sqlite:FILE or postgres://…")?;
    let store: Box<dyn Store> = match place.strip_prefix("sqlite:") {
        Some(file) => Box::new(Sqlite::open(&sqlite::Options { path: file.into(), size_max_bytes: None })?),
        None => Box::new(Postgres::open(&place)?),
    };
    let fence = store.claim(16)?[0];
    let mut n = 0;
    for steps in [1, 8, 64, 512] {
        let commits = if steps > 64 { COMMITS / 10 } else { COMMITS };
        let mut took: Vec<_> = (0..commits)
            .map(|_| {
                let batch = turns(fence, steps, &mut n);
                let start = Instant::now();
                store.commit(&batch).map(|()| start.elapsed())
            })
            .collect::<Result<_, _>>()?;
        took.sort_unstable();
        let (median, high) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        #[expect(clippy::print_stdout, reason = "an example talks to a person")]
        {
            println!(
                "{steps:>4} steps: {median:>10.1?} p50, {high:>10.1?} p99, {:>8.1?} a step",
                median / u32::try_from(steps)?
            );
        }
    }
    Ok(())
}

/// One turn of so many runs: the run's row, the attempt that ended and the one that begins.
fn turns(fence: Fence, steps: usize, n: &mut i64) -> Batch {
    let mut batch = Batch { fences: [fence].into(), ..Batch::default() };
    for _ in 0..steps {
        *n += 1;
        let (run, step) = (*n / 20, *n % 20);
        let key = |table, part: String, third| RowKey {
            first: run,
            second: 1,
            part: Arc::from(part),
            third,
            ..RowKey::named(table, "sample.workflow")
        };
        let body = |bytes: usize| Arc::from(format!("{{\"text\":\"{}\"}}", "x".repeat(bytes)).into_bytes());
        let live = Some(GroupId(fence.group.0)).filter(|_| step < 19);
        batch.writes.insert(key(Table::Run, String::new(), 0), Write::Save { body: body(RUN_BYTES), live });
        for step in [step, step + 1] {
            let write = Write::Save { body: body(ATTEMPT_BYTES), live: None };
            batch.writes.insert(key(Table::Attempt, format!("step{step}"), 1), write);
        }
    }
    batch
}
