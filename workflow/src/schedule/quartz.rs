//! Six or seven fields: second, minute, hour, day of month, month, day of week (1 is Sunday), year.

use super::{
    Cron, Syntax,
    days::Days,
    field::{DAYS, Domain, HOURS, MONTHS_OF_YEAR, Piece, SIXTIETHS, Set, WEEKDAYS_FROM_1, entry, value},
};

pub(super) const BOTH_DAYS: &str =
    "Support for specifying both a day-of-week AND a day-of-month parameter is not implemented.";
const YEAR_MIN: i16 = 1970;
const YEAR_MAX: i16 = 2999;
/// How far before the last day `L-n` may lie.
const OFFSET_MAX: u8 = 30;

pub(super) fn parse(fields: &[Piece<'_>], line_length: usize) -> Result<Cron, Syntax> {
    // What stands behind the seventh field is passed over, as the reference does.
    let &[second, minute, hour, day, month, weekday, ref rest @ ..] = fields else {
        return Err(Syntax::at((line_length, line_length), "Unexpected end of expression."));
    };
    let seconds = list(second, &SIXTIETHS)?;
    let minutes = list(minute, &SIXTIETHS)?;
    let hours = list(hour, &HOURS)?;
    let days = match (day.text, weekday.text) {
        ("?", "?") => {
            return Err(weekday.error("'?' can only be specified for Day-of-Month -OR- Day-of-Week."));
        }
        ("?", _) => days_of_week(weekday)?,
        (_, "?") => days_of_month(day)?,
        _ => {
            days_of_month(day)?;
            days_of_week(weekday)?;
            return Err(Syntax::at((day.start, weekday.span().1), BOTH_DAYS));
        }
    };
    let months = list(month, &MONTHS_OF_YEAR)?;
    let years = rest.first().map_or(Ok(Vec::new()), |&field| years(field))?;
    Ok(Cron { seconds, minutes, hours, days, months, years })
}

fn list(field: Piece<'_>, domain: &Domain) -> Result<Set, Syntax> {
    if field.text.starts_with('?') {
        return Err(field.error("'?' can only be specified for Day-of-Month or Day-of-Week."));
    }
    field.split(',').try_fold(Set::default(), |set, piece| Ok(set.union(entry(piece, domain)?)))
}

fn days_of_month(field: Piece<'_>) -> Result<Days, Syntax> {
    let text = field.text.to_ascii_uppercase();
    if text.contains('L') && text.len() > 1 && text.contains(',') {
        return Err(field.error("Support for specifying 'L' and 'LW' with other days of the month is not implemented"));
    }
    if let Some(rest) = text.strip_prefix('L') {
        let (rest, is_workday) = match rest.strip_suffix('W') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let offset = match rest.strip_prefix('-') {
            None if rest.is_empty() => 0,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() => digits
                .parse::<u8>()
                .ok()
                .filter(|&offset| offset <= OFFSET_MAX)
                .ok_or_else(|| field.error(format!("Offset from last day must be <= {OFFSET_MAX}")))?,
            _ => return Err(field.error(format!("Illegal characters for this position: '{text}'"))),
        };
        return Ok(if is_workday { Days::LastWorkday { offset } } else { Days::Last { offset } });
    }
    if let Some(day) = text.strip_suffix('W') {
        let piece = Piece { text: &field.text[..day.len()], start: field.start };
        return Ok(Days::Workday(value(piece, &DAYS)?));
    }
    list(field, &DAYS).map(Days::OfMonth)
}

fn days_of_week(field: Piece<'_>) -> Result<Days, Syntax> {
    let text = field.text.to_ascii_uppercase();
    if text == "L" {
        return Ok(Days::OfWeek(Set::of(7)));
    }
    if let Some((weekday, n)) = field.split_once('#') {
        if n.text.contains('#') {
            return Err(field.error("Support for specifying multiple \"nth\" days is not implemented."));
        }
        let n = n.text.parse::<u8>().ok().filter(|n| (1..=5).contains(n));
        let n = n.ok_or_else(|| field.error("A numeric value between 1 and 5 must follow the '#' option"))?;
        return Ok(Days::NthOfWeek { weekday: value(weekday, &WEEKDAYS_FROM_1)?, n });
    }
    if let Some(weekday) = text.strip_suffix('L') {
        if text.contains(',') {
            return Err(field.error("Support for specifying 'L' with other days of the week is not implemented"));
        }
        let piece = Piece { text: &field.text[..weekday.len()], start: field.start };
        return Ok(Days::LastOfWeek(value(piece, &WEEKDAYS_FROM_1)?));
    }
    list(field, &WEEKDAYS_FROM_1).map(Days::OfWeek)
}

fn years(field: Piece<'_>) -> Result<Vec<(i16, i16, i16)>, Syntax> {
    if field.text == "*" {
        return Ok(Vec::new());
    }
    field.split(',').map(years_entry).collect()
}

fn years_entry(piece: Piece<'_>) -> Result<(i16, i16, i16), Syntax> {
    let number = |piece: Piece<'_>| {
        let value = piece.text.parse::<i16>().ok().filter(|year| (0..=YEAR_MAX).contains(year));
        value.ok_or_else(|| piece.error(format!("Unexpected character: {}", piece.text.chars().next().unwrap_or(' '))))
    };
    let (range, step) = match piece.split_once('/') {
        Some((range, step)) => (range, Some(number(step)?)),
        None => (piece, None),
    };
    let step_or_one = step.unwrap_or(1);
    if step_or_one < 1 {
        return Err(piece.error("'/' must be followed by an integer."));
    }
    let (from, to) = match range.split_once('-') {
        _ if range.text == "*" || (range.text.is_empty() && step.is_some()) => (YEAR_MIN, YEAR_MAX),
        Some((from, to)) => (number(from)?, number(to)?),
        None if step.is_some() => (number(range)?, YEAR_MAX),
        None => (number(range)?, number(range)?),
    };
    if to < from {
        return Err(piece.error("Start year must be less than stop year"));
    }
    Ok((from, to, step_or_one))
}
