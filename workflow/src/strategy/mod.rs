//! Run strategies: which queued run of a workflow starts next, and which ones a new one stops.
//!
//! A [`Queue`] holds the runs of one workflow that have not ended. It decides; its owner stores and starts: after a change, the owner
//! updates the rows of the runs that were stopped, stops the one that still runs, and launches what [`Queue::launchable`] names.
//!
//! Invariant: a run is in at most one of queued and running, and no two live runs belong to one instance.

mod arrival;
mod batch;
mod error;
mod past;
mod queue;
mod stored;

pub use arrival::{Arrival, Because, Decided, Decision, Stop, Target};
pub use error::Error;
pub use past::{Memory, Past};
pub use queue::{At, Queue, Run};
pub use stored::{Broken, Stored};
