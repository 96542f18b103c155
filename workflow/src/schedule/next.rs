//! When a cron line fires next.

use jiff::{
    Timestamp as Instant,
    civil::{Date, DateTime, date},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{Cron, field::Set};
use crate::time::Timestamp;

/// How far ahead a fire time is looked for; lines like `0 0 30 2 *` have none.
const SEARCH_YEARS: i16 = 100;

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Clock {
    hour: u8,
    minute: u8,
    second: u8,
}

const MIDNIGHT: Clock = Clock { hour: 0, minute: 0, second: 0 };

impl Cron {
    /// The first fire time after a moment; `None` when there is none in the next hundred years.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // Fire times are whole seconds, so the search begins at the next one.
        let from = Instant::from_second(after.0.div_euclid(1000).checked_add(1)?).ok()?;
        let wall = zone.to_datetime(from);
        let mut clock = Clock {
            hour: wall.hour().unsigned_abs(),
            minute: wall.minute().unsigned_abs(),
            second: wall.second().unsigned_abs(),
        };
        let last_year = wall.year().checked_add(SEARCH_YEARS)?;
        let mut day = self.day_from(wall.date(), last_year)?;
        if day != wall.date() {
            clock = MIDNIGHT;
        }
        loop {
            while let Some(found) = self.clock_from(clock) {
                let Some(at) = instant(day, found, zone) else {
                    // Clocks were put forward over this time: a later one of the same day may exist.
                    let Some(later) = following(found) else { break };
                    clock = later;
                    continue;
                };
                if at > after {
                    return Some(at);
                }
                // Clocks were put back: this wall time stands for a moment that has gone by.
                let Some(later) = following(found) else { break };
                clock = later;
            }
            clock = MIDNIGHT;
            day = self.day_from(day.tomorrow().ok()?, last_year)?;
        }
    }

    /// The first day from this one on.
    fn day_from(&self, from: Date, last_year: i16) -> Option<Date> {
        let (mut year, mut month, mut least) = (from.year(), from.month().unsigned_abs(), from.day().unsigned_abs());
        while year <= last_year {
            if self.has_year(year) {
                while let Some(next) = self.months.at_or_after(month) {
                    let least_here = if next == month { least } else { 1 };
                    let first = date_of(year, next, 1)?;
                    if let Some(day) = self.days.in_month(first).at_or_after(least_here) {
                        return date_of(year, next, day);
                    }
                    (month, least) = (next + 1, 1);
                }
            }
            (year, month, least) = (year.checked_add(1)?, 1, 1);
        }
        None
    }

    /// The first time of day from this one on.
    fn clock_from(&self, from: Clock) -> Option<Clock> {
        let least = |set: Set| set.first().unwrap_or(0);
        let hour = self.hours.at_or_after(from.hour)?;
        if hour > from.hour {
            return Some(Clock { hour, minute: least(self.minutes), second: least(self.seconds) });
        }
        if let Some(minute) = self.minutes.at_or_after(from.minute) {
            if minute > from.minute {
                return Some(Clock { hour, minute, second: least(self.seconds) });
            }
            if let Some(second) = self.seconds.at_or_after(from.second) {
                return Some(Clock { hour, minute, second });
            }
            if let Some(minute) = self.minutes.at_or_after(minute + 1) {
                return Some(Clock { hour, minute, second: least(self.seconds) });
            }
        }
        let hour = self.hours.at_or_after(hour + 1)?;
        Some(Clock { hour, minute: least(self.minutes), second: least(self.seconds) })
    }
}

/// The time of day a second later; `None` at the end of the day.
fn following(clock: Clock) -> Option<Clock> {
    let Clock { hour, minute, second } = clock;
    if second < 59 {
        Some(Clock { second: second + 1, ..clock })
    } else if minute < 59 {
        Some(Clock { hour, minute: minute + 1, second: 0 })
    } else {
        (hour < 23).then_some(Clock { hour: hour + 1, ..MIDNIGHT })
    }
}

/// The moment of a wall-clock time: none in a gap, the later one where there are two.
fn instant(day: Date, clock: Clock, zone: &TimeZone) -> Option<Timestamp> {
    let wall: DateTime = day.at(clock.hour.cast_signed(), clock.minute.cast_signed(), clock.second.cast_signed(), 0);
    let offset = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { .. } => return None,
        AmbiguousOffset::Fold { after, .. } => after,
    };
    Some(Timestamp(offset.to_timestamp(wall).ok()?.as_millisecond()))
}

fn date_of(year: i16, month: u8, day: u8) -> Option<Date> {
    let is_real = (1..=12).contains(&month)
        && (Date::MIN.year()..=Date::MAX.year()).contains(&year)
        && (1..=date(year, month.cast_signed(), 1).days_in_month().unsigned_abs()).contains(&day);
    is_real.then(|| date(year, month.cast_signed(), day.cast_signed()))
}
