//! Maestro's JSON documents, as clients read and write them.

// What is asked and answered.
pub mod answer;
pub mod page;
pub mod request;

// What is shown of workflows, runs and steps.
pub mod artifact;
pub mod attempt;
pub mod run;
pub mod signal;
pub mod step;
pub mod summary;
pub mod template;
pub mod titus;

// What is published.
pub mod change;

// How documents are put together.
mod carried;
pub mod object;
pub(crate) mod text;
