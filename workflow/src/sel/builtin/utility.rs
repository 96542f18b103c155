//! Util, System and its other names, and UUID.

use super::{Datum, Error, Machine, Operand, Type, datetime::days_of, json, no_method, number::parse_long};
use crate::sel::{
    Format, Moment, Zone,
    date::{DAY_MS, Unit, parse_period},
    machine::Array,
};

pub(super) fn call(machine: &mut Machine<'_>, name: &str, arguments: &[Datum]) -> Result<Datum, Error> {
    Ok(match (name, arguments) {
        ("dateIntToTs", [day]) => Datum::Long(day_of(machine, day)?.instant_ms),
        ("tsToDateInt", [ts]) => {
            let instant_ms = number(ts)?;
            let text = date_int(machine, instant_ms)?;
            machine.text(text)?
        }
        ("incrementDateInt", [day, Datum::Long(days)]) => {
            let moved = day_of(machine, day)?.plus(*days, Unit::Days)?;
            let text = date_int(machine, moved.instant_ms)?;
            machine.text(text)?
        }
        ("incrementDateInt", [_, other]) => return Err(Error::cast(other.kind().name(), Type::Long.name())),
        ("dateIntHourToTs", [day, hour, Datum::Text(zone), days, hours]) => {
            let zone = machine.patterns.zone(zone)?;
            let text = format!("{}{}", text_of(day)?, text_of(hour)?);
            let start = format(machine, "yyyyMMddHH")?.with_zone(&zone).parse(&text)?;
            let moved = start.plus(negated(number(days)?)?, Unit::Days)?;
            Datum::Long(moved.plus(negated(number(hours)?)?, Unit::Hours)?.instant_ms)
        }
        ("dateIntHourToTs", [_, _, other, _, _]) => return Err(Error::cast(other.kind().name(), Type::String.name())),
        ("timeoutForDateTimeDeadline", [Datum::DateTime(from), Datum::Text(span)]) => timeout(machine, from, span)?,
        ("timeoutForDateIntDeadline", [day, Datum::Text(span)]) => {
            let from = day_of(machine, day)?;
            timeout(machine, &from, span)?
        }
        ("timeoutForDateTimeDeadline" | "timeoutForDateIntDeadline", [other, _]) => {
            return Err(Error::cast(other.kind().name(), "the argument's type"));
        }
        ("dateIntsBetween", [from, to, increment]) => date_ints(machine, from, to, increment)?,
        ("intsBetween", [from, to, increment]) => ints(machine, from, to, increment)?,
        ("toJson", [value]) if machine.has_engine_functions() => {
            let mut text = String::new();
            json::write(machine, value, &mut text, 0)?;
            machine.text(text)?
        }
        _ => return Err(no_method(Type::Util, name, arguments)),
    })
}

pub(super) fn misc(
    machine: &mut Machine<'_>,
    name: &str,
    arguments: Vec<Operand>,
    data: &[Datum],
) -> Result<Operand, Error> {
    match (name, data.len()) {
        ("currentTimeMillis", 0) => {
            machine.budget.value()?;
            Ok(Operand::Own(Datum::Long(machine.now().instant_ms)))
        }
        // The argument's own box, whatever it is.
        ("asList", 1) => arguments.into_iter().next().ok_or_else(|| no_method(Type::Misc, name, data)),
        _ => Err(no_method(Type::Misc, name, data)),
    }
}

pub(super) fn call_uuid(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    match (name, receiver, arguments) {
        ("randomUUID", _, []) => Ok(Datum::Uuid(machine.ids().uuid())),
        ("toString", Datum::Uuid(uuid), []) => machine.text(uuid.to_string()),
        ("toString", _, []) => Err(Error::null("toString of a null UUID")),
        _ => Err(no_method(Type::Uuid, name, arguments)),
    }
}

fn format(machine: &Machine<'_>, pattern: &str) -> Result<Format, Error> {
    Ok(Format::of_pattern(pattern, machine.now())?.with_zone(&Zone::UTC))
}

/// The text of a STRING or LONG.
fn text_of(datum: &Datum) -> Result<String, Error> {
    match datum {
        Datum::Text(text) => Ok(text.to_string()),
        Datum::Long(number) => Ok(number.to_string()),
        other => Err(Error::argument(format!("a STRING or LONG was expected, not {}", other.kind().name()))),
    }
}

/// The number of a STRING or LONG.
fn number(datum: &Datum) -> Result<i64, Error> {
    match datum {
        Datum::Long(number) => Ok(*number),
        Datum::Text(text) => parse_long(text),
        other => Err(Error::argument(format!("a STRING or LONG was expected, not {}", other.kind().name()))),
    }
}

/// As [`number`], for what the reference reads in 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the reference wraps numbers to 32 bits")]
fn number_of_32_bits(datum: &Datum) -> Result<i64, Error> {
    match datum {
        Datum::Text(text) => text
            .parse::<i32>()
            .map(i64::from)
            .map_err(|_| Error::number_format(&text.chars().take(100).collect::<String>())),
        other => Ok(i64::from(number(other)? as i32)),
    }
}

fn negated(value: i64) -> Result<i64, Error> {
    value.checked_neg().ok_or_else(|| Error::arithmetic("The calculation caused an overflow"))
}

/// The start, in UTC, of a day of `yyyyMMdd`.
fn day_of(machine: &Machine<'_>, day: &Datum) -> Result<Moment, Error> {
    format(machine, "yyyyMMdd")?.parse(&text_of(day)?)
}

fn date_int(machine: &Machine<'_>, instant_ms: i64) -> Result<String, Error> {
    Ok(format(machine, "yyyyMMdd")?.print(&Moment { instant_ms, zone: Zone::UTC }))
}

fn timeout(machine: &mut Machine<'_>, from: &Moment, span: &str) -> Result<Datum, Error> {
    let left = i128::from(from.instant_ms) + i128::from(parse_period(span)?) - i128::from(machine.now().instant_ms);
    machine.text(format!("{} milliseconds", left.max(0)))
}

fn date_ints(machine: &mut Machine<'_>, from: &Datum, to: &Datum, increment: &Datum) -> Result<Datum, Error> {
    let (from, to) = (days_of(&day_of(machine, from)?), days_of(&day_of(machine, to)?));
    let increment = number_of_32_bits(increment)?;
    if increment == 0 {
        return Err(Error::argument("Invalid incremental interval value: 0"));
    }
    let (start, end) = if increment > 0 { (from, to) } else { (to, from) };
    let mut days = Vec::new();
    let mut day = start;
    while day < end {
        machine.budget.value()?;
        let text = date_int(machine, day * DAY_MS)?;
        days.push(Datum::Long(parse_long(&text)?));
        day += increment.abs();
    }
    if increment < 0 {
        days.reverse();
    }
    longs(machine, days)
}

fn ints(machine: &mut Machine<'_>, from: &Datum, to: &Datum, increment: &Datum) -> Result<Datum, Error> {
    let (from, to) = (number_of_32_bits(from)?, number_of_32_bits(to)?);
    let increment = number_of_32_bits(increment)?;
    let mut numbers = Vec::new();
    let mut next = from;
    while if increment > 0 { next < to } else { next > to } {
        machine.budget.value()?;
        numbers.push(Datum::Long(next));
        next += increment;
    }
    longs(machine, numbers)
}

fn longs(machine: &mut Machine<'_>, numbers: Vec<Datum>) -> Result<Datum, Error> {
    machine.budget.value()?;
    Ok(Array::of(Type::Long, numbers).map_or(Datum::Null, Datum::Array))
}
