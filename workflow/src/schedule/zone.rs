//! Time zones by the names that definitions use.

use jiff::tz::{Offset, TimeZone};

use super::Error;

/// The zone of a trigger: an IANA name or an offset (`+05:30`); UTC when unset.
pub fn zone(name: Option<&str>) -> Result<TimeZone, Error> {
    let name = match name {
        None | Some("" | "UTC" | "Z") => return Ok(TimeZone::UTC),
        Some(name) => name,
    };
    if name.starts_with(['+', '-']) {
        return offset(name).map(TimeZone::fixed).ok_or_else(|| Error::Zone(name.to_owned()));
    }
    TimeZone::get(name).map_err(|_| Error::Zone(name.to_owned()))
}

/// `+hh`, `+hhmm`, `+hh:mm` or `+hh:mm:ss`.
fn offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|&c| c != ':').collect();
    if digits.is_empty() || digits.len() > 6 || digits.len() % 2 == 1 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |index: usize| digits.get(index * 2..index * 2 + 2).map_or(Some(0), |part| part.parse::<i32>().ok());
    let (hours, minutes, seconds) = (part(0)?, part(1)?, part(2)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60 + seconds)).ok()
}
