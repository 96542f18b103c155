//! Definitions: what a person pushes, checked, with every default known.

pub mod model;
mod words;
pub use model::*;
