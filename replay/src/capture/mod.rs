//! From runs on a live engine to samples, by nothing but its API.
//!
//! What callers did and what steps gave back is derived from the documents that a run leaves; what they do not show cannot be replayed
//! and is refused with a reason rather than guessed.

mod act;
mod camera;
mod error;
mod reader;
mod redact;
mod result;
mod start;
mod tree;

pub use camera::{Camera, Captured};
pub use error::Error;
pub use redact::Redactor;
