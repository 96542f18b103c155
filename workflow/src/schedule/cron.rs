//! A cron line, read.

use super::{
    days::Days,
    error::Syntax,
    field::{Set, fields},
    quartz, unix,
};

/// When something recurs, in wall-clock time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    pub(super) seconds: Set,
    pub(super) minutes: Set,
    pub(super) hours: Set,
    pub(super) days: Days,
    pub(super) months: Set,
    /// Inclusive ranges with their steps; empty for every year.
    pub(super) years: Vec<(i16, i16, i16)>,
}

impl Cron {
    /// Reads a line: in the Unix dialect where it is one, else in Quartz's, whose errors are told.
    pub fn parse(line: &str) -> Result<Self, Syntax> {
        let fields = fields(line);
        match unix::parse(&fields) {
            Some(read) => read,
            None => quartz::parse(&fields, line.len()),
        }
    }

    pub(super) fn has_year(&self, year: i16) -> bool {
        let holds = |&(from, to, step): &(i16, i16, i16)| (from..=to).contains(&year) && (year - from) % step == 0;
        self.years.is_empty() || self.years.iter().any(holds)
    }
}
