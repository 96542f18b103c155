//! The fast engine: actors that drive the machines of `workflow::life`, and one thread that makes what they decide durable.
//!
//! A message takes this way: [`ActorEngine`] → the actor of its group → the actor of its machine (`resident`), which takes a turn
//! (`turn`) and hands the decision to the [`committer`]. When that is durable, what the turn wanted leaves: the work of steps
//! (`steps`), answers to callers (`tickets`), events (`outbox`). Other machines are told at once.
//!
//! Invariant: nothing leaves the process, and no reader sees anything, that a crash could take back.

// What is kept, and how it becomes durable.
pub mod committer;
pub mod store;

// Actors.
pub mod actor;
mod group;
mod groups;
mod limits;
mod resident;
mod resting;
mod router;
mod turn;

// What they use.
mod archivist;
pub mod clock;
pub mod cluster;
pub mod lives;
mod loader;
mod lookups;
pub mod metric;
mod node;
pub mod outbox;
mod rate;
pub mod runtime;
pub mod steps;
mod tickets;
mod timers;
mod together;
mod watchers;

// The whole.
pub mod engine;
pub mod stage;

pub use cluster::Membership;
pub use engine::{ActorEngine, Options};
pub use limits::{Limits, Memory};
pub use stage::ActorStage;

#[cfg(test)]
mod simulation;
