//! Replaying without touching the outside: what would, is replaced by a placeholder that gives back what was recorded.
//!
//! Topology, params, timing, results and failures stay those of the recorded run; a sub-workflow is replaced as a whole, and its own run is
//! a sample of its own.

mod allow;
mod rehearsal;

pub use allow::stands_in;
pub use rehearsal::rehearsal;
