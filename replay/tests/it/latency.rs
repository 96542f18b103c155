//! Statistics against an independent library.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use replay::latency::{Latency, Quantiles, Shift, quantile, rank_test};
use statrs::{
    statistics::{Data, OrderStatistics},
    stats_tests::{
        Alternative,
        mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu},
    },
};

fn values(n: usize, seed: u64, scale: f64, steps: u32) -> Vec<f64> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..n).map(|_| scale * f64::from(random.random_range(0..steps))).collect()
}

#[test]
fn the_rank_test_agrees_with_an_independent_one() {
    for (seed, (n, m), scale, steps) in
        [(1, (25, 40), 1.0, 1_000), (2, (300, 280), 1.1, 1_000), (3, (60, 60), 1.0, 7), (4, (50, 90), 2.0, 20)]
    {
        let (left, right) = (values(n, seed, 1.0, steps), values(m, seed + 100, scale, steps));
        let ours = rank_test(&left, &right);
        let (u, p) =
            mannwhitneyu(&left, &right, MannWhitneyUMethod::AsymptoticInclContinuityCorrection, Alternative::TwoSided)
                .expect("the values are numbers");
        assert!((ours.u - u).abs() < 1e-9 || (ours.u + u - pairs(n, m)).abs() < 1e-9, "{ours:?} {u}");
        assert!((ours.p - p).abs() < 1e-6, "{seed}: {ours:?} against {p}");
    }
}

fn pairs(n: usize, m: usize) -> f64 {
    f64::from(u32::try_from(n * m).expect("it is small"))
}

#[test]
fn nothing_is_said_of_equal_or_of_no_values() {
    assert!((rank_test(&[5.0; 30], &[5.0; 30]).p - 1.0).abs() < f64::EPSILON);
    assert!((rank_test(&[], &[1.0]).p - 1.0).abs() < f64::EPSILON);
    assert_eq!(Latency::compare(&[], &[], 1).shift, Shift::default());
}

#[test]
fn quantiles_interpolate_between_neighbours() {
    let sorted = [10.0, 20.0, 40.0];
    for (share, expected) in [(0.0, 10.0), (0.5, 20.0), (0.75, 30.0), (1.0, 40.0)] {
        assert!((quantile(&sorted, share) - expected).abs() < 1e-12);
    }
    let many = values(501, 9, 1.0, 10_000);
    let ours = Quantiles::of(&many);
    let mut theirs = Data::new(many);
    assert!((ours.p50_ms - theirs.median()).abs() < 1e-9);
}

#[test]
fn a_shift_is_found_with_an_interval_that_holds_it() {
    let left = values(120, 5, 1.0, 100);
    let right: Vec<f64> = left.iter().map(|value| value - 30.0).collect();
    let shift = Shift::between(&left, &right, 7);
    assert!((shift.ms + 30.0).abs() < 1.5, "{shift:?}");
    assert!(shift.low_ms <= shift.ms && shift.ms <= shift.high_ms, "{shift:?}");
    assert!(shift.low_ms < -30.0 && shift.high_ms > -30.0, "{shift:?}");
    assert_eq!(shift, Shift::between(&left, &right, 7));
}

#[test]
fn the_shift_is_the_median_of_all_pairwise_differences() {
    // Differences: 9, 8, 5, 19, 18, 15 → sorted 5 8 9 15 18 19.
    assert!((Shift::between(&[1.0, 2.0, 5.0], &[10.0, 20.0], 1).ms - 12.0).abs() < 1e-12);
}
