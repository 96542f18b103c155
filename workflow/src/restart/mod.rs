//! Restart policies and the path from the restarted step up to the root.

mod config;
mod policy;

pub use config::{Config, PathNode};
pub use policy::Policy;
