//! Date and time as the language knows them: milliseconds, a zone, and the proleptic ISO calendar.
//!
//! Years go beyond what `jiff` counts, so the calendar is ours; `jiff` says which offset a zone has when.

mod calendar;
mod field;
mod format;
mod iso;
mod moment;
mod period;
mod text;
mod zone;

pub(super) use calendar::DAY_MS;
pub(super) use field::Field;
pub use field::Property;
pub use format::Format;
pub(super) use iso::parse as parse_iso;
pub use moment::Moment;
pub(super) use moment::{Unit, days_between};
pub(super) use period::parse as parse_period;
pub use zone::Zone;
