//! What needs the real engines: only this crate knows them all.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod campaign;
mod chaos;
mod events;
mod generated;
mod limits;
mod python;
mod server;
mod store;
mod tidy;
mod top;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
