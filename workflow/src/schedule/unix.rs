//! Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).
//!
//! A line that restricts both kinds of days is refused: the reference maps lines to Quartz, which cannot say it.

use super::{
    Cron, Syntax,
    days::Days,
    field::{DAYS, Domain, HOURS, MONTHS_OF_YEAR, Piece, SIXTIETHS, Set, entry},
};

const WEEKDAYS: Domain = Domain {
    min: 0,
    max: 6,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    outside: "Day-of-Week values must be between 0 and 7",
    alias: Some((7, 0)),
    step_max: 7,
};

/// `None` when this is no line of this dialect.
pub(super) fn parse(fields: &[Piece<'_>]) -> Option<Result<Cron, Syntax>> {
    let &[minute, hour, day, month, weekday] = fields else { return None };
    let minutes = list(minute, &SIXTIETHS)?;
    let hours = list(hour, &HOURS)?;
    let days = list(day, &DAYS)?;
    let months = list(month, &MONTHS_OF_YEAR)?;
    let weekdays = self::weekdays(weekday)?;
    let days = match (day.text, weekday.text) {
        (_, "*") => Days::OfMonth(days),
        ("*", _) => Days::OfWeek(weekdays),
        _ => return Some(Err(Syntax::at((day.start, weekday.span().1), super::quartz::BOTH_DAYS))),
    };
    Some(Ok(Cron { seconds: Set::of(0), minutes, hours, days, months, years: Vec::new() }))
}

fn list(field: Piece<'_>, domain: &Domain) -> Option<Set> {
    field.split(',').try_fold(Set::default(), |set, piece| Some(set.union(entry(piece, domain).ok()?)))
}

/// Counts from 1 = Sunday, as the days do.
fn weekdays(field: Piece<'_>) -> Option<Set> {
    let read = list(field, &WEEKDAYS)?;
    let mut set = Set::default();
    (0..=6).filter(|&day| read.contains(day)).for_each(|day| set.insert(day + 1));
    Some(set)
}
