//! The one place of the command line that reads the system's clock.

use workflow::{port::Clock, time::Timestamp};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Today in UTC, as `YYYY-MM-DD`.
pub(crate) fn today() -> String {
    let day = jiff::Timestamp::from_millisecond(now().0).unwrap_or_default();
    day.strftime("%Y-%m-%d").to_string()
}

/// A moment as people read it, in UTC.
pub(crate) fn told(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
