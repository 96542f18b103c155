//! One door in front of all engines: Maestro's REST API, and the choice of the engine behind it.
//!
//! Invariant: engines are known only as `dyn Engine`; nothing here depends on which one it is.

pub mod api;
