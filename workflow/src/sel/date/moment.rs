//! An instant in a zone, and what can be asked of it and done to it.

use std::fmt;

use super::{
    calendar::{self, DAY_MS, Date, YEAR_MAX, YEAR_MIN},
    zone::{Local, Zone, print_offset},
};
use crate::sel::Error;

/// An instant, shown in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub instant_ms: i64,
    /// Where its fields are read.
    pub zone: Zone,
}

/// What a moment can be moved by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sel) enum Unit {
    Years,
    Months,
    Weeks,
    Days,
    Hours,
    Minutes,
    Seconds,
    Millis,
}

impl Moment {
    /// Milliseconds of the local time, counted as if it were UTC.
    pub(in crate::sel) fn local_ms(&self) -> i64 {
        self.instant_ms.saturating_add(self.zone.offset_ms(self.instant_ms))
    }

    pub(super) fn date(&self) -> Date {
        Date::of_days(self.local_ms().div_euclid(DAY_MS))
    }

    /// The same instant elsewhere.
    #[must_use]
    pub fn in_zone(&self, zone: &Zone) -> Self {
        Self { instant_ms: self.instant_ms, zone: zone.clone() }
    }

    /// The moment of a local time that was built from fields: the earlier of two, an error for none.
    pub(in crate::sel) fn of_local(local_ms: i64, zone: &Zone) -> Result<Self, Error> {
        match zone.local(local_ms) {
            Local::Once(instant_ms) | Local::Twice(instant_ms, _) => Ok(Self { instant_ms, zone: zone.clone() }),
            Local::Never(_) => Err(gap(local_ms, zone)),
        }
    }

    /// The moment of a local time that this moment was moved to: with the same offset where that is possible, after a gap
    /// instead of in it.
    pub(super) fn moved_to_local(&self, local_ms: i64) -> Self {
        let kept = local_ms.saturating_sub(self.zone.offset_ms(self.instant_ms));
        if self.zone.offset_ms(kept) == self.zone.offset_ms(self.instant_ms) {
            return Self { instant_ms: kept, zone: self.zone.clone() };
        }
        let (Local::Once(instant_ms) | Local::Twice(instant_ms, _) | Local::Never(instant_ms)) =
            self.zone.local(local_ms);
        Self { instant_ms, zone: self.zone.clone() }
    }

    /// Moved by calendar units (years to days) or by elapsed time (hours and smaller).
    pub(in crate::sel) fn plus(&self, amount: i64, unit: Unit) -> Result<Self, Error> {
        let elapsed = match unit {
            Unit::Years => return self.plus_months(amount.checked_mul(12).ok_or_else(overflow)?),
            Unit::Months => return self.plus_months(amount),
            Unit::Weeks => return self.plus_days(amount.checked_mul(7).ok_or_else(overflow)?),
            Unit::Days => return self.plus_days(amount),
            Unit::Hours => 3_600_000,
            Unit::Minutes => 60_000,
            Unit::Seconds => 1000,
            Unit::Millis => 1,
        };
        let instant_ms =
            amount.checked_mul(elapsed).and_then(|ms| self.instant_ms.checked_add(ms)).ok_or_else(overflow)?;
        Ok(Self { instant_ms, zone: self.zone.clone() })
    }

    fn plus_days(&self, days: i64) -> Result<Self, Error> {
        let local = days.checked_mul(DAY_MS).and_then(|ms| self.local_ms().checked_add(ms)).ok_or_else(overflow)?;
        Ok(self.moved_to_local(local))
    }

    fn plus_months(&self, months: i64) -> Result<Self, Error> {
        let date = self.date();
        let total = (date.year * 12 + date.month - 1).checked_add(months).ok_or_else(overflow)?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        let day = date.day.min(calendar::month_length(check_year(year)?, month));
        let local = local_of(Date { year, month, day }.days(), self.local_ms().rem_euclid(DAY_MS))?;
        Ok(self.moved_to_local(local))
    }

    /// The first moment of the day, also where it does not start at midnight.
    pub(in crate::sel) fn start_of_day(&self) -> Self {
        let local = self.local_ms().div_euclid(DAY_MS).saturating_mul(DAY_MS);
        let (Local::Once(instant_ms) | Local::Twice(instant_ms, _)) = self.zone.local(local) else {
            // The gap itself is skipped, not only its first instant: the day starts where the gap ends.
            return self.after_gap(local);
        };
        Self { instant_ms, zone: self.zone.clone() }
    }

    fn after_gap(&self, local_ms: i64) -> Self {
        let Local::Never(shifted) = self.zone.local(local_ms) else { return self.moved_to_local(local_ms) };
        // Search the end of the gap between the last instant before it and the shifted one.
        let (mut low, mut high) = (shifted.saturating_sub(DAY_MS), shifted);
        let offset = self.zone.offset_ms(high);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.zone.offset_ms(middle) == offset { high = middle } else { low = middle }
        }
        Self { instant_ms: high, zone: self.zone.clone() }
    }
}

/// Whole days from one moment to another in the first one's zone, truncated toward zero.
pub(in crate::sel) fn days_between(from: &Moment, to: &Moment) -> Result<i32, Error> {
    let start = from.local_ms();
    let end = to.in_zone(&from.zone).local_ms();
    let days = i128::from(end) - i128::from(start);
    let days = days / i128::from(DAY_MS);
    i32::try_from(days).map_err(|_| Error::arithmetic(format!("Value cannot fit in an int: {days}")))
}

/// Local milliseconds of a time of day on a day.
pub(super) fn local_of(days: i64, time_ms: i64) -> Result<i64, Error> {
    days.checked_mul(DAY_MS).and_then(|ms| ms.checked_add(time_ms)).ok_or_else(overflow)
}

pub(super) fn check_year(year: i64) -> Result<i64, Error> {
    if (YEAR_MIN..=YEAR_MAX).contains(&year) { Ok(year) } else { Err(out_of_range("year", year, YEAR_MIN, YEAR_MAX)) }
}

pub(super) fn out_of_range(field: &str, value: i64, min: i64, max: i64) -> Error {
    Error::argument(format!("Value {value} for {field} must be in the range [{min},{max}]"))
}

pub(super) fn overflow() -> Error {
    Error::arithmetic("The calculation caused an overflow")
}

pub(super) fn gap(local_ms: i64, zone: &Zone) -> Error {
    let local = Moment { instant_ms: local_ms, zone: Zone::UTC }.to_string();
    let local = local.trim_end_matches('Z');
    Error::argument(format!(
        "Illegal instant due to time zone offset transition (daylight savings time 'gap'): {local} ({zone})"
    ))
}

/// ISO with milliseconds and offset.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        let time = self.local_ms().rem_euclid(DAY_MS);
        let sign = if date.year < 0 { "-" } else { "" };
        let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
        write!(f, "{sign}{:04}-{:02}-{:02}T{hour:02}:{minute:02}", date.year.abs(), date.month, date.day)?;
        write!(f, ":{:02}.{:03}", time / 1000 % 60, time % 1000)?;
        match self.zone.offset_ms(self.instant_ms) {
            0 => f.write_str("Z"),
            offset => f.write_str(&print_offset(offset, ":")),
        }
    }
}
