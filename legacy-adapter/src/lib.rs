//! The old way: the same workflows on a polling stack with its timing and its weaknesses.
//!
//! [`polling`] is an embedded engine: queues, decider, sweeper and worker polls around the same life-cycle machines that the actor
//! engine drives. What differs is when a decision is made: at the next poll, callback or sweep, never when something happens.
//! [`client`] is the other way to it: a Maestro server that runs somewhere, over its REST API.

pub mod client;
pub mod engine;
pub mod polling;
pub mod stage;
pub mod timing;

pub use client::MaestroClient;
pub use engine::{LegacyEngine, Options};
pub use stage::LegacyStage;
pub use timing::Profile;
