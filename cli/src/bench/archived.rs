//! What a step costs beside years of history: the same runs before and after so many rows of ended runs were put away.

use std::{sync::Arc, time::Duration};

use engine::store::{Batch, Store, Write};
use indicatif::ProgressBar;
use tokio::task;
use workflow::{
    id::{AttemptId, AttemptKey, InstanceId, RunId, RunKey},
    life::{Body, RowKey},
};

use super::{
    Where,
    figure::{Figure, Spread},
    open,
    probe::Probe,
    workload::{self, chain_of, definition},
};
use crate::{
    exit::{Exit, Failure},
    stores,
};

/// Steps of each run that is measured.
const STEPS: usize = 50;
/// Runs before the measured ones: the first ones meet cold caches.
const WARM_UP: usize = 100;
/// Runs that are measured each time.
const RUNS: usize = 200;
/// Rows of each archived run: its seed, its own and its attempts.
const ROWS_OF_RUN: usize = 20;
/// Workflows that the archived runs belong to.
const WORKFLOWS: usize = 100;
/// Runs that are written, and put away, in one transaction.
const RUNS_AT_ONCE: usize = 200;

/// Measures a step without history and beside it, over a store that nobody else has open.
pub(super) async fn measure(place: &Where<'_>, rows: usize, progress: &ProgressBar) -> Result<Figure, Failure> {
    let before = steps(place).await?;
    let store: Arc<dyn Store> = match place {
        Where::Folder(folder) => stores::folder(folder)?,
        Where::Database(url, _) => stores::database_apart(url, Duration::ZERO).await?,
    };
    let bar = progress.clone();
    let filled = task::spawn_blocking(move || fill(&*store, rows, &bar)).await;
    filled.map_err(|fault| Failure::new(Exit::Defect, fault))?.map_err(stores::failure)?;
    let after = steps(place).await?;
    let ratio = Spread::of(after).p50 / Spread::of(before).p50;
    Ok(Figure::new("archive", "a step's cost beside the archived rows, by its cost without", "ratio", vec![ratio]))
}

/// Milliseconds of a step in a row of them, from the start call to the end.
async fn steps(place: &Where<'_>) -> Result<Vec<f64>, Failure> {
    let engine = open(place, &Arc::new(Probe::default())).await?;
    let (id, of_engine) = ("bench-archive", engine.engine());
    workload::push(&*of_engine, &definition(id, &chain_of("NoOp", STEPS))).await?;
    let mut samples = Vec::with_capacity(RUNS);
    for number in 0..WARM_UP + RUNS {
        let run = workload::run(&*of_engine, id).await?;
        if number >= WARM_UP {
            #[expect(clippy::cast_precision_loss, reason = "a few steps")]
            samples.push(run.asked.elapsed().as_secs_f64() * 1_000.0 / STEPS as f64);
        }
    }
    engine.shutdown().await;
    Ok(samples)
}

/// Writes ended runs and puts them away.
fn fill(store: &dyn Store, rows: usize, progress: &ProgressBar) -> Result<(), engine::store::Error> {
    let runs = rows.div_ceil(ROWS_OF_RUN);
    let body: Body = Arc::from(&br#"{"status":"SUCCEEDED"}"#[..]);
    progress.inc_length(runs as u64);
    for first in (0..runs).step_by(RUNS_AT_ONCE) {
        let mut batch = Batch::default();
        for number in first..runs.min(first + RUNS_AT_ONCE) {
            let save = || Write::Save { body: Arc::clone(&body), live: None };
            batch.writes.extend(rows_of(number).map(|key| (key, save())));
        }
        store.commit(&batch)?;
        while store.archive(RUNS_AT_ONCE)? > 0 {}
        progress.inc(RUNS_AT_ONCE as u64);
    }
    Ok(())
}

fn rows_of(number: usize) -> impl Iterator<Item = RowKey> {
    let instance = i64::try_from(number / WORKFLOWS + 1).unwrap_or(i64::MAX);
    let workflow = format!("bench-archived-{}", number % WORKFLOWS).into();
    let run = RunKey { workflow, instance: InstanceId(instance), run: RunId::FIRST };
    let own = [RowKey::seed(&run), RowKey::run(&run)];
    let attempts = (2..ROWS_OF_RUN).map(move |step| {
        RowKey::attempt(&AttemptKey { run: run.clone(), step: format!("s{step}").into(), attempt: AttemptId(1) })
    });
    own.into_iter().chain(attempts)
}
