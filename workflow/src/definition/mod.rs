//! Definitions: what a person pushes, checked, with every default known.

mod check;
mod defaults;
pub mod dry_run;
pub mod dsl;
pub mod metadata;
pub mod model;
pub mod properties;
pub mod read;
pub mod rules;
pub mod schema;
pub mod shape;
pub mod source;
pub mod target_time;
pub mod template;
pub mod timeout;
pub mod version;
mod words;
pub mod write;

pub use check::{Checked, Format, Located, Settings, check};
pub use defaults::{CONCURRENCY, TIMEOUT, all_steps};
pub use model::*;
