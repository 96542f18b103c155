//! The engine from outside: stores, what is durable when, and machines over a store.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod committer;
mod gate;
mod http;
mod kill;
mod machines;
mod nodes;
mod script;
mod stage;
mod store;
mod workflows;
