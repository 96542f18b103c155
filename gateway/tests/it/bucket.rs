//! The bucket function is frozen.

use gateway::{
    flags::{ALGORITHM, BUCKETS, Bucket},
    rollout::Share,
};
use proptest::prelude::*;

/// Never change these: every one that moves is a workflow that changes its engine in the middle of a rollout.
const GOLDEN: &[(&str, &str, u16)] = &[
    ("", "", 7667),
    ("engine", "etl", 9731),
    ("engine", "billing.daily_rollup", 1562),
    ("engine", "a", 2614),
    ("engine", "b", 768),
    ("engine", "workflow-0001", 464),
    ("engine", "workflow-0002", 9928),
    ("engine", "Übung/日本", 2341),
    ("other", "etl", 2436),
    ("eng", "ineetl", 2701),
];

#[test]
fn keys_fall_where_they_always_fell() {
    assert_eq!(ALGORITHM, "xxh3-1");
    let fallen: Vec<_> = GOLDEN.iter().map(|&(salt, key, _)| (salt, key, Bucket::of(salt, key).number())).collect();
    assert_eq!(fallen, GOLDEN);
}

#[test]
fn shares_take_about_as_many_as_they_say() {
    let keys: Vec<String> = (0..20_000).map(|n| format!("team{}.workflow-{n}", n % 7)).collect();
    for share in [1, 100, 1_000, 2_500, 5_000, 9_900] {
        let taken = Share::per_ten_thousand(share).unwrap();
        let n = keys.iter().filter(|key| Bucket::of("engine", key).is_in(taken)).count();
        let (expected, n) = (f64::from(share) * 2.0, f64::from(u32::try_from(n).unwrap()));
        // Five standard deviations of a fair deal.
        let off = 5.0 * (expected * (1.0 - f64::from(share) / 10_000.0)).sqrt();
        assert!((n - expected).abs() <= off.max(5.0), "{share}: {n} instead of {expected}");
    }
}

#[test]
fn nothing_takes_nobody_and_everything_takes_all() {
    for n in 0..1_000 {
        let bucket = Bucket::of("engine", &format!("w{n}"));
        assert!(!bucket.is_in(Share::NONE) && bucket.is_in(Share::ALL) && bucket.number() < BUCKETS);
    }
}

proptest! {
    #[test]
    fn who_is_in_stays_in_as_the_share_grows(key in ".{0,40}", one in 0_u16..=10_000, other in 0_u16..=10_000) {
        let share = |n| Share::per_ten_thousand(n).unwrap();
        let bucket = Bucket::of("engine", &key);
        let (small, large) = (one.min(other), one.max(other));
        prop_assert!(!bucket.is_in(share(small)) || bucket.is_in(share(large)));
    }
}
