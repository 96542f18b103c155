//! What each figure of the actor engine is to reach, by the store it runs over.

use serde::Serialize;

use super::figure::Spread;

/// What a figure is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    /// At least half of the samples take no longer.
    P50AtMost(f64),
    /// All but a hundredth of the samples take no longer.
    P99AtMost(f64),
    /// At least half of the samples reach it.
    P50AtLeast(f64),
}

/// Which store an engine runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    #[serde(rename = "SQLite")]
    Sqlite,
    #[serde(rename = "a database")]
    Database,
}

/// Figures with their bounds, over SQLite and over a database on the same machine.
const BOUNDS: [(&str, [Bound; 2]); 14] = [
    ("chain", [Bound::P50AtMost(0.5), Bound::P50AtMost(1.5)]),
    ("fan", [Bound::P50AtMost(0.1), Bound::P50AtMost(0.2)]),
    ("foreach", [Bound::P50AtMost(0.1), Bound::P50AtMost(0.2)]),
    ("sub", [Bound::P50AtMost(1.5), Bound::P50AtMost(4.0)]),
    ("flood", [Bound::P50AtLeast(10_000.0), Bound::P50AtLeast(6_000.0)]),
    ("start", [Bound::P50AtMost(3.0), Bound::P50AtMost(5.0)]),
    ("begin", [Bound::P50AtMost(1.0), Bound::P50AtMost(2.0)]),
    ("launch", [Bound::P99AtMost(5.0), Bound::P99AtMost(10.0)]),
    ("foreach-large", [Bound::P50AtMost(5.0), Bound::P50AtMost(10.0)]),
    ("foreach-memory", [Bound::P50AtMost(300.0), Bound::P50AtMost(300.0)]),
    ("idle", [Bound::P50AtMost(1024.0), Bound::P50AtMost(1024.0)]),
    ("recovery", [Bound::P50AtMost(10.0), Bound::P50AtMost(15.0)]),
    ("recovery-memory", [Bound::P50AtMost(1024.0), Bound::P50AtMost(1024.0)]),
    ("archive", [Bound::P50AtMost(1.1), Bound::P50AtMost(1.1)]),
];

impl Kind {
    /// As people know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Database => "a database",
        }
    }
}

impl Bound {
    /// That of a figure, if it has one.
    pub(super) fn of(figure: &str, store: Kind) -> Option<Self> {
        let (_, [sqlite, database]) = BOUNDS.into_iter().find(|(name, _)| *name == figure)?;
        Some(match store {
            Kind::Sqlite => sqlite,
            Kind::Database => database,
        })
    }

    /// Whether it is reached.
    pub(super) fn holds(self, spread: &Spread) -> bool {
        match self {
            Self::P50AtMost(most) => spread.p50 <= most,
            Self::P99AtMost(most) => spread.p99 <= most,
            Self::P50AtLeast(least) => spread.p50 >= least,
        }
    }

    /// As the table shows it.
    pub(super) fn text(self, spread: &Spread) -> String {
        let missed = if self.holds(spread) { "" } else { ", missed" };
        match self {
            Self::P50AtMost(most) => format!("≤ {most}{missed}"),
            Self::P99AtMost(most) => format!("p99 ≤ {most}{missed}"),
            Self::P50AtLeast(least) => format!("≥ {least}{missed}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(figure: &str, store: Kind, samples: &[f64], expected: &str) {
        let bound = Bound::of(figure, store).expect("it has a bound");
        assert_eq!(bound.text(&Spread::of(samples.to_vec())), expected);
    }

    #[test]
    fn a_bound_is_shown_with_whether_it_was_reached() {
        check("chain", Kind::Sqlite, &[0.4], "≤ 0.5");
        check("chain", Kind::Sqlite, &[0.6], "≤ 0.5, missed");
        check("chain", Kind::Database, &[0.6], "≤ 1.5");
        check("launch", Kind::Sqlite, &[1.0, 1.0, 9.0], "p99 ≤ 5, missed");
        check("launch", Kind::Database, &[1.0, 1.0, 9.0], "p99 ≤ 10");
        check("flood", Kind::Sqlite, &[9_999.0], "≥ 10000, missed");
        check("flood", Kind::Database, &[9_999.0], "≥ 6000");
    }
}
