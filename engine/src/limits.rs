//! How much live work is let in, and the answer to what is not.

use std::sync::{Mutex, PoisonError};

use workflow::{
    port::{Reason, Refusal},
    time::{Millis, Timestamp},
};

use crate::rate::Rate;

/// How old a look at the memory may be: asking the system costs as much as a decision.
const LOOK_AGAIN: Millis = Millis(50);

/// How much live work is let in. What is refused is answered with 429 and may be tried again later.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls that are being answered at one moment.
    pub calls_max: usize,
    /// Machines in memory at which no new run is let in.
    pub live_max: usize,
    /// Starts and restarts that callers may ask for within a second.
    pub starts_per_second: u32,
    /// Commits whose events wait for their consumer at which no new run is let in; bounds the outbox.
    pub events_max: usize,
    /// Memory at which no new run is let in; `None` where only the number of machines bounds it.
    pub memory: Option<Memory>,
}

/// A limit of the memory of the process.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Bytes that it may hold.
    pub bytes_max: u64,
    /// Bytes that it holds now; `None` where the system does not say, which lets everything in.
    pub held: fn() -> Option<u64>,
}

impl Limits {
    /// For a server with a GiB to spare.
    pub const SERVER: Self =
        Self { calls_max: 4096, live_max: 200_000, starts_per_second: 10_000, events_max: 100_000, memory: None };
}

/// Lets new runs in as far as the limits allow.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) limits: Limits,
    starts: Rate,
    /// When the memory was looked at, and what was seen.
    seen: Mutex<(Timestamp, u64)>,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, starts: Rate::new(limits.starts_per_second), seen: Mutex::new((Timestamp(i64::MIN), 0)) }
    }

    /// Lets one more run in beside `live` machines and the events of so many commits, or says why not.
    pub(crate) fn admit(&self, live: usize, events: usize, now: Timestamp) -> Result<(), Refusal> {
        if live >= self.limits.live_max {
            return Err(too_many(format!("{live} machines are in memory; try again later")));
        }
        if events >= self.limits.events_max {
            return Err(too_many(format!("the events of {events} commits wait for their consumer; try again later")));
        }
        if let Some(memory) = self.limits.memory
            && self.held(memory, now) >= memory.bytes_max
        {
            let mebibytes = memory.bytes_max.div_ceil(1 << 20);
            return Err(too_many(format!("{mebibytes} MiB of memory are in use; try again later")));
        }
        if !self.starts.admit(now) {
            let max = self.limits.starts_per_second;
            return Err(too_many(format!("{max} runs were started within a second; try again later")));
        }
        Ok(())
    }

    fn held(&self, memory: Memory, now: Timestamp) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep an old look for ever.
        if now < seen.0 || now.0.saturating_sub(seen.0.0) >= LOOK_AGAIN.0 {
            *seen = (now, (memory.held)().unwrap_or(0));
        }
        seen.1
    }
}

/// 429.
pub(crate) fn too_many(message: String) -> Refusal {
    Refusal { is_retryable: true, ..Refusal::new(Reason::TooManyRequests, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_which_limit_was_reached() {
        let memory = |held| Some(Memory { bytes_max: 3 << 20, held });
        let little: fn() -> Option<u64> = || Some((3 << 20) - 1);
        let much: fn() -> Option<u64> = || Some(3 << 20);
        let unknown: fn() -> Option<u64> = || None;
        let limits = Limits { live_max: 5, starts_per_second: 1, events_max: 7, ..Limits::SERVER };
        let refusal = |memory, (live, events), starts| {
            let admission = Admission::new(Limits { memory, ..limits });
            let admitted = (0..starts).map(|_| admission.admit(live, events, Timestamp(1_000)));
            admitted.last().and_then(Result::err).map(|refusal| (refusal.reason.status(), refusal.message))
        };
        let too_many = |message: &str| Some((429, format!("{message}; try again later")));
        assert_eq!(refusal(memory(little), (4, 6), 1), None);
        assert_eq!(refusal(memory(unknown), (4, 6), 1), None);
        assert_eq!(refusal(None, (5, 6), 1), too_many("5 machines are in memory"));
        assert_eq!(refusal(None, (4, 7), 1), too_many("the events of 7 commits wait for their consumer"));
        assert_eq!(refusal(memory(much), (4, 6), 1), too_many("3 MiB of memory are in use"));
        assert_eq!(refusal(memory(little), (4, 6), 2), too_many("1 runs were started within a second"));
    }

    #[test]
    fn memory_that_was_freed_lets_runs_in_again() {
        use std::sync::atomic::{AtomicU64, Ordering};
        static HELD: AtomicU64 = AtomicU64::new(10);
        let memory = Some(Memory { bytes_max: 10, held: || Some(HELD.load(Ordering::Relaxed)) });
        let admission = Admission::new(Limits { memory, ..Limits::SERVER });
        assert!(admission.admit(0, 0, Timestamp(0)).is_err());
        HELD.store(9, Ordering::Relaxed);
        assert!(admission.admit(0, 0, Timestamp(1)).is_err(), "the last look is young");
        assert!(admission.admit(0, 0, Timestamp(LOOK_AGAIN.0)).is_ok());
    }
}
