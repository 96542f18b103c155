//! How many runs are let in within a second.

use std::sync::{Mutex, PoisonError};

use workflow::time::Timestamp;

/// Counts what is let in within each second of the clock.
#[derive(Debug)]
pub(crate) struct Rate {
    max: u32,
    present: Mutex<(i64, u32)>,
}

impl Rate {
    /// So many a second.
    pub(crate) fn new(max: u32) -> Self {
        Self { max, present: Mutex::new((i64::MIN, 0)) }
    }

    /// Lets one more in, unless the second is full.
    pub(crate) fn admit(&self, now: Timestamp) -> bool {
        let second = now.0.div_euclid(1_000);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.0 != second {
            *present = (second, 0);
        }
        let is_in = present.1 < self.max;
        present.1 += u32::from(is_in);
        is_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_second_lets_nobody_in_and_the_next_one_begins_anew() {
        let rate = Rate::new(2);
        let admitted = [0, 10, 999, 1_000, 1_001, 1_002].map(|at| rate.admit(Timestamp(at)));
        assert_eq!(admitted, [true, true, false, true, true, false]);
    }
}
