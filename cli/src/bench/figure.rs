//! Figures, as tables and JSON show them.

use replay::latency::quantile;
use serde::Serialize;

use super::{
    bound::{Bound, Kind},
    disk::Fsync,
    load::Point,
    workload::Workload,
};
use crate::output::Output;

/// Everything that was measured in one run.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// What the actor engine keeps its state in.
    pub(super) store: Kind,
    pub(crate) fsync_before: Fsync,
    pub(crate) fsync_after: Fsync,
    pub(crate) workloads: Vec<Figure>,
    /// How launches take longer under load.
    pub(crate) load: Vec<Point>,
}

/// One workload on both engines.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    workload: &'static str,
    about: &'static str,
    unit: &'static str,
    is_rate: bool,
    actor: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legacy: Option<Spread>,
    /// How many times as fast the actor engine is.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// Where samples lie.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Figure {
    /// What the columns of [`Figure::row`] are.
    pub(super) const HEAD: [&'static str; 9] =
        ["WORKLOAD", "WHAT", "UNIT", "ACTOR P50", "P99", "BOUND", "/FSYNC", "LEGACY P50", "FASTER"];

    pub(super) fn of(workload: &Workload, samples: Vec<f64>) -> Self {
        Self { is_rate: workload.is_rate(), ..Self::new(workload.name, workload.about, workload.unit, samples) }
    }

    /// A figure of the actor engine alone, of which less is better.
    pub(super) fn new(name: &'static str, about: &'static str, unit: &'static str, samples: Vec<f64>) -> Self {
        let actor = Spread::of(samples);
        Self { workload: name, about, unit, is_rate: false, actor, bound: None, legacy: None, ratio: None }
    }

    /// A row of the table.
    pub(super) fn row(&self, fsync: &Fsync) -> Vec<String> {
        let spread =
            |spread: &Spread| format!("{} ({} to {})", short(spread.p50), short(spread.least), short(spread.most));
        let fsyncs = if self.unit.starts_with("ms") {
            format!("{:.2}", self.actor.p50 / fsync.p50_ms.max(f64::MIN_POSITIVE))
        } else {
            "-".to_owned()
        };
        vec![
            self.workload.to_owned(),
            self.about.to_owned(),
            self.unit.to_owned(),
            spread(&self.actor),
            short(self.actor.p99),
            self.bound.map_or("-".to_owned(), |bound| bound.text(&self.actor)),
            fsyncs,
            self.legacy.as_ref().map_or("-".to_owned(), &spread),
            self.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.0} ×")),
        ]
    }

    /// Puts beside it what it is to reach over a store.
    pub(super) fn set_bound(&mut self, store: Kind) {
        self.bound = Bound::of(self.workload, store);
    }

    pub(super) fn set_legacy(&mut self, samples: Vec<f64>) {
        let legacy = Spread::of(samples);
        let (slow, fast) = if self.is_rate { (self.actor.p50, legacy.p50) } else { (legacy.p50, self.actor.p50) };
        self.ratio = (fast > 0.0).then(|| slow / fast);
        self.legacy = Some(legacy);
    }
}

impl Spread {
    pub(super) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |share| quantile(&samples, share);
        Self { p50: at(0.5), p99: at(0.99), least: at(0.0), most: at(1.0) }
    }
}

impl Figures {
    /// The table for people.
    pub(crate) fn show(&self, output: &mut Output) {
        output.line(format_args!(
            "fsync of 4 KiB on this disk: p50 {:.3} ms, p99 {:.3} ms (after: {:.3}, {:.3})",
            self.fsync_before.p50_ms, self.fsync_before.p99_ms, self.fsync_after.p50_ms, self.fsync_after.p99_ms
        ));
        let rows = self.workloads.iter().map(|figure| figure.row(&self.fsync_before));
        output.table(&Figure::HEAD, rows);
        output.line(format_args!("\ntime to launch a step by load, over {}:", self.store.name()));
        let rows = self.load.iter().map(|point| {
            let Spread { p50, p99, least, most } = point.launch_ms;
            let range = format!("{} to {}", short(least), short(most));
            vec![point.runs.to_string(), short(p50), short(p99), range, short(point.steps_per_s)]
        });
        output.table(&["RUNS AT ONCE", "P50 MS", "P99 MS", "RANGE", "STEPS/S"], rows);
    }
}

pub(super) fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.3}"),
        10.0..1_000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
