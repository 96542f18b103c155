//! How far the move to the candidate engine has come, and what it takes to go on or back.

mod evidence;
mod live;
mod machine;
mod share;
mod stage;

pub use evidence::{Bundle, Insufficient, Stratum};
pub use live::{Bounds, Breach, Counts, Live};
pub use machine::{Event, Policy, Rejected, Rollout, Step};
pub use share::Share;
pub use stage::{Stage, State};
