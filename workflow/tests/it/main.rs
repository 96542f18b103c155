//! The language and the life cycles, checked from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod conformance;
mod crash;
mod definitions;
mod fuzz;
mod golden;
mod graph;
mod iteration;
mod job;
mod params;
mod refusals;
mod restart;
mod run_machine;
mod schedule;
mod schema;
mod sel;
mod shell;
mod status;
mod strategy;
mod timeline;
mod workflow_machine;
mod workflows;
