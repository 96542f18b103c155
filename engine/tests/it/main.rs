//! The engine from outside: stores, what is durable when, and machines over a store.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[cfg(feature = "kubernetes")]
mod cluster;
mod committer;
mod gate;
#[path = "../../../workflow/tests/it/golden/mod.rs"]
mod golden;
mod http;
mod kill;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod machines;
mod nodes;
mod rest;
mod script;
mod shell;
mod stage;
mod store;
mod unavailable;
mod workflows;
