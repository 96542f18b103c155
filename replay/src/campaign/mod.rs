//! Campaigns: many samples on both engines, twice each, and what that amounts to.
//!
//! What differs between two runs of the same engine that only its seed tells apart is noise: it is named and set aside. What differs
//! between the engines beyond that is a finding.
//!
//! Invariant: a campaign is a function of its samples, its engines and its seed; threads change only how long it takes.

mod contest;
mod finding;
mod race;
mod report;
mod showing;
mod trial;

pub use contest::{Baseline, Contest, Progress};
pub use finding::{DIFFERENCES_KEPT, Finding, Kind, Noise, Side};
pub use report::{CorpusIdentity, Excuse, FORMAT, NoisyPlace, Report, Stratum};
pub use showing::Showing;
