//! Random choices, all of which follow from one seed.

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// A seeded source of choices.
#[derive(Debug)]
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// True so many times in a hundred.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// From `least` to `most`, both of them too.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0.random_range(least..=most)
    }

    /// A number of things.
    pub(super) fn count(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least..=most)
    }

    /// One of these; there is at least one.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.0.random_range(0..from.len())]
    }
}
