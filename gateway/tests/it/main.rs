//! The gateway as its clients see it.

mod api;
mod audit;
mod bucket;
mod decision;
mod flags;
mod fleet;
mod ledger;
mod ramp;
mod rollout;
mod scripted;
mod server;
mod small;
