//! The embedded polling engine as a discrete-event machine: what is due next, and what comes of it.
//!
//! It owns the life-cycle machines, their rows, and a queue of things that the old stack will get round to. It reads no clock:
//! whoever drives it says how late it is, in real time ([`crate::engine`]) or in virtual time ([`crate::stage`]).

mod core;
mod job;
mod journal;

pub use self::core::{Core, Outgoing};
pub use journal::{Journal, JournalError};
