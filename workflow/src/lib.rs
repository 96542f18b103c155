//! The workflow language and its meaning: what a definition says, what a run does next, and what it came to.
//!
//! Everything here is a pure function or a state machine of values: `(state, message, now) → (state, effects)`. Both engines
//! drive the same machines, so what differs between them is when a decision is made, never what is decided.
//!
//! Invariant: no IO, no clock, no runtime, no random number that was not handed in.

// What things are called and when they happened.
pub mod duration;
pub mod id;
pub mod problem;
pub mod tag;
pub mod time;
pub mod user;
mod words;

// The language.
pub mod definition;
pub mod graph;
pub mod param;
pub mod schedule;
pub mod sel;
pub mod signal;

// What a run does.
pub mod iteration;
pub mod life;
pub mod restart;
pub mod retry;
pub mod runtime;
pub mod status;
pub mod strategy;
pub mod timeline;

// What the outside sees of it, and what it needs from the outside.
pub mod event;
pub mod outcome;
pub mod port;

// The language checked against recorded facts.
pub mod conformance;
pub mod wire;
