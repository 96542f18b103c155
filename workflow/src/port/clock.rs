//! Where the time comes from.

use crate::time::Timestamp;

/// A source of the current time: the system's in production, a virtual one in replay and simulation.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
