//! What takes minutes and much memory: the largest loop, and a hundred thousand runs that only wait.

use std::{sync::Arc, time::Instant};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::{
    figure::Figure,
    open,
    probe::Probe,
    workload::{self, definition},
};
use crate::{
    bench::Where,
    engines::Running,
    exit::{Exit, Failure},
    process,
};

/// Iterations of the loop: as many as are allowed.
const ITERATIONS: usize = 25_000;
/// Runs that wait.
const IDLE: usize = 100_000;
/// How many of them are of one workflow: no more may go on at once.
const IDLE_OF_ONE: usize = 1_000;
/// Start calls under way at once.
const CALLS: usize = 256;
/// How long a run sleeps: longer than any measurement.
const SLEEP_S: u32 = 7 * 24 * 3_600;
/// How long all of them may take to be in memory again.
const RECOVERY_MAX_S: f64 = 600.0;

/// Measures all of it over a store; gives the engine back that is open at the end.
pub(super) async fn measure(place: &Where<'_>, engine: Running) -> Result<(Vec<Figure>, Running), Failure> {
    let mut figures = foreach(&engine).await?;
    let empty = process::memory();
    idle(&engine).await?;
    figures.extend(grown(empty).map(|mib| Figure::new("idle", "memory of 100,000 runs that wait", "MiB", vec![mib])));
    // What a kill leaves behind is what is durable; an orderly end leaves the same.
    engine.shutdown().await;
    let begun = Instant::now();
    let engine = open(place, &Arc::new(Probe::default())).await?;
    while engine.live() < IDLE {
        if begun.elapsed().as_secs_f64() > RECOVERY_MAX_S {
            return Err(Failure::new(Exit::Findings, anyhow::anyhow!("{} of {IDLE} runs came back", engine.live())));
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let seconds = begun.elapsed().as_secs_f64();
    figures.push(Figure::new("recovery", "those 100,000 in memory again after a start", "s", vec![seconds]));
    Ok((figures, engine))
}

async fn foreach(engine: &Running) -> Result<Vec<Figure>, Failure> {
    let id = "bench-foreach-large";
    let each = workload::foreach(ITERATIONS, 500);
    let engine = engine.engine();
    workload::push(&*engine, &definition(id, &[each])).await?;
    let begun = Instant::now();
    let started = workload::start(&*engine, id).await?;
    workload::ended(&*engine, &started.run).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut figures = vec![Figure::new("foreach-large", "25,000 iterations, 500 at once", "s", vec![seconds])];
    figures.extend(process::memory_peak().map(|bytes| {
        Figure::new("foreach-peak", "the most memory that the process ever held by then", "MiB", vec![mib(bytes)])
    }));
    Ok(figures)
}

async fn idle(engine: &Running) -> Result<(), Failure> {
    let sleep = json!({ "step": { "id": "sleep", "type": "Sleep",
        "params": { "sleep_seconds": { "value": SLEEP_S, "type": "LONG" } } } });
    let engine = engine.engine();
    let engine = &*engine;
    let ids: Vec<String> = (0..IDLE / IDLE_OF_ONE).map(|number| format!("bench-idle-{number}")).collect();
    for id in &ids {
        let mut definition = definition(id, std::slice::from_ref(&sleep));
        definition["properties"]["run_strategy"]["workflow_concurrency"] = IDLE_OF_ONE.into();
        workload::push(engine, &definition).await?;
    }
    let starts = (0..IDLE).map(|number| workload::start(engine, &ids[number % ids.len()]));
    stream::iter(starts).buffer_unordered(CALLS).try_for_each(|_| async { Ok(()) }).await
}

fn grown(before: Option<u64>) -> Option<f64> {
    Some(mib(process::memory()?.saturating_sub(before?)))
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
