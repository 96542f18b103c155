//! Measuring the engines: workloads, figures, and the disk's own speed.

mod disk;
mod figure;
pub(crate) mod language;
mod peer;
mod workload;

use std::path::Path;

use workflow::id::InstanceId;

pub(crate) use figure::Figures;

use self::{figure::Figure, workload::Workload};
use crate::{
    campaign::bar,
    engines::{self, Place},
    exit::{Exit, Failure},
    output::Output,
};

/// Runs of the polling engine: each takes seconds, and their spread is the old stack's own.
const LEGACY_RUNS: usize = 1;

/// Measures everything on the disk of a folder.
pub(crate) async fn run(folder: &Path, runs: usize, with_legacy: bool, output: &Output) -> Result<Figures, Failure> {
    let data = folder.join(format!(".segue-bench-{}", std::process::id()));
    std::fs::create_dir_all(&data).map_err(|error| {
        Failure::new(Exit::Storage, anyhow::anyhow!("{} could not be made: {error}", data.display()))
            .with_hint("choose a folder on the disk to measure with `--dir`")
    })?;
    let measured = measure(&data, runs.max(1), with_legacy, output).await;
    if let Err(error) = std::fs::remove_dir_all(&data) {
        output_left_behind(&data, &error);
    }
    measured
}

fn output_left_behind(data: &Path, error: &std::io::Error) {
    tracing::warn!(folder = %data.display(), %error, "the bench's folder could not be removed");
}

async fn measure(data: &Path, runs: usize, with_legacy: bool, output: &Output) -> Result<Figures, Failure> {
    let fsync_before = disk::fsync(data).map_err(|error| Failure::new(Exit::Storage, error))?;
    let actor = engines::actor(Place::Folder(data), &[], InstanceId::FIRST, None).await?;
    let workloads = Workload::all();
    let progress = bar(workloads.len() * (1 + usize::from(with_legacy)), "workloads", output);
    let mut figures = Vec::new();
    for workload in &workloads {
        let samples = workload.measure(&*actor.engine(), runs, workload::WARM_UP).await?;
        figures.push(Figure::of(workload, samples));
        progress.inc(1);
    }
    actor.shutdown().await;
    if with_legacy {
        let legacy = engines::legacy(None, &[], 1.0).await?;
        for (workload, figure) in workloads.iter().zip(&mut figures) {
            if workload.is_for_legacy {
                let samples = workload.measure(&*legacy.engine(), LEGACY_RUNS, 0).await?;
                figure.set_legacy(samples);
            }
            progress.inc(1);
        }
        legacy.shutdown().await;
    }
    progress.finish_and_clear();
    let fsync_after = disk::fsync(data).map_err(|error| Failure::new(Exit::Storage, error))?;
    Ok(Figures { fsync_before, fsync_after, workloads: figures })
}
