//! The allow-listed classes: what their fields, methods and constructors do. Everything else is refused by name.

mod datetime;
mod format;
mod json;
mod map;
mod number;
mod params;
mod pattern;
mod string;
mod utility;

use super::{
    Error,
    machine::{Datum, Machine, Operand, java_double},
    value::Type,
};
pub(super) use pattern::Patterns;

/// Calls a method.
pub(super) fn call(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: Vec<Operand>,
) -> Result<Operand, Error> {
    let data: Vec<Datum> = arguments.iter().map(|operand| machine.read(operand)).collect();
    // Methods look at their texts about once.
    let length = data.iter().chain([receiver]).map(|datum| if let Datum::Text(text) = datum { text.len() } else { 0 });
    machine.budget.work(length.sum())?;
    let result = match receiver.kind() {
        Type::Map => return map::call(machine, receiver, name, arguments, &data),
        Type::Misc => return utility::misc(machine, name, arguments, &data),
        Type::String => string::call(machine, receiver, name, &data)?,
        Type::Long => number::call_long(machine, receiver, name, &data)?,
        Type::Double => number::call_double(machine, receiver, name, &data)?,
        Type::Math => number::call_math(machine, name, &data)?,
        Type::Util => utility::call(machine, name, &data)?,
        Type::Params => params::call(machine, name, &data)?,
        Type::DateTime => datetime::call_moment(machine, receiver, name, &data)?,
        Type::DateTimeZone => datetime::call_zone(machine, receiver, name, &data)?,
        Type::DateTimeFormatter => datetime::call_formatter(machine, receiver, name, &data)?,
        Type::DateTimeProperty => datetime::call_property(machine, receiver, name, &data)?,
        Type::DateTimeDays => datetime::call_days(receiver, name, &data)?,
        Type::Uuid => utility::call_uuid(machine, receiver, name, &data)?,
        kind => return Err(no_method(kind, name, &data)),
    };
    if !matches!(result, Datum::Text(_)) {
        machine.budget.value()?;
    }
    Ok(Operand::Own(result))
}

/// Reads a field.
pub(super) fn field(machine: &mut Machine<'_>, receiver: &Datum, name: &str) -> Result<Operand, Error> {
    let found = match receiver {
        Datum::Array(array) if name == "length" => Datum::Long(i64::try_from(array.len()).unwrap_or(i64::MAX)),
        Datum::Unset(Type::Params) => return params::value(machine, name).map(Operand::Own),
        Datum::Unset(Type::Misc) if name == "SUNDAY" => Datum::Long(7),
        Datum::Zone(_) | Datum::Unset(Type::DateTimeZone) if name == "UTC" => Datum::Zone(super::Zone::UTC),
        other => {
            let kind = other.kind().name();
            return Err(Error::unsupported(format!("{kind} DO NOT support accessing field: {name}")));
        }
    };
    machine.budget.value()?;
    Ok(Operand::Own(found))
}

/// Creates a value with `new`.
pub(super) fn construct(
    machine: &mut Machine<'_>,
    kind: Type,
    class: &str,
    arguments: &[Operand],
) -> Result<Datum, Error> {
    let data: Vec<Datum> = arguments.iter().map(|operand| machine.read(operand)).collect();
    if kind == Type::Map && data.is_empty() {
        return machine.new_map();
    }
    machine.budget.value()?;
    Ok(match (kind, &data[..]) {
        (Type::String, []) => Datum::from(""),
        (Type::String, [Datum::Text(_) | Datum::Long(_)]) => machine.text(plain(&data[0]))?,
        (Type::Long, [Datum::Long(value)]) => Datum::Long(*value),
        (Type::Long, [Datum::Text(text)]) => Datum::Long(number::parse_long(text)?),
        (Type::Double, [Datum::Double(value)]) => Datum::Double(*value),
        (Type::Double, [Datum::Text(text)]) => Datum::Double(number::parse_double(text)?),
        (Type::Boolean, [Datum::Boolean(value)]) => Datum::Boolean(*value),
        (Type::Boolean, [Datum::Text(text)]) => Datum::Boolean(text.eq_ignore_ascii_case("true")),
        (Type::DateTime, data) => datetime::construct(machine, data)?,
        (Type::String | Type::Long | Type::Double | Type::Boolean | Type::Map, data) => {
            let shown = shown(data);
            return Err(Error::argument(format!("Invalid input argument(s) ({shown}) for {class} constructor")));
        }
        (kind, _) => return Err(Error::unsupported(format!("{} DO NOT support calling constructor", kind.name()))),
    })
}

/// The refusal of a method that does not exist.
fn no_method(kind: Type, name: &str, arguments: &[Datum]) -> Error {
    let shown = shown(arguments);
    Error::unsupported(format!("{} DO NOT support calling method: {name} with args: [{shown}]", kind.name()))
}

/// The refusal of a method of a class whose methods are told apart by the number of their arguments.
fn no_counted_method(kind: Type, name: &str, arguments: &[Datum]) -> Error {
    no_method(kind, &format!("{name}{}", arguments.len()), arguments)
}

/// The failure inside a method that exists.
fn failed(name: &str, arguments: &[Datum], cause: Error) -> Error {
    Error::argument(format!("Failed calling method {name}{}", arguments.len())).because(cause)
}

/// Arguments as messages show them; long ones are cut.
fn shown(arguments: &[Datum]) -> String {
    const SHOWN_MAX: usize = 200;
    let short = |datum: &Datum| match datum {
        Datum::Text(text) => text.chars().take(SHOWN_MAX).collect(),
        other => plain(other),
    };
    arguments.iter().take(SHOWN_MAX).map(short).collect::<Vec<_>>().join(", ")
}

fn plain(datum: &Datum) -> String {
    match datum {
        Datum::Double(value) => java_double(*value),
        other => super::machine::plain_text(other),
    }
}

/// A LONG as the reference hands it to methods: wrapped to 32 bits unless it is too large for them, which fits no `int`.
fn int(value: i64) -> Result<i64, Error> {
    if value > i64::from(i32::MAX) {
        return Err(Error::cast("Long", "Integer"));
    }
    Ok(wrapped(value))
}

/// See [`int`]: what a method that takes any number sees.
#[expect(clippy::cast_possible_truncation, reason = "the reference wraps small numbers to 32 bits")]
fn wrapped(value: i64) -> i64 {
    if value > i64::from(i32::MAX) { value } else { i64::from(value as i32) }
}
