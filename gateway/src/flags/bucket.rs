//! Where a key falls among ten thousand buckets. Frozen: another function would deal every workflow again in the middle of a move.
//!
//! `xxh3-1`: the 64-bit XXH3 hash (seed 0) of the salt's bytes, one zero byte and the key's bytes; the bucket is the upper part of
//! `hash × 10000`, that is `⌊hash × 10000 / 2^64⌋`. A share of p ten-thousandths takes the buckets below p, so whoever is in
//! at a share is in at every larger one.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::rollout::Share;

/// The name of the function; a flag says it in its metadata, so that a file for another function is refused.
pub const ALGORITHM: &str = "xxh3-1";

/// How many buckets there are.
pub const BUCKETS: u16 = 10_000;

/// One of ten thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(u16);

impl Bucket {
    /// Where `key` falls; other salts deal independently.
    pub fn of(salt: &str, key: &str) -> Self {
        let mut bytes = Vec::with_capacity(salt.len() + 1 + key.len());
        bytes.extend_from_slice(salt.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(key.as_bytes());
        let scaled = (u128::from(xxh3_64(&bytes)) * u128::from(BUCKETS)) >> 64;
        Self(u16::try_from(scaled).expect("a 64-bit hash times 10000, without its lower 64 bits, is below 10000"))
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether a share takes it.
    pub fn is_in(self, share: Share) -> bool {
        self.0 < share.ten_thousandths()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
