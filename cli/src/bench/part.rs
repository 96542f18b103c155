//! A part of the bench in a process of its own: it measures, says what it measured in one line, and holds still until it is killed or
//! its input ends.

use std::{io::Read, path::Path, sync::Arc, time::Instant};

use anyhow::anyhow;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use workflow::{
    id::{InstanceId, InstanceKey},
    port::{InstanceAction, Request},
};

use super::{
    Where, open,
    probe::Probe,
    workload::{self, definition},
};
use crate::{
    engines::{Peers, Running},
    exit::{Exit, Failure},
    output::Output,
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
/// How long it may take until all of them go on.
const RECOVERY_MAX_S: f64 = 600.0;

/// What a process measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The largest loop.
    Foreach,
    /// Runs that wait, started.
    Idle,
    /// Those runs, taken over from a process that was killed.
    Recovery,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    pub(super) memory_mib: Option<f64>,
    pub(super) memory_peak_mib: Option<f64>,
}

impl Part {
    /// As the command line has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Foreach => "foreach",
            Self::Idle => "idle",
            Self::Recovery => "recovery",
        }
    }
}

/// Measures one part over a folder or a database.
pub(crate) async fn run(part: Part, folder: &Path, database: Option<&str>, output: &mut Output) -> Result<(), Failure> {
    let place = database.map_or(Where::Folder(folder), |url| Where::Database(url, Peers::alone()));
    let begun = Instant::now();
    let engine = open(&place, &Arc::new(Probe::default())).await?;
    let seconds = match part {
        Part::Foreach => foreach(&engine).await?,
        Part::Idle => {
            idle(&engine).await?;
            begun.elapsed().as_secs_f64()
        }
        Part::Recovery => {
            recovered(&engine, begun).await?;
            begun.elapsed().as_secs_f64()
        }
    };
    let (memory, peak) = (process::memory(), process::memory_peak());
    output.json(&Measured { seconds, memory_mib: memory.map(mib), memory_peak_mib: peak.map(mib) });
    // Until it is killed, or nobody waits for it any more.
    let _ended = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await;
    engine.shutdown().await;
    Ok(())
}

async fn foreach(engine: &Running) -> Result<f64, Failure> {
    let id = "bench-foreach-large";
    let each = workload::foreach(ITERATIONS, 500);
    let engine = engine.engine();
    workload::push(&*engine, &definition(id, &[each])).await?;
    Ok(workload::run(&*engine, id).await?.asked.elapsed().as_secs_f64())
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

/// Until every run is in memory or waits for its moment, whoever gives out permits knows who has some, and a run can be stopped.
async fn recovered(engine: &Running, begun: Instant) -> Result<(), Failure> {
    while engine.live() + engine.resting() < IDLE || engine.loading() > 0 {
        if begun.elapsed().as_secs_f64() > RECOVERY_MAX_S {
            let back = (engine.live() + engine.resting()).saturating_sub(engine.loading());
            return Err(Failure::new(Exit::Findings, anyhow!("{back} of {IDLE} runs came back")));
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let engine = engine.engine();
    // Answered after the wishes that were handed in before.
    let permit = json!({ "tag": "bench-idle", "max_allowed": 1 });
    workload::call(&*engine, Request::AddTagPermit { body: permit }).await?;
    let instance = InstanceKey { workflow: "bench-idle-0".into(), instance: InstanceId(1) };
    let stop = Request::InstanceAction { instance, run: None, action: InstanceAction::Stop };
    workload::call(&*engine, stop).await
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
