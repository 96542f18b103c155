//! Long, Double and Math.

use super::{Datum, Error, Machine, Type, java_double, no_method};

pub(super) fn call_long(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    Ok(match (name, receiver, arguments) {
        ("toString", Datum::Long(value), []) | ("toString", _, [Datum::Long(value)]) => {
            machine.text(value.to_string())?
        }
        ("valueOf", _, [Datum::Long(value)]) | ("intValue", Datum::Long(value), []) => Datum::Long(*value),
        ("valueOf" | "parseLong", _, [Datum::Text(text)]) => Datum::Long(parse_long(text)?),
        ("toString" | "parseLong" | "valueOf", _, [other]) => return Err(Error::cast(other.kind().name(), "a number")),
        ("toString" | "intValue", Datum::Unset(_), []) => return Err(Error::null(format!("{name} of a null value"))),
        _ => return Err(no_method(Type::Long, name, arguments)),
    })
}

pub(super) fn call_double(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    Ok(match (name, receiver, arguments) {
        ("toString", Datum::Double(value), []) | ("toString", _, [Datum::Double(value)]) => {
            machine.text(java_double(*value))?
        }
        ("valueOf", _, [Datum::Double(value)]) => Datum::Double(*value),
        ("valueOf" | "parseDouble", _, [Datum::Text(text)]) => Datum::Double(parse_double(text)?),
        #[expect(clippy::cast_possible_truncation, reason = "the language saturates, and so does `as`")]
        ("intValue" | "longValue", Datum::Double(value), []) => Datum::Long(*value as i64),
        ("toString" | "parseDouble" | "valueOf", _, [other]) => {
            return Err(Error::cast(other.kind().name(), "a number"));
        }
        ("toString" | "intValue" | "longValue", Datum::Unset(_), []) => {
            return Err(Error::null(format!("{name} of a null value")));
        }
        _ => return Err(no_method(Type::Double, name, arguments)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
pub(super) fn call_math(machine: &mut Machine<'_>, name: &str, arguments: &[Datum]) -> Result<Datum, Error> {
    Ok(match (name, arguments) {
        ("min", [Datum::Long(a), Datum::Long(b)]) => Datum::Long(*a.min(b)),
        ("max", [Datum::Long(a), Datum::Long(b)]) => Datum::Long(*a.max(b)),
        ("min" | "max", [a, b]) => {
            let other = if a.kind() == Type::Long { b } else { a };
            return Err(Error::cast(other.kind().name(), Type::Long.name()));
        }
        ("pow", [a, b]) => Datum::Double(as_double(a)?.powf(as_double(b)?)),
        ("random", []) => {
            // 53 of 63 random bits make a number in [0, 1).
            let bits = machine.ids().number() & ((1 << 53) - 1);
            Datum::Double(bits as f64 / (1_u64 << 53) as f64)
        }
        _ => return Err(no_method(Type::Math, name, arguments)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "the language widens to the nearest double")]
fn as_double(datum: &Datum) -> Result<f64, Error> {
    match datum {
        Datum::Long(value) => Ok(*value as f64),
        Datum::Double(value) => Ok(*value),
        other => Err(Error::cast(other.kind().name(), Type::Double.name())),
    }
}

/// A decimal integer with an optional sign.
pub(super) fn parse_long(text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| Error::number_format(text))
}

/// A decimal or exponent form, blanks around it ignored.
pub(super) fn parse_double(text: &str) -> Result<f64, Error> {
    let trimmed = text.trim_matches(|c: char| c <= ' ');
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let is_word = matches!(unsigned, "NaN" | "Infinity");
    let digits = trimmed.strip_suffix(['d', 'D', 'f', 'F']).filter(|_| !is_word).unwrap_or(trimmed);
    let starts_right = digits.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !is_word && !starts_right {
        return Err(Error::number_format(text));
    }
    digits.parse().map_err(|_| Error::number_format(text))
}
