//! Values as JSON text.

use std::fmt::Write;

use super::{Datum, Error, Machine, java_double};
use crate::sel::machine::Item;

/// Maps within maps deeper than this have no JSON; the reference would run out of stack.
const DEPTH_MAX: usize = 64;

/// The JSON text of a value that may leave a program.
pub(super) fn write(machine: &mut Machine<'_>, datum: &Datum, out: &mut String, depth: usize) -> Result<(), Error> {
    machine.budget.value()?;
    machine.budget.afford(out.len())?;
    match datum {
        Datum::Null | Datum::Unset(_) => out.push_str("null"),
        Datum::Text(text) => quote(text, out),
        Datum::Double(value) if !value.is_finite() => {
            let _infallible = write!(out, "\"{}\"", java_double(*value));
        }
        Datum::Long(_) | Datum::Double(_) | Datum::Boolean(_) => out.push_str(&super::plain(datum)),
        Datum::Array(array) => {
            let items: Vec<Datum> = array.items.borrow().iter().map(Item::read).collect();
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(machine, item, out, depth)?;
            }
            out.push(']');
        }
        Datum::Map(map) if depth < DEPTH_MAX => {
            out.push('{');
            for (index, entry) in map.borrow().entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if let Datum::Text(key) = &*entry.key.borrow() {
                    quote(key, out);
                }
                out.push(':');
                write(machine, &entry.value.borrow(), out, depth + 1)?;
            }
            out.push('}');
        }
        Datum::Map(_) => return Err(Error::argument(format!("maps deeper than {DEPTH_MAX} levels have no JSON"))),
        other => return Err(Error::argument(format!("{} has no JSON", other.kind().name()))),
    }
    Ok(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _infallible = write!(out, "\\u{:04X}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
