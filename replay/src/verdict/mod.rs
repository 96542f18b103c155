//! What the findings amount to: may this kind of workflow move, and how sure is that?
//!
//! No disagreement in n samples does not mean that there is none: it bounds the true rate. A verdict says the bound, and says
//! *inconclusive* where the bound is too wide for the gate that was asked for.

mod bound;
mod gate;

pub use bound::upper_bound;
pub use gate::{Gate, Tally, Verdict};
