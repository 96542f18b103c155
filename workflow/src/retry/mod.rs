//! Retry policies and the wait before the next attempt.
//!
//! A policy is written with texts that may refer to workflow params; it is parsed when a step starts and kept in the attempt as
//! `step_retry`, together with how often each class of failure was tried again.

mod backoff;
mod class;
mod field;
mod parse;
mod policy;
mod state;

pub use backoff::{Backoff, Exponential, Waits};
pub use class::{Class, PerClass};
pub use parse::{Error, Interpolate, parse};
pub use policy::Parsed;
pub use state::StepRetry;
