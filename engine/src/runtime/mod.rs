//! What executes the outside work of steps.

pub mod http;
mod stand_in;

pub use http::Http;
pub use stand_in::StandIns;
