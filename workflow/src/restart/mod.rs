//! Restart policies and the path from the restarted step up to the root.

mod config;
mod document;
mod error;
mod path;
mod policy;
mod request;

pub use config::{Config, PathNode};
pub use error::Error;
pub use path::{Launch, Nesting};
pub use policy::Policy;
pub use request::{Upstream, params_for_step};
