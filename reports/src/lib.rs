//! What a campaign came to, told to people and machines.
//!
//! One [`Summary`] says the words; [`text`], [`html`], [`junit`], [`json`] and [`email`] put them into a form. All foreign text is made
//! visible and escaped, and every list is bounded and says what it left out.
//!
//! Invariant: a report is a function of the campaign and the occasion. Only [`email`] and [`sink`] touch a network or a disk.

mod change;
mod occasion;
mod summary;
mod visible;
mod wording;

pub mod email;
pub mod html;
pub mod json;
pub mod junit;
pub mod sink;
pub mod text;

pub use occasion::{Mutant, Occasion};
pub use summary::{Advice, Place, Summary};
