//! Maestro's JSON documents, as clients read them.

pub mod definition;
pub mod object;
pub mod properties;
