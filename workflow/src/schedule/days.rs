//! Which days of a month a cron line means.

use jiff::civil::{Date, Weekday};

use super::field::Set;

/// A rule for days; weekdays count from 1 = Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// These days of the month.
    OfMonth(Set),
    /// So many days before the last one.
    Last { offset: u8 },
    /// The weekday nearest to so many days before the last one, in the same month.
    LastWorkday { offset: u8 },
    /// The weekday nearest to this day, in the same month.
    Workday(u8),
    /// These days of the week.
    OfWeek(Set),
    /// The last such day of the month.
    LastOfWeek(u8),
    /// The n-th such day of the month.
    NthOfWeek { weekday: u8, n: u8 },
}

impl Days {
    /// The days of the month that `first` begins, as a set.
    pub(super) fn in_month(self, first: Date) -> Set {
        let length = first.days_in_month().unsigned_abs();
        let mut set = Set::default();
        match self {
            Self::Last { offset } => insert(&mut set, length.checked_sub(offset)),
            Self::LastWorkday { offset } => {
                insert(&mut set, length.checked_sub(offset).and_then(|day| workday(first, day, length)));
            }
            Self::Workday(day) => insert(&mut set, workday(first, day.min(length), length)),
            Self::LastOfWeek(weekday) => {
                insert(&mut set, (1..=length).rev().find(|&day| weekday_of(first, day) == weekday));
            }
            Self::NthOfWeek { weekday, n } => {
                let mut such = (1..=length).filter(|&day| weekday_of(first, day) == weekday);
                insert(&mut set, such.nth(usize::from(n.saturating_sub(1))));
            }
            Self::OfMonth(days) => (1..=length).filter(|&day| days.contains(day)).for_each(|day| set.insert(day)),
            Self::OfWeek(days) => {
                (1..=length).filter(|&day| days.contains(weekday_of(first, day))).for_each(|day| set.insert(day));
            }
        }
        set
    }
}

fn insert(set: &mut Set, day: Option<u8>) {
    if let Some(day) = day.filter(|&day| day > 0) {
        set.insert(day);
    }
}

/// The Monday to Friday nearest to a day, never in another month.
fn workday(first: Date, day: u8, length: u8) -> Option<u8> {
    if day == 0 {
        return None;
    }
    Some(match weekday_of(first, day) {
        7 if day == 1 => day + 2,
        7 => day - 1,
        1 if day == length => day - 2,
        1 => day + 1,
        _ => day,
    })
}

fn weekday_of(first: Date, day: u8) -> u8 {
    let begins = first.weekday().since(Weekday::Sunday).unsigned_abs();
    (begins + day - 1) % 7 + 1
}
