//! Maestro's JSON documents, as clients read them.

pub mod object;
pub mod page;
