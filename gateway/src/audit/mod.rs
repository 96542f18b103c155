//! Who changed what, and on which evidence: a chain in which every entry carries the hash of the one before.
//!
//! An entry that is changed, left out or moved breaks the chain at its place, which [`verify`] names.

mod entry;
mod listing;
mod log;

pub use entry::{Broken, Change, Entry, verify};
pub use listing::{list, read};
pub use log::{Error, Log};
