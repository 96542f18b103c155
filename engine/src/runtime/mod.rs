//! What steps do outside the engine, one file a kind.

mod http;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
mod stand_in;
mod unavailable;

pub use http::Http;
pub use stand_in::StandIns;
pub use unavailable::Unavailable;
