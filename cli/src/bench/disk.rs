//! How long the disk itself takes to make 4 KiB durable.

use std::{fs::File, io::Write, path::Path, time::Instant};

use anyhow::Context;
use replay::latency::quantile;
use serde::Serialize;

/// Writes that are measured.
const WRITES: usize = 200;

/// What one write takes; as large as a page of most file systems.
const BLOCK_BYTES: usize = 4_096;

/// Time of one durable write.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Fsync {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Measures it in a folder.
pub(crate) fn fsync(folder: &Path) -> anyhow::Result<Fsync> {
    let path = folder.join("fsync");
    let mut file = File::create(&path).with_context(|| format!("{} could not be made", path.display()))?;
    let block = [0x5A_u8; BLOCK_BYTES];
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let started = Instant::now();
        file.write_all(&block).and_then(|()| file.sync_data()).context("the disk refused a durable write")?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    drop(file);
    std::fs::remove_file(&path).with_context(|| format!("{} could not be removed", path.display()))?;
    times.sort_by(f64::total_cmp);
    Ok(Fsync { p50_ms: quantile(&times, 0.5), p99_ms: quantile(&times, 0.99) })
}
