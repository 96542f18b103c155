//! Where fresh ids come from: the operating system in production, a seed in replay and simulation.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use super::Ids;

/// Ids from a generator that somebody seeded: the same seed gives the same ids in the same order.
#[derive(Debug)]
pub struct SeededIds(StdRng);

impl SeededIds {
    /// A generator; hand in a random seed for ids that nobody can guess.
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }
}

impl Ids for SeededIds {
    fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.0.random()).into_uuid()
    }

    fn number(&mut self) -> i64 {
        self.0.random_range(1..=i64::MAX)
    }
}
