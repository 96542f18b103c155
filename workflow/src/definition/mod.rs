//! Definitions: what a person pushes, checked, with every default known.

pub mod model;
pub use model::*;
