//! Time triggers: cron lines in two dialects, zones, next and missed executions.
//!
//! A line is read in the Unix dialect first (five fields, 0 and 7 = Sunday), then in Quartz's (six or seven, 1 = Sunday). Both come to
//! one [`Cron`], which answers one question: when next?
//!
//! Wall-clock times follow Quartz where clocks change: a time that a day does not have is passed over, one that a day has twice fires
//! once, the second time.

mod check;
mod cron;
mod days;
mod error;
mod field;
mod jitter;
mod next;
mod plan;
mod quartz;
mod text;
mod trigger;
mod unix;
mod zone;

pub use check::{INTERVAL_MIN_MS, check};
pub use cron::Cron;
pub use error::{Error, Syntax};
pub use jitter::jitter_secs;
pub use plan::{Execution, Watermark, earliest, planned, watermarks_after};
pub use text::{Text, triggers_uuid};
pub use trigger::{Schedule, predefined_cron};
pub use zone::zone;
