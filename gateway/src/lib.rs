//! One door in front of all engines: Maestro's REST API, and the choice of the engine behind it.
//!
//! Invariant: engines are known only as `dyn Engine`; nothing here depends on which one it is.

pub mod api;
pub mod audit;
pub mod canonical;
pub mod flags;
pub mod fleet;
pub mod gateway;
mod journal;
pub mod metric;
pub mod rollout;
pub mod routing;

pub use fleet::Fleet;
pub use gateway::{Closed, Gateway, Options};
