//! Past runs, replayed on two engines: do they come to the same outcome, and how sure may one be?
//!
//! A **sample** is a kept past run; a **campaign** replays many samples on both engines, twice each, with placeholders instead of
//! outside effects; a **finding** is what one sample showed; the **verdict** is what the findings amount to.
//!
//! Invariant: engines are known only by `workflow::port`; nothing here reads a clock.

// Past runs and where they are kept.
pub mod capture;
pub mod corpus;
pub mod sample;

// Replaying them.
pub mod campaign;
pub mod compare;
pub mod placeholder;

// What that amounts to.
pub mod defect;
pub mod latency;
pub mod verdict;
