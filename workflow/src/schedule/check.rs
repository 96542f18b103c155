//! Whether a trigger may be used.

use super::{Error, Schedule};
use crate::{definition::TimeTrigger, time::Timestamp};

/// The least distance between two fire times.
pub const INTERVAL_MIN_MS: i64 = 120_000;

/// Reads a trigger and looks at its next two fire times; a trigger with fewer than two passes.
pub fn check(trigger: &TimeTrigger, workflow: &str, now: Timestamp) -> Result<Schedule, Error> {
    let schedule = Schedule::new(trigger, workflow)?;
    let first = schedule.next(now);
    let second = first.and_then(|first| schedule.next(first));
    match first.zip(second) {
        Some((first, second)) if (second - first).0 < INTERVAL_MIN_MS => Err(Error::TooOften(INTERVAL_MIN_MS)),
        _ => Ok(schedule),
    }
}
