//! The DAG of a workflow: translation, paths, what may run, what a restart re-runs.
//!
//! A [`Dag`] is immutable and cheap to index; what happens to its steps during a run is kept in a [`Progress`] beside it.

mod dag;
mod error;
mod hash_order;
mod json;
mod path;
mod progress;
mod reach;
mod restart;
mod translate;

pub use dag::{Dag, Edge, Node};
pub use error::Error;
pub use path::Stop;
pub use progress::Progress;
pub use restart::{part_to_restart, start_steps};
pub use translate::{Scope, all_step_ids, translate, written};
