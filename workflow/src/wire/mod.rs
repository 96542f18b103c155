//! Maestro's JSON documents, as clients read them.

pub mod object;
