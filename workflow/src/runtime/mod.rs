//! What step kinds demand of their params, and what they hand to the outside: the parts that need no outside.

pub mod http;
pub mod kubernetes;
pub mod notebook;
pub mod pod;
mod shell;
