//! The old way: the same workflows on a polling stack with its timing and its weaknesses.

pub mod timing;

pub use timing::Profile;
