//! Which engine runs what: decided once for a root run, kept for ever, and read off the number of an instance afterwards.

mod decide;
mod decision;
mod ledger;
mod owner;
mod page;

pub use decide::{FLAG, Rules, decide};
pub use decision::{Because, Decision};
pub use ledger::{Error, Ledger, Root, find};
pub use owner::{Owners, SameNumbers};
pub(crate) use page::{Joined, Wanted, join, wanted};
