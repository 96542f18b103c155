//! The fields of a date and time: read, set, bounded, told in words.

use std::fmt;

use super::{
    calendar::{self, DAY_MS, Date, YEAR_MAX, YEAR_MIN},
    moment::{Moment, check_year, gap, local_of, out_of_range},
    text,
};
use crate::sel::Error;

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sel) enum Field {
    Year,
    MonthOfYear,
    DayOfMonth,
    DayOfYear,
    DayOfWeek,
    Weekyear,
    WeekOfWeekyear,
    HourOfDay,
    MinuteOfDay,
    MinuteOfHour,
    SecondOfDay,
    SecondOfMinute,
    MillisOfDay,
    MillisOfSecond,
}

/// A field of a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub(in crate::sel) moment: Moment,
    pub(in crate::sel) field: Field,
}

impl Field {
    /// All fields, with the names that methods use.
    pub(in crate::sel) const ALL: [(Self, &'static str); 14] = [
        (Self::Year, "year"),
        (Self::MonthOfYear, "monthOfYear"),
        (Self::DayOfMonth, "dayOfMonth"),
        (Self::DayOfYear, "dayOfYear"),
        (Self::DayOfWeek, "dayOfWeek"),
        (Self::Weekyear, "weekyear"),
        (Self::WeekOfWeekyear, "weekOfWeekyear"),
        (Self::HourOfDay, "hourOfDay"),
        (Self::MinuteOfDay, "minuteOfDay"),
        (Self::MinuteOfHour, "minuteOfHour"),
        (Self::SecondOfDay, "secondOfDay"),
        (Self::SecondOfMinute, "secondOfMinute"),
        (Self::MillisOfDay, "millisOfDay"),
        (Self::MillisOfSecond, "millisOfSecond"),
    ];

    /// The field of a name as in `dayOfWeek()`.
    pub(in crate::sel) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(field, _)| field)
    }

    /// The field of a name as in `getDayOfWeek()` without `get`.
    pub(in crate::sel) fn capitalized(name: &str) -> Option<Self> {
        let same = |known: &str| known[..1].eq_ignore_ascii_case(&name[..1]) && known[1..] == name[1..];
        let starts_high = name.is_ascii() && name.starts_with(|c: char| c.is_ascii_uppercase());
        Self::ALL.into_iter().find(|(_, known)| starts_high && same(known)).map(|(field, _)| field)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    pub(in crate::sel) fn of(self, moment: &Moment) -> i64 {
        let local = moment.local_ms();
        let (days, time) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
        match self {
            Self::Year => Date::of_days(days).year,
            Self::MonthOfYear => Date::of_days(days).month,
            Self::DayOfMonth => Date::of_days(days).day,
            Self::DayOfYear => Date::of_days(days).day_of_year(),
            Self::DayOfWeek => calendar::day_of_week(days),
            Self::Weekyear => calendar::week(days).0,
            Self::WeekOfWeekyear => calendar::week(days).1,
            Self::HourOfDay => time / 3_600_000,
            Self::MinuteOfDay => time / 60_000,
            Self::MinuteOfHour => time / 60_000 % 60,
            Self::SecondOfDay => time / 1000,
            Self::SecondOfMinute => time / 1000 % 60,
            Self::MillisOfDay => time,
            Self::MillisOfSecond => time % 1000,
        }
    }

    /// The smallest and largest value it can have at a moment.
    pub(in crate::sel) fn bounds(self, moment: &Moment) -> (i64, i64) {
        let date = moment.date();
        match self {
            Self::Year | Self::Weekyear => (YEAR_MIN, YEAR_MAX),
            Self::MonthOfYear => (1, 12),
            Self::DayOfMonth => (1, calendar::month_length(date.year, date.month)),
            Self::DayOfYear => (1, calendar::year_length(date.year)),
            Self::DayOfWeek => (1, 7),
            Self::WeekOfWeekyear => (1, calendar::weeks_in(calendar::week(date.days()).0)),
            Self::HourOfDay => (0, 23),
            Self::MinuteOfDay => (0, 1439),
            Self::MinuteOfHour | Self::SecondOfMinute => (0, 59),
            Self::SecondOfDay => (0, 86_399),
            Self::MillisOfDay => (0, DAY_MS - 1),
            Self::MillisOfSecond => (0, 999),
        }
    }

    /// The moment with this field at a value.
    pub(in crate::sel) fn set(self, moment: &Moment, value: i64) -> Result<Moment, Error> {
        let (min, max) = self.bounds(moment);
        if !(min..=max).contains(&value) {
            return Err(out_of_range(self.name(), value, min, max));
        }
        let local = self.set_local(moment, value)?;
        let set = moment.moved_to_local(local);
        if self.of(&set) == value { Ok(set) } else { Err(gap(local, &moment.zone)) }
    }

    fn set_local(self, moment: &Moment, value: i64) -> Result<i64, Error> {
        let local = moment.local_ms();
        let (days, time) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
        let date = Date::of_days(days);
        let on = |year: i64, month: i64| {
            let day = date.day.min(calendar::month_length(year, month));
            Date { year, month, day }.days()
        };
        let within = |unit: i64, count: i64| local.saturating_add((value - time / unit % count) * unit);
        let day = match self {
            Self::Year => on(check_year(value)?, date.month),
            Self::MonthOfYear => on(date.year, value),
            Self::DayOfMonth => days + value - date.day,
            Self::DayOfYear => days + value - date.day_of_year(),
            Self::DayOfWeek => days + value - calendar::day_of_week(days),
            Self::WeekOfWeekyear => days + (value - calendar::week(days).1) * 7,
            Self::Weekyear => {
                let week = calendar::week(days).1.min(calendar::weeks_in(value));
                calendar::first_week_day(value) + (week - 1) * 7 + calendar::day_of_week(days) - 1
            }
            Self::HourOfDay => return Ok(within(3_600_000, 24)),
            Self::MinuteOfDay => return Ok(within(60_000, 1440)),
            Self::MinuteOfHour => return Ok(within(60_000, 60)),
            Self::SecondOfDay => return Ok(within(1000, 86_400)),
            Self::SecondOfMinute => return Ok(within(1000, 60)),
            Self::MillisOfDay => return Ok(within(1, DAY_MS)),
            Self::MillisOfSecond => return Ok(within(1, 1000)),
        };
        local_of(day, time)
    }

    /// The value in US English where it has a word, in digits otherwise.
    pub(in crate::sel) fn text(self, moment: &Moment) -> String {
        let value = self.of(moment);
        match self {
            Self::MonthOfYear => text::month(value).to_owned(),
            Self::DayOfWeek => text::weekday(value).to_owned(),
            _ => value.to_string(),
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Property[{}]", self.field.name())
    }
}
