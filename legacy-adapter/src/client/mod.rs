//! A running Maestro server as an engine: every call over its REST API.
//!
//! Invariant: nothing is asked of the server that any other client could not ask of it; a call that changes something is sent once.

mod answer;
mod call;
mod error;
mod server;

pub use call::{Body, Call};
pub use error::Error;
pub use server::MaestroClient;
