//! Months, weekdays and zones in US English.

use super::zone::Zone;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The zones whose names people in the US write; parsing knows the first column only, as the reference does.
const ZONES: [(&str, &str, &str); 10] = [
    ("UTC", "Coordinated Universal Time", "UTC"),
    ("GMT", "Greenwich Mean Time", "Etc/GMT"),
    ("EST", "Eastern Standard Time", "America/New_York"),
    ("EDT", "Eastern Daylight Time", "America/New_York"),
    ("CST", "Central Standard Time", "America/Chicago"),
    ("CDT", "Central Daylight Time", "America/Chicago"),
    ("MST", "Mountain Standard Time", "America/Denver"),
    ("MDT", "Mountain Daylight Time", "America/Denver"),
    ("PST", "Pacific Standard Time", "America/Los_Angeles"),
    ("PDT", "Pacific Daylight Time", "America/Los_Angeles"),
];

/// The month of a number from 1 to 12.
pub(super) fn month(number: i64) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// The weekday of a number from 1, Monday, to 7.
pub(super) fn weekday(number: i64) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or_default()
}

/// The number of a month and the length of its name at the start of a text, long or short.
pub(super) fn parse_month(text: &str) -> Option<(i64, usize)> {
    parse(text, &MONTHS)
}

/// The number of a weekday and the length of its name at the start of a text, long or short.
pub(super) fn parse_weekday(text: &str) -> Option<(i64, usize)> {
    parse(text, &WEEKDAYS)
}

fn parse(text: &str, names: &[&str]) -> Option<(i64, usize)> {
    let starts = |part: &str| text.get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part));
    let long = names.iter().zip(1..).find(|(name, _)| starts(name)).map(|(name, number)| (number, name.len()));
    long.or_else(|| names.iter().zip(1..).find(|(name, _)| starts(&name[..3])).map(|(_, number)| (number, 3)))
}

/// The words for a zone's abbreviation, which stay as they are where English has none.
pub(super) fn zone_name(abbreviation: &str) -> &str {
    ZONES.iter().find(|(short, ..)| *short == abbreviation).map_or(abbreviation, |(_, long, _)| long)
}

/// The zone of an abbreviation and its length at the start of a text.
pub(super) fn parse_zone(text: &str) -> Option<(Zone, usize)> {
    let (short, _, id) = ZONES.iter().find(|(short, ..)| text.starts_with(short))?;
    Some((Zone::of_id(id).ok()?, short.len()))
}
