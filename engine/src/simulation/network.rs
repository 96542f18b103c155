//! What travels between nodes, and what becomes of it.

use rand::{RngExt, rngs::StdRng};
use workflow::time::{Millis, Timestamp};

use crate::{
    cluster::link::{Batch, Cover},
    store::NodeId,
};

/// How long a batch takes; sometimes much longer.
const USUAL_MS: i64 = 5;
const LATE_MS: i64 = 9_000;
/// One in so many is lost, comes twice or comes late.
const LOST: u32 = 10;
const TWICE: u32 = 10;
const LATE: u32 = 20;

/// One thing under way.
#[derive(Clone, Debug)]
pub(super) enum Parcel {
    Letters(Batch),
    Acknowledged(Cover),
}

impl Parcel {
    /// Whom it is for.
    pub(super) fn to(&self) -> &NodeId {
        match self {
            Self::Letters(batch) => &batch.cover.to,
            Self::Acknowledged(cover) => &cover.from,
        }
    }
}

/// Parcels by when they arrive.
#[derive(Debug, Default)]
pub(super) struct Network {
    under_way: Vec<(Timestamp, Parcel)>,
    pub(super) lost: u64,
}

impl Network {
    pub(super) fn send(&mut self, parcel: Parcel, now: Timestamp, is_faulty: bool, rng: &mut StdRng) {
        let copies = if is_faulty && rng.random_ratio(1, LOST) {
            self.lost += 1;
            0
        } else {
            1 + usize::from(is_faulty && rng.random_ratio(1, TWICE))
        };
        for _ in 0..copies {
            let slowest = if is_faulty && rng.random_ratio(1, LATE) { LATE_MS } else { USUAL_MS };
            self.under_way.push((now + Millis(rng.random_range(0..=slowest)), parcel.clone()));
        }
    }

    pub(super) fn first(&self) -> Option<Timestamp> {
        self.under_way.iter().map(|(at, _)| *at).min()
    }

    /// One of those that have arrived by now.
    pub(super) fn arrive(&mut self, now: Timestamp, rng: &mut StdRng) -> Option<Parcel> {
        let arrived: Vec<usize> =
            self.under_way.iter().enumerate().filter(|(_, (at, _))| *at <= now).map(|(index, _)| index).collect();
        let index = *arrived.get(rng.random_range(0..arrived.len().max(1)))?;
        Some(self.under_way.swap_remove(index).1)
    }
}
