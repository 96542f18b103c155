//! Testing the harness itself: engines made wrong on purpose, and the share of defects that a campaign catches.

mod named;
mod score;
mod wrong;

pub use named::Defect;
pub use score::{MutationScore, Tried};
