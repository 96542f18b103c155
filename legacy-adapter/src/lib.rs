//! The old way: the same workflows on a polling stack with its timing and its weaknesses.
//!
//! [`polling`] is an embedded engine: queues, decider, sweeper and worker polls around the same life-cycle machines that the actor
//! engine drives. What differs is when a decision is made: at the next poll, callback or sweep, never when something happens.

pub mod engine;
pub mod polling;
pub mod stage;
pub mod timing;

pub use engine::{LegacyEngine, Options};
pub use stage::LegacyStage;
pub use timing::Profile;
