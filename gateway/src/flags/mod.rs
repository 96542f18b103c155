//! Which workflows go to which engine, as teams write it down: flags in flagd's JSON format, read again whenever their file changes.

mod bucket;
mod evaluate;
mod file;
mod fractional;
mod parse;
mod watch;

pub use bucket::{ALGORITHM, BUCKETS, Bucket};
pub use evaluate::{Choice, Failed, Subject};
pub use file::{Error, Flag, Flags};
pub(crate) use watch::LOOK_EVERY;
pub use watch::{Look, Watch};
