//! Values as text, as string concatenation shows them.

use super::{Datum, Map, budget::Budget};
use crate::sel::Error;

/// A double in the reference's style, as params show it too.
pub(in crate::sel) use crate::param::number::double_text as java_double;

/// Maps within maps deeper than this have no text; the reference would run out of stack.
const DEPTH_MAX: usize = 64;

/// Appends the text of a value.
pub(in crate::sel) fn write(datum: &Datum, out: &mut String, budget: &mut Budget<'_>) -> Result<(), Error> {
    write_nested(datum, out, budget, 0)
}

fn write_nested(datum: &Datum, out: &mut String, budget: &mut Budget<'_>, depth: usize) -> Result<(), Error> {
    match datum {
        Datum::Text(text) => {
            budget.afford(out.len() / 3 + text.len() / 3)?;
            out.push_str(text);
            Ok(())
        }
        Datum::Map(map) if depth < DEPTH_MAX => write_map(&map.borrow(), out, budget, depth),
        Datum::Map(_) => Err(Error::argument(format!("maps within maps deeper than {DEPTH_MAX} have no text"))),
        other => {
            out.push_str(&plain(other));
            Ok(())
        }
    }
}

fn write_map(map: &Map, out: &mut String, budget: &mut Budget<'_>, depth: usize) -> Result<(), Error> {
    out.push('{');
    for (index, entry) in map.entries.iter().enumerate() {
        // Entries can hold each other many times over: pay for each one that is written.
        budget.value()?;
        if index > 0 {
            out.push_str(", ");
        }
        write_nested(&entry.key.borrow(), out, budget, depth + 1)?;
        out.push('=');
        write_nested(&entry.value.borrow(), out, budget, depth + 1)?;
    }
    out.push('}');
    Ok(())
}

/// The text of a value that holds no others.
pub(in crate::sel) fn plain(datum: &Datum) -> String {
    match datum {
        Datum::Null | Datum::Unset(_) => "null".to_owned(),
        Datum::Text(text) => text.to_string(),
        Datum::Long(value) => value.to_string(),
        Datum::Double(value) => java_double(*value),
        Datum::Boolean(value) => value.to_string(),
        Datum::Array(array) => array.kind.name().to_owned(),
        Datum::Map(map) => format!("a map of {}", map.borrow().entries.len()),
        Datum::DateTime(moment) => moment.to_string(),
        Datum::Zone(zone) => zone.to_string(),
        Datum::Formatter(_) => "a formatter".to_owned(),
        Datum::Property(property) => property.to_string(),
        Datum::Days(days) => format!("P{days}D"),
        Datum::Uuid(uuid) => uuid.to_string(),
    }
}
