//! How the time to launch a step grows with the runs that go on at once.

use std::time::Instant;

use futures::future::try_join_all;
use serde::Serialize;
use workflow::port::Engine;

use super::{
    figure::{Figure, Spread},
    probe::{Probe, STEP_TYPE},
    workload::{self, chain_of, definition},
};
use crate::exit::{Exit, Failure};

/// Runs at once, from nothing else to do to a full house.
const AT_ONCE: [usize; 4] = [1, 4, 16, 64];

/// Steps of each run.
const STEPS: usize = 20;

/// Launches that are measured of each number at least, after a tenth as many to warm up.
const LAUNCHES: usize = 10_000;

/// What was measured with so many runs at once.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) runs: usize,
    pub(crate) steps_per_s: f64,
    #[serde(flatten)]
    pub(crate) launch_ms: Spread,
}

/// What came of all of it.
pub(super) struct Load {
    pub(super) points: Vec<Point>,
    pub(super) figures: Vec<Figure>,
}

/// Measures an engine whose steps are the probe's.
pub(super) async fn measure(engine: &dyn Engine, probe: &Probe) -> Result<Load, Failure> {
    let id = "bench-launch";
    workload::push(engine, &definition(id, &chain_of(STEP_TYPE, STEPS))).await?;
    let (mut points, mut fullest) = (Vec::new(), Vec::new());
    let (mut starts, mut begins) = (Vec::new(), Vec::new());
    for runs in AT_ONCE {
        let rounds = LAUNCHES.div_ceil(runs * (STEPS - 1));
        go_on(engine, id, runs, rounds.div_ceil(10)).await?;
        probe.take();
        let begun = Instant::now();
        let started = go_on(engine, id, runs, rounds).await?;
        // Calls that stand in line together say how long the line is, not how long a call takes.
        for started in started.into_iter().filter(|_| runs == 1) {
            starts.push((started.answered - started.asked).as_secs_f64() * 1_000.0);
            let began = probe.began(&started.run).unwrap_or(started.answered);
            begins.push(began.saturating_duration_since(started.answered).as_secs_f64() * 1_000.0);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let launches = probe.take();
        if launches.is_empty() {
            return Err(Failure::new(Exit::Defect, anyhow::anyhow!("no step of {id} reached its work")));
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousand steps")]
        let steps_per_s = (rounds * runs * STEPS) as f64 / seconds;
        fullest.clone_from(&launches);
        points.push(Point { runs, steps_per_s, launch_ms: Spread::of(launches) });
    }
    let figures = vec![
        Figure::new("start", "a start call, durable when it is answered", "ms/call", starts),
        Figure::new("begin", "from that answer to the run's first work", "ms/run", begins),
        Figure::new("launch", "from a step's end to the next one's work, 64 runs at once", "ms/step", fullest),
    ];
    Ok(Load { points, figures })
}

/// Has so many runs go on at once, each followed by the next one, in so many rounds.
async fn go_on(engine: &dyn Engine, id: &str, runs: usize, rounds: usize) -> Result<Vec<workload::Started>, Failure> {
    let lines = try_join_all((0..runs).map(|_| async {
        let mut line = Vec::new();
        for _ in 0..rounds {
            line.push(workload::run(engine, id).await?);
        }
        Ok::<_, Failure>(line)
    }));
    Ok(lines.await?.into_iter().flatten().collect())
}
