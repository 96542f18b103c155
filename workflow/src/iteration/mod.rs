//! Bookkeeping of loop iterations: which ended how, and from where to go on.
//!
//! Sets of iterations are intervals and never expanded, so that a loop of any length costs by how often its iterations disagree.
//! Documents are [`Overview`]s; a running loop keeps a [`Tracker`], which writes one when asked.

mod details;
mod intervals;
mod overview;
mod product;
mod rank;
mod tracker;

pub use details::Details;
pub use intervals::Intervals;
pub use overview::{Error, Keep, Overview};
pub use product::{Error as ProductError, Product};
pub use rank::{LeafRef, decode_by_length, encode_by_length, iteration_rank, leaf_step_instance_ref};
pub use tracker::{Ordering, Tracker};
