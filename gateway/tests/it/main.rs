//! The gateway as its clients see it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod audit;
mod bucket;
mod closed;
mod decision;
mod endpoints;
mod flags;
mod fleet;
mod hostile;
mod ledger;
mod mini;
mod ramp;
mod rollout;
mod scripted;
mod server;
mod small;
