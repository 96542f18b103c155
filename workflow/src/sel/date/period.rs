//! Spans of time in words: `1 day, 2 hours and 3 minutes`.

use crate::sel::Error;

const UNITS: [(&str, Option<i64>); 8] = [
    ("year", None),
    ("month", None),
    ("week", Some(604_800_000)),
    ("day", Some(86_400_000)),
    ("hour", Some(3_600_000)),
    ("minute", Some(60_000)),
    ("second", Some(1000)),
    ("millisecond", Some(1)),
];
const SEPARATORS: [&str; 4] = [", and ", " and ", ", ", ","];

/// Milliseconds of a span in words, in descending units.
pub(in crate::sel) fn parse(text: &str) -> Result<i64, Error> {
    let mut rest = text;
    let mut next_unit = 0;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        if next_unit > 0 {
            let separator = SEPARATORS.iter().find(|separator| rest.starts_with(**separator));
            let length = separator.map_or(usize::from(rest.starts_with(' ')), |separator| separator.len());
            if length == 0 {
                return Err(malformed(text, rest));
            }
            rest = &rest[length..];
        }
        let (amount, after) = number(rest).ok_or_else(|| malformed(text, rest))?;
        let word_length = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let word = after[..word_length].to_ascii_lowercase();
        let singular = word.strip_suffix('s').unwrap_or(&word);
        let found = UNITS.iter().enumerate().skip(next_unit).find(|(_, (name, _))| *name == singular);
        let Some((index, (name, unit))) = found else {
            return Err(malformed(text, rest));
        };
        let Some(unit) = unit else {
            return Err(Error::unsupported(format!(
                "Cannot convert to Duration as this period contains {name}s and {name}s vary in length"
            )));
        };
        let overflow = || Error::arithmetic("The calculation caused an overflow");
        total = amount.checked_mul(*unit).and_then(|ms| total.checked_add(ms)).ok_or_else(overflow)?;
        next_unit = index + 1;
        rest = &after[word_length..];
    }
    Ok(total)
}

/// A signed number followed by one space.
fn number(text: &str) -> Option<(i64, &str)> {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    let amount: i32 = text[..sign + digits].parse().ok()?;
    Some((i64::from(amount), text[sign + digits..].strip_prefix(' ')?))
}

fn malformed(text: &str, rest: &str) -> Error {
    if rest.len() == text.len() {
        return Error::argument(format!("Invalid format: \"{text}\""));
    }
    if rest.is_empty() {
        return Error::argument(format!("Invalid format: \"{text}\" is too short"));
    }
    Error::argument(format!("Invalid format: \"{text}\" is malformed at \"{rest}\""))
}
