//! What must hold of any text that a user sends.

pub mod program;
pub mod property;
