//! Is the new engine faster, by how much, and how sure is that?
//!
//! Samples differ in length by orders of magnitude, so everything here goes by rank and median, never by mean.

mod quantile;
mod rank;
mod shift;

pub use quantile::{Quantiles, quantile};
pub use rank::{RankTest, rank_test};
use serde::{Deserialize, Serialize};
pub use shift::Shift;

/// How long the same samples took on both engines, in virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// On the baseline.
    pub baseline: Quantiles,
    /// On the candidate.
    pub candidate: Quantiles,
    /// Pairs in which the baseline took longer, ties counting half.
    pub u: f64,
    /// Two-sided probability that a difference as large is chance.
    pub p: f64,
    /// Candidate minus baseline.
    pub shift: Shift,
}

impl Latency {
    /// Compares two sets of durations in milliseconds; `seed` drives the bootstrap.
    pub fn compare(baseline: &[f64], candidate: &[f64], seed: u64) -> Self {
        let test = rank_test(baseline, candidate);
        Self {
            baseline: Quantiles::of(baseline),
            candidate: Quantiles::of(candidate),
            u: test.u,
            p: test.p,
            shift: Shift::between(baseline, candidate, seed),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}
