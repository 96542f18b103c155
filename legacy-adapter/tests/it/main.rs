//! The embedded polling engine, checked from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod client;
mod engine;
#[path = "../../../workflow/tests/it/golden/mod.rs"]
mod golden;
mod samples;
mod shell;
mod stage;
