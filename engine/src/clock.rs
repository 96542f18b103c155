//! The system's clock and random ids: the only places where this crate reads either.

use std::time::SystemTime;

use rand::RngExt;
use uuid::Uuid;
use workflow::{id::Ids, port::Clock, time::Timestamp};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Random uuids and numbers.
#[derive(Clone, Copy, Debug)]
pub struct Random;

impl Ids for Random {
    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(rand::rng().random()).into_uuid()
    }

    fn number(&mut self) -> i64 {
        rand::rng().random_range(1..=i64::MAX)
    }
}
