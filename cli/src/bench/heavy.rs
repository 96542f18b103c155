//! What takes minutes and much memory: the largest loop, and a hundred thousand runs that only wait, through a kill.
//!
//! Each part has a process of its own, so that the memory that is measured is the engine's, and so that there is something to kill.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time,
};

use super::{
    Where,
    figure::Figure,
    part::{Measured, Part},
};
use crate::exit::{Exit, Failure};

/// How long one part may take.
const PART_MAX: Duration = Duration::from_mins(15);

/// Measures all of it over a store that nobody else has open.
pub(super) async fn measure(place: &Where<'_>) -> Result<Vec<Figure>, Failure> {
    let (foreach, process) = begin(place, Part::Foreach).await?;
    end(process).await?;
    let mut figures = vec![Figure::new("foreach-large", "25,000 iterations, 500 at once", "s", vec![foreach.seconds])];
    figures.extend(memory(
        "foreach-memory",
        "the most memory of an engine that ran only those",
        foreach.memory_peak_mib,
    ));
    let (idle, process) = begin(place, Part::Idle).await?;
    figures.extend(memory("idle", "memory of an engine with 100,000 runs that wait", idle.memory_mib));
    kill(process).await?;
    let killed = Instant::now();
    let (recovered, process) = begin(place, Part::Recovery).await?;
    let seconds = killed.elapsed().as_secs_f64();
    end(process).await?;
    figures.push(Figure::new("recovery", "from the kill -9 of that engine until all go on", "s", vec![seconds]));
    figures.extend(memory(
        "recovery-memory",
        "the most memory of the engine that took them over",
        recovered.memory_peak_mib,
    ));
    Ok(figures)
}

/// A part that has measured; its process still holds what it measured.
async fn begin(place: &Where<'_>, part: Part) -> Result<(Measured, Child), Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::new(Exit::Defect, error))?;
    let mut command = Command::new(own);
    command.args(["bench", "part", part.name()]);
    match place {
        Where::Folder(folder) => command.arg("--dir").arg(folder),
        // Not as an argument: everybody can see those.
        Where::Database(url, _) => command.env(super::STORE_VARIABLE, url),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(part, &error.to_string()))?;
    let answers = child.stdout.take().ok_or_else(|| failed(part, "it has no output"))?;
    let measured = time::timeout(PART_MAX, answer(answers)).await;
    let measured = measured.map_err(|_| failed(part, "it takes too long"))?;
    Ok((measured.map_err(|why| failed(part, &why))?, child))
}

async fn answer(from: ChildStdout) -> Result<Measured, String> {
    let line = BufReader::new(from).lines().next_line().await.map_err(|error| error.to_string())?;
    let line = line.ok_or("it ended without an answer")?;
    serde_json::from_str(&line).map_err(|error| error.to_string())
}

/// Lets a process end by itself: it does when its input ends. The next one can then have the store at once.
async fn end(mut process: Child) -> Result<(), Failure> {
    let ended = process.wait().await;
    ended.map(drop).map_err(|error| Failure::new(Exit::Defect, anyhow!("a part did not end: {error}")))
}

/// Ends a process as a crash does: it cannot do anything about it.
async fn kill(mut process: Child) -> Result<(), Failure> {
    process.kill().await.map_err(|error| Failure::new(Exit::Defect, anyhow!("a part could not be killed: {error}")))
}

fn failed(part: Part, why: &str) -> Failure {
    Failure::new(Exit::Findings, anyhow!("the part `{}` of the bench failed: {why}", part.name()))
}

fn memory(name: &'static str, about: &'static str, mib: Option<f64>) -> Option<Figure> {
    Some(Figure::new(name, about, "MiB", vec![mib?]))
}
