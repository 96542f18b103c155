//! Maestro's JSON documents, as clients read them.

pub mod attempt;
pub mod object;
pub mod page;
pub mod run;
