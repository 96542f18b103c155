//! Mann–Whitney U: does one engine tend to take longer than the other?

/// What the rank test says of two sets of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// Pairs in which the left value is larger, ties counting half.
    pub u: f64,
    /// Two-sided probability of a difference as large by chance (normal approximation with ties and continuity corrected).
    pub p: f64,
}

/// Compares two sets of values by rank; nothing can be said (`p` = 1) where one is empty or all values are equal.
pub fn rank_test(left: &[f64], right: &[f64]) -> RankTest {
    let mut all: Vec<(f64, bool)> = left.iter().map(|&value| (value, true)).collect();
    all.extend(right.iter().map(|&value| (value, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank_sum, mut tie_term, mut from) = (0.0, 0.0, 0);
    for run in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let size = super::real(run.len());
        let mean_rank = super::real(from) + f64::midpoint(1.0, size);
        rank_sum += mean_rank * super::real(run.iter().filter(|(_, is_left)| *is_left).count());
        tie_term += size * size * size - size;
        from += run.len();
    }
    let (n, m) = (super::real(left.len()), super::real(right.len()));
    let u = rank_sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - tie_term / (total * (total - 1.0)));
    // Comparisons with NaN (no values at all) are false, too.
    if variance.is_nan() || variance <= 0.0 {
        return RankTest { u, p: 1.0 };
    }
    let distance = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
    RankTest { u, p: two_sided(distance / variance.sqrt()) }
}

/// The probability of a standard normal value at least so far from 0.
fn two_sided(z: f64) -> f64 {
    complementary_error(z / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

/// `erfc` for x ≥ 0 by its continued fraction, and by the series of `erf` near 0; right to about 1e-12.
fn complementary_error(x: f64) -> f64 {
    /// Enough terms for 1e-12 on both sides of the switch.
    const TERMS: u32 = 120;
    let root = std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for k in 1..TERMS {
            term *= -x * x / f64::from(k);
            sum += term / f64::from(2 * k + 1);
        }
        return 1.0 - 2.0 / root * sum;
    }
    let fraction = (1..TERMS).rev().fold(x, |below, k| x + f64::from(k) / 2.0 / below);
    (-x * x).exp() / (root * fraction)
}
