//! Figures, as tables and JSON show them.

use replay::latency::quantile;
use serde::Serialize;

use super::{disk::Fsync, workload::Workload};
use crate::output::Output;

/// Everything that was measured in one run.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) fsync_before: Fsync,
    pub(crate) fsync_after: Fsync,
    pub(crate) workloads: Vec<Figure>,
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
    legacy: Option<Spread>,
    /// How many times as fast the actor engine is.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// Where samples lie.
#[derive(Clone, Copy, Debug, Serialize)]
struct Spread {
    p50: f64,
    p99: f64,
    least: f64,
    most: f64,
}

impl Figure {
    pub(super) fn of(workload: &Workload, samples: Vec<f64>) -> Self {
        Self {
            workload: workload.name,
            about: workload.about,
            unit: workload.unit,
            is_rate: workload.is_rate(),
            actor: Spread::of(samples),
            legacy: None,
            ratio: None,
        }
    }

    pub(super) fn set_legacy(&mut self, samples: Vec<f64>) {
        let legacy = Spread::of(samples);
        let (slow, fast) = if self.is_rate { (self.actor.p50, legacy.p50) } else { (legacy.p50, self.actor.p50) };
        self.ratio = (fast > 0.0).then(|| slow / fast);
        self.legacy = Some(legacy);
    }
}

impl Spread {
    fn of(mut samples: Vec<f64>) -> Self {
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
        let rows = self.workloads.iter().map(|figure| {
            let spread =
                |spread: &Spread| format!("{} ({} to {})", short(spread.p50), short(spread.least), short(spread.most));
            let fsyncs = if figure.is_rate {
                "-".to_owned()
            } else {
                format!("{:.2}", figure.actor.p50 / self.fsync_before.p50_ms.max(f64::MIN_POSITIVE))
            };
            vec![
                figure.workload.to_owned(),
                figure.about.to_owned(),
                figure.unit.to_owned(),
                spread(&figure.actor),
                short(figure.actor.p99),
                fsyncs,
                figure.legacy.as_ref().map_or("-".to_owned(), &spread),
                figure.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.0} ×")),
            ]
        });
        output.table(&["WORKLOAD", "WHAT", "UNIT", "ACTOR P50", "P99", "/FSYNC", "LEGACY P50", "FASTER"], rows);
    }
}

pub(super) fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.3}"),
        10.0..1_000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
