//! Time zones: an offset from UTC for every moment.

use std::fmt;

use jiff::{
    Timestamp,
    tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase},
};

use crate::sel::Error;

/// After so many milliseconds (400 years) the calendar and the rules of every zone repeat.
const CYCLE_MS: i64 = 146_097 * 86_400_000;
/// Moments between these are looked up as they are: `jiff` counts years -9999 to 9999.
const LOOKUP_MIN_MS: i64 = -377_000_000_000_000;
const LOOKUP_MAX_MS: i64 = 253_000_000_000_000;

/// A time zone; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(Rules);

#[derive(Clone, Debug, PartialEq)]
enum Rules {
    Utc,
    /// Milliseconds ahead of UTC.
    Fixed(i64),
    Named(TimeZone),
}

/// What a local time means in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Local {
    /// It happens once, at this instant.
    Once(i64),
    /// It happens twice: the earlier and the later instant.
    Twice(i64, i64),
    /// It is skipped; the instant is as far after the gap as the local time is into it.
    Never(i64),
}

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(Rules::Utc);

    /// The zone of an id: `UTC`, an IANA id or link in its own case, or an offset (`+02:00`).
    pub fn of_id(id: &str) -> Result<Self, Error> {
        if id == "UTC" {
            return Ok(Self::UTC);
        }
        if id.starts_with(['+', '-']) {
            if let Some(offset) = parse_offset(id) {
                return Ok(Self::fixed(offset));
            }
        } else if let Ok(zone) = TimeZoneDatabase::bundled().get(id)
            && zone.iana_name() == Some(id)
        {
            return Ok(Self(Rules::Named(zone)));
        }
        Err(Error::argument(format!("The datetime zone id '{id}' is not recognised")))
    }

    pub(super) fn fixed(offset_ms: i64) -> Self {
        Self(if offset_ms == 0 { Rules::Utc } else { Rules::Fixed(offset_ms) })
    }

    /// How far local time is ahead of UTC at an instant, in milliseconds.
    pub fn offset_ms(&self, instant_ms: i64) -> i64 {
        match &self.0 {
            Rules::Utc => 0,
            Rules::Fixed(offset) => *offset,
            Rules::Named(zone) => i64::from(zone.to_offset(lookup(instant_ms)).seconds()) * 1000,
        }
    }

    /// What a local time, counted as if it were UTC, means here.
    pub(super) fn local(&self, local_ms: i64) -> Local {
        let Rules::Named(zone) = &self.0 else {
            return Local::Once(local_ms.saturating_sub(self.offset_ms(0)));
        };
        let at = |offset: Offset| local_ms.saturating_sub(i64::from(offset.seconds()) * 1000);
        let civil = Offset::UTC.to_datetime(lookup(local_ms));
        match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => Local::Once(at(offset)),
            AmbiguousOffset::Fold { before, after } => Local::Twice(at(before), at(after)),
            AmbiguousOffset::Gap { before, .. } => Local::Never(at(before)),
        }
    }

    /// The abbreviation in force at an instant (`PST`).
    pub(super) fn abbreviation(&self, instant_ms: i64) -> String {
        match &self.0 {
            Rules::Utc => "UTC".to_owned(),
            Rules::Fixed(_) => self.to_string(),
            Rules::Named(zone) => zone.to_offset_info(lookup(instant_ms)).abbreviation().to_owned(),
        }
    }
}

/// An instant with the same rules that `jiff` can count.
fn lookup(instant_ms: i64) -> Timestamp {
    let within = if instant_ms > LOOKUP_MAX_MS {
        let cycles = (instant_ms - LOOKUP_MAX_MS) / CYCLE_MS + 1;
        instant_ms - cycles * CYCLE_MS
    } else {
        instant_ms.max(LOOKUP_MIN_MS)
    };
    Timestamp::from_millisecond(within).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Milliseconds of `±HH[[:]mm[[:]ss[.SSS]]]`; the separators are all there or all absent.
pub(super) fn parse_offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (mut rest, mut total, mut colon) = (&text[1..], 0, None);
    for (index, unit) in [3_600_000, 60_000, 1000].into_iter().enumerate() {
        if index > 0 {
            let has_colon = rest.starts_with(':');
            if *colon.get_or_insert(has_colon) != has_colon {
                return None;
            }
            rest = rest.strip_prefix(':').unwrap_or(rest);
        }
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        let value: i64 = digits.parse().ok()?;
        if value > if index == 0 { 23 } else { 59 } {
            return None;
        }
        total += value * unit;
        rest = &rest[2..];
        if rest.is_empty() {
            return Some(sign * total);
        }
    }
    let fraction = rest.strip_prefix(['.', ','])?;
    if fraction.is_empty() || fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").parse().ok()?;
    Some(sign * (total + millis))
}

/// Writes an offset as `±HH:mm[:ss[.SSS]]`.
pub(super) fn print_offset(offset_ms: i64, separator: &str) -> String {
    let sign = if offset_ms < 0 { '-' } else { '+' };
    let rest = offset_ms.abs();
    let minutes = format!("{sign}{:02}{separator}{:02}", rest / 3_600_000, rest / 60_000 % 60);
    match (rest / 1000 % 60, rest % 1000) {
        (0, 0) => minutes,
        (seconds, 0) => format!("{minutes}{separator}{seconds:02}"),
        (seconds, millis) => format!("{minutes}{separator}{seconds:02}.{millis:03}"),
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rules::Utc => f.write_str("UTC"),
            Rules::Fixed(offset) => f.write_str(&print_offset(*offset, ":")),
            Rules::Named(zone) => f.write_str(zone.iana_name().unwrap_or("UTC")),
        }
    }
}
