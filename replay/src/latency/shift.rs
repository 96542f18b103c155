//! Hodges–Lehmann shift: by how much the right engine's runs take longer, with a bootstrap interval.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::quantile::{quantile, sorted};

/// Values a side that the shift is computed from; more are thinned to evenly spaced quantiles. Its cost grows with the square.
const VALUES_MAX: usize = 200;

/// Resamplings behind the interval.
const RESAMPLINGS: usize = 200;

/// The median of all differences between a right and a left value, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Right minus left; negative where the right engine is faster.
    pub ms: f64,
    /// The lower end of the 95 % bootstrap interval.
    pub low_ms: f64,
    /// Its upper end.
    pub high_ms: f64,
}

impl Shift {
    /// The shift from left to right; all zero where a side is empty. The same seed gives the same interval.
    pub fn between(left: &[f64], right: &[f64], seed: u64) -> Self {
        if left.is_empty() || right.is_empty() {
            return Self::default();
        }
        let (left, right) = (thinned(left), thinned(right));
        let mut random = StdRng::seed_from_u64(seed);
        let mut differences = Vec::with_capacity(left.len() * right.len());
        let ms = median_difference(&left, &right, &mut differences);
        let mut resampled: Vec<f64> = Vec::with_capacity(RESAMPLINGS);
        for _ in 0..RESAMPLINGS {
            let (left, right) = (resample(&left, &mut random), resample(&right, &mut random));
            resampled.push(median_difference(&left, &right, &mut differences));
        }
        resampled.sort_by(f64::total_cmp);
        Self { ms, low_ms: quantile(&resampled, 0.025), high_ms: quantile(&resampled, 0.975) }
    }
}

fn median_difference(left: &[f64], right: &[f64], differences: &mut Vec<f64>) -> f64 {
    differences.clear();
    differences.extend(right.iter().flat_map(|right| left.iter().map(move |left| right - left)));
    let middle = differences.len() / 2;
    let (below, &mut upper, _) = differences.select_nth_unstable_by(middle, f64::total_cmp);
    if differences_are_odd(left, right) {
        return upper;
    }
    let lower = below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
    f64::midpoint(lower, upper)
}

fn differences_are_odd(left: &[f64], right: &[f64]) -> bool {
    (left.len() * right.len()) % 2 == 1
}

fn resample(values: &[f64], random: &mut StdRng) -> Vec<f64> {
    values.iter().map(|_| values[random.random_range(0..values.len())]).collect()
}

fn thinned(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    if sorted.len() <= VALUES_MAX {
        return sorted;
    }
    let share = |index: usize| super::real(index) / super::real(VALUES_MAX - 1);
    (0..VALUES_MAX).map(|index| quantile(&sorted, share(index))).collect()
}
