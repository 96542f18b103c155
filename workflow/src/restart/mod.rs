//! Restart policies and the path from the restarted step up to the root.

mod policy;

pub use policy::Policy;
