//! Measuring the engines: workloads, figures, and the disk's own speed.

mod archived;
mod bound;
mod disk;
mod figure;
mod heavy;
pub(crate) mod language;
mod load;
mod page;
pub(crate) mod part;
mod peer;
mod probe;
mod workload;

use std::{path::Path, sync::Arc};

pub(crate) use figure::Figures;

use self::{bound::Kind, figure::Figure, probe::Probe, workload::Workload};
use crate::{
    campaign::bar,
    engines::{self, Peers, Place, Running, Terms},
    exit::{Exit, Failure},
    output::Output,
};

/// The environment's name for the database to measure over.
pub(crate) const STORE_VARIABLE: &str = "SEGUE_BENCH_STORE";

/// Runs of the polling engine: each takes seconds, and their spread is the old stack's own.
const LEGACY_RUNS: usize = 1;

/// What is measured, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    /// A folder on the disk to measure.
    pub(crate) folder: &'a Path,
    /// A database in place of a file there.
    pub(crate) database: Option<&'a str>,
    /// Measured runs of each workload.
    pub(crate) runs: usize,
    /// Whether the polling engine is measured, too.
    pub(crate) with_legacy: bool,
    /// Whether what takes minutes and much memory is measured.
    pub(crate) is_heavy: bool,
    /// How many rows are put away to measure a step beside them, if any.
    pub(crate) archived: Option<usize>,
}

/// Where the engine that is measured keeps its state.
enum Where<'a> {
    Folder(&'a Path),
    Database(&'a str, Peers),
}

/// Measures everything.
pub(crate) async fn run(options: Options<'_>, output: &Output) -> Result<Figures, Failure> {
    let data = options.folder.join(format!(".segue-bench-{}", std::process::id()));
    std::fs::create_dir_all(&data).map_err(|error| {
        Failure::new(Exit::Storage, anyhow::anyhow!("{} could not be made: {error}", data.display()))
            .with_hint("choose a folder on the disk to measure with `--dir`")
    })?;
    let measured = measure(&data, options, output).await;
    if let Err(error) = std::fs::remove_dir_all(&data) {
        tracing::warn!(folder = %data.display(), %error, "the bench's folder could not be removed");
    }
    measured
}

/// The page of the figures, with the plot of latency over load.
pub(crate) fn html(figures: &Figures) -> Result<String, Failure> {
    page::html(figures).map_err(|error| Failure::new(Exit::Defect, error))
}

async fn measure(data: &Path, options: Options<'_>, output: &Output) -> Result<Figures, Failure> {
    let fsync_before = disk::fsync(data).map_err(|error| Failure::new(Exit::Storage, error))?;
    let place = match options.database {
        Some(url) => Where::Database(url, Peers::alone()),
        None => Where::Folder(data),
    };
    let probe = Arc::new(Probe::default());
    let actor = open(&place, &probe).await?;
    let workloads = Workload::all();
    let pieces = workloads.len() * (1 + usize::from(options.with_legacy)) + 1 + usize::from(options.is_heavy);
    let progress = bar(pieces, "workloads", output);
    let mut figures = Vec::new();
    for workload in &workloads {
        let samples = workload.measure(&*actor.engine(), options.runs.max(1), workload::WARM_UP).await?;
        figures.push(Figure::of(workload, samples));
        progress.inc(1);
    }
    let load = load::measure(&*actor.engine(), &probe).await?;
    progress.inc(1);
    let mut rest = load.figures;
    actor.shutdown().await;
    if options.is_heavy {
        rest.extend(heavy::measure(&place).await?);
        progress.inc(1);
    }
    if let Some(rows) = options.archived {
        rest.push(archived::measure(&place, rows, &progress).await?);
    }
    if options.with_legacy {
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
    figures.extend(rest);
    let fsync_after = disk::fsync(data).map_err(|error| Failure::new(Exit::Storage, error))?;
    let store = if options.database.is_some() { Kind::Database } else { Kind::Sqlite };
    for figure in &mut figures {
        figure.set_bound(store);
    }
    Ok(Figures { store, fsync_before, fsync_after, workloads: figures, load: load.points })
}

/// The actor engine with the probe in place of outside work.
async fn open(place: &Where<'_>, probe: &Arc<Probe>) -> Result<Running, Failure> {
    let place = match place {
        Where::Folder(folder) => Place::Folder(folder),
        Where::Database(url, peers) => Place::Database { url, peers },
    };
    engines::actor_with(place, probe.runtimes(), Terms::default()).await
}
