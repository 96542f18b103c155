//! One thing that will happen.

use std::cmp::Ordering;

use workflow::{
    life::{Address, Message, Wake},
    time::Timestamp,
};

/// A message with the moment at which it arrives.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) at: Timestamp,
    /// Breaks ties in order of scheduling.
    pub(super) sequence: u64,
    pub(super) to: Address,
    pub(super) message: Message,
    /// Set for timers: a later timer of the same kind makes this one void.
    pub(super) timer: Option<Wake>,
}

impl Job {
    fn rank(&self) -> (Timestamp, u64) {
        (self.at, self.sequence)
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Job {}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Job {
    /// The earliest job is the greatest, as the standard heap gives out the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank().cmp(&self.rank())
    }
}
