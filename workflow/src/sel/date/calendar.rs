//! The proleptic ISO calendar over milliseconds, with weeks and ordinal days.

/// Milliseconds of a day.
pub(in crate::sel) const DAY_MS: i64 = 86_400_000;

/// The years that milliseconds in 64 bits can reach, as the reference bounds them.
pub(super) const YEAR_MIN: i64 = -292_275_054;
/// See [`YEAR_MIN`].
pub(super) const YEAR_MAX: i64 = 292_278_993;

/// A day by year, month and day of month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

impl Date {
    /// The day so many days after 1970-01-01.
    pub(super) fn of_days(days: i64) -> Self {
        // Years start in March here, so that the leap day is the last of them.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Days since 1970-01-01.
    pub(super) fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = (self.month + 9) % 12;
        let day_of_year = (153 * march_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// From 1.
    pub(super) fn day_of_year(self) -> i64 {
        self.days() - first_day(self.year) + 1
    }
}

/// Days from 1970-01-01 to the first day of a year.
pub(super) fn first_day(year: i64) -> i64 {
    Date { year, month: 1, day: 1 }.days()
}

pub(super) fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

pub(super) fn year_length(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

pub(super) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap(year)),
        _ => 31,
    }
}

/// Monday is 1.
pub(super) fn day_of_week(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// The Monday that a week-based year starts with.
pub(super) fn first_week_day(week_year: i64) -> i64 {
    let fourth = first_day(week_year) + 3;
    fourth - (day_of_week(fourth) - 1)
}

/// The week-based year and the week of a day.
pub(super) fn week(days: i64) -> (i64, i64) {
    let thursday = days - (day_of_week(days) - 1) + 3;
    let year = Date::of_days(thursday).year;
    (year, (thursday - first_day(year)) / 7 + 1)
}

pub(super) fn weeks_in(week_year: i64) -> i64 {
    (first_week_day(week_year + 1) - first_week_day(week_year)) / 7
}
