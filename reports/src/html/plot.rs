//! How long each kind of workflow took on both engines, on one logarithmic scale.

use std::collections::BTreeMap;

use replay::{campaign::Report, latency::Quantiles};

use crate::{
    visible,
    wording::{duration, ratio},
};

/// Kinds that are plotted: those with most runs.
const KINDS_MAX: usize = 30;

/// Where the scale begins: a logarithm has no zero.
const FLOOR_MS: f64 = 1.0;

/// The plot: places are in hundredths of its width.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plot {
    pub(super) ticks: Vec<Tick>,
    pub(super) rows: Vec<Row>,
    /// Kinds that are left out.
    pub(super) more: usize,
}

/// A mark of the scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: String,
    pub(super) label: String,
}

/// One kind of workflow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) n: usize,
    pub(super) old: Span,
    pub(super) new: Span,
    /// How much faster, or slower, the new engine is by median; nothing if it is neither.
    pub(super) change: Option<String>,
}

/// From the median to the 99th percentile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: String,
    pub(super) width: String,
    pub(super) p50: String,
    pub(super) p99: String,
}

impl Plot {
    /// None if nothing was measured.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let mut kinds = measured(report);
        kinds.sort_by_key(|(_, old, _)| std::cmp::Reverse(old.n));
        let more = kinds.len().saturating_sub(KINDS_MAX);
        kinds.truncate(KINDS_MAX);
        let longest = kinds.iter().map(|(_, old, new)| old.p99_ms.max(new.p99_ms)).reduce(f64::max)?;
        let scale = Scale { decades: longest.max(FLOOR_MS * 10.0).log10().ceil() };
        let row = |(name, old, new): (&str, Quantiles, Quantiles)| Row {
            name: visible::line(name).into_owned(),
            n: old.n,
            old: scale.span(&old),
            new: scale.span(&new),
            change: change(&old, &new),
        };
        Some(Self { ticks: scale.ticks(), rows: kinds.into_iter().map(row).collect(), more })
    }
}

fn measured(report: &Report) -> Vec<(&str, Quantiles, Quantiles)> {
    let mut by_kind: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for finding in &report.findings {
        if let (Some(old), Some(new)) = (finding.baseline_ms, finding.candidate_ms) {
            let of_kind = by_kind.entry(&finding.stratum).or_default();
            of_kind.0.push(real(old));
            of_kind.1.push(real(new));
        }
    }
    by_kind.into_iter().map(|(name, (old, new))| (name, Quantiles::of(&old), Quantiles::of(&new))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "durations stay far below 2^52 ms")]
fn real(ms: i64) -> f64 {
    ms as f64
}

fn change(old: &Quantiles, new: &Quantiles) -> Option<String> {
    if new.p50_ms < old.p50_ms {
        return ratio(old.p50_ms, new.p50_ms.max(FLOOR_MS)).map(|ratio| format!("{ratio} faster"));
    }
    let slower = ratio(new.p50_ms, old.p50_ms.max(FLOOR_MS)).filter(|_| new.p50_ms > old.p50_ms)?;
    Some(format!("{slower} slower"))
}

/// From [`FLOOR_MS`] over so many powers of ten.
struct Scale {
    decades: f64,
}

impl Scale {
    fn place(&self, ms: f64) -> f64 {
        (ms.max(FLOOR_MS).log10() / self.decades * 100.0).clamp(0.0, 100.0)
    }

    fn span(&self, quantiles: &Quantiles) -> Span {
        /// A span of one value is still a mark that can be seen.
        const WIDTH_MIN: f64 = 0.8;
        let (from, to) = (self.place(quantiles.p50_ms), self.place(quantiles.p99_ms));
        let width = (to - from).max(WIDTH_MIN);
        Span {
            from: format!("{:.2}", from.min(100.0 - width)),
            width: format!("{width:.2}"),
            p50: duration(quantiles.p50_ms),
            p99: duration(quantiles.p99_ms),
        }
    }

    fn ticks(&self) -> Vec<Tick> {
        let marks: [(f64, &str); 11] = [
            (1.0, "1 ms"),
            (10.0, "10 ms"),
            (100.0, "100 ms"),
            (1e3, "1 s"),
            (1e4, "10 s"),
            (6e4, "1 min"),
            (6e5, "10 min"),
            (3.6e6, "1 h"),
            (3.6e7, "10 h"),
            (8.64e8, "10 d"),
            (8.64e9, "100 d"),
        ];
        let of_scale = marks.iter().filter(|(ms, _)| ms.log10() <= self.decades);
        of_scale.map(|(ms, label)| Tick { at: format!("{:.2}", self.place(*ms)), label: (*label).to_owned() }).collect()
    }
}
