//! Quantiles by linear interpolation.

use serde::{Deserialize, Serialize};

/// How long runs took on one engine, in milliseconds of virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many runs.
    pub n: usize,
    /// Half of them took at most this.
    pub p50_ms: f64,
    /// Nine in ten took at most this.
    pub p90_ms: f64,
    /// 99 in a hundred took at most this.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Quantiles {
    /// Of any values, in any order; all zero if there are none.
    pub fn of(values: &[f64]) -> Self {
        let sorted = sorted(values);
        let at = |share: f64| quantile(&sorted, share);
        Self { n: sorted.len(), p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), max_ms: at(1.0) }
    }
}

/// The value below which a `share` of the sorted values lies; 0 if there are none.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * super::real(last);
    let below = floor_index(place).min(last);
    let above = (below + 1).min(last);
    let part = place - super::real(below);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

/// The values in ascending order.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place lies between 0 and the last index"
)]
fn floor_index(place: f64) -> usize {
    place.floor() as usize
}
