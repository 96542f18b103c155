//! DateTime, DateTimeZone, DateTimeFormatter, Property and Days.

use std::{rc::Rc, sync::Arc};

use super::{Datum, Error, Machine, Type, failed, int, no_counted_method, no_method, shown};
use crate::sel::{
    Format, Moment, Property, Zone,
    date::{DAY_MS, Field, Unit, days_between, parse_iso},
};

/// The parts that a constructor takes before the zone.
const PARTS: [Field; 7] = [
    Field::Year,
    Field::MonthOfYear,
    Field::DayOfMonth,
    Field::HourOfDay,
    Field::MinuteOfHour,
    Field::SecondOfMinute,
    Field::MillisOfSecond,
];

pub(super) fn construct(machine: &mut Machine<'_>, arguments: &[Datum]) -> Result<Datum, Error> {
    let of = |instant_ms: i64, zone: &Zone| Ok(Moment { instant_ms, zone: zone.clone() });
    let now = machine.now().instant_ms;
    let moment = match arguments {
        [] | [Datum::Null] => of(now, &Zone::UTC),
        [Datum::Long(ms)] => of(*ms, &Zone::UTC),
        [Datum::Text(text)] => parse_iso(text, &Zone::UTC),
        [Datum::DateTime(moment)] => Ok(moment.clone()),
        [Datum::Null, Datum::Zone(zone)] => of(now, zone),
        [Datum::Long(ms), Datum::Zone(zone)] => of(*ms, zone),
        [Datum::Text(text), Datum::Zone(zone)] => parse_iso(text, zone),
        [Datum::DateTime(moment), Datum::Zone(zone)] => of(moment.instant_ms, zone),
        [parts @ .., Datum::Zone(zone)] if parts.len() == PARTS.len() => of_parts(parts, zone),
        _ => {
            let message = format!("Invalid input argument(s) ({}) for DateTime constructor", shown(arguments));
            return Err(Error::argument(message));
        }
    };
    moment.map(Datum::DateTime)
}

fn of_parts(parts: &[Datum], zone: &Zone) -> Result<Moment, Error> {
    let mut local = Moment { instant_ms: 0, zone: Zone::UTC };
    for (part, field) in parts.iter().zip(PARTS) {
        let Datum::Long(value) = part else {
            return Err(Error::cast(part.kind().name(), Type::Long.name()));
        };
        local = field.set(&local, int(*value)?)?;
    }
    Moment::of_local(local.instant_ms, zone)
}

pub(super) fn call_moment(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    if let ("parse", [Datum::Text(text), Datum::Formatter(format)]) = (name, arguments) {
        let parsed = format.parse(text).map_err(|error| failed(name, arguments, error))?;
        return Ok(Datum::DateTime(parsed));
    }
    if !is_method(name, arguments.len()) {
        return Err(no_counted_method(Type::DateTime, name, arguments));
    }
    let Datum::DateTime(moment) = receiver else {
        return Err(failed(name, arguments, Error::null("the date and time is null")));
    };
    method(machine, moment, name, arguments)
        .map_err(|error| failed(name, arguments, error))?
        .ok_or_else(|| failed(name, arguments, Error::cast(arguments[0].kind().name(), "the argument's type")))
}

/// Whether a date and time has a method of a name with so many arguments.
fn is_method(name: &str, count: usize) -> bool {
    match count {
        0 => {
            matches!(name, "toString" | "withTimeAtStartOfDay" | "getMillis")
                || name.strip_prefix("get").is_some_and(|field| Field::capitalized(field).is_some())
                || property(name).is_some()
        }
        1 => {
            matches!(name, "toString" | "withZone" | "toDateTime" | "isAfter" | "isBefore" | "isEqual")
                || shift(name).is_some()
                || settable(name).is_some()
        }
        2 => name == "parse",
        _ => false,
    }
}

fn property(name: &str) -> Option<Field> {
    Field::named(name).filter(|field| *field != Field::Year)
}

fn settable(name: &str) -> Option<Field> {
    let field = Field::capitalized(name.strip_prefix("with")?)?;
    (!matches!(field, Field::MinuteOfDay | Field::SecondOfDay)).then_some(field)
}

/// The unit and direction of `plusDays`, `minusHours`, …
fn shift(name: &str) -> Option<(Unit, i64)> {
    let (unit, sign) = match name.strip_prefix("plus") {
        Some(unit) => (unit, 1),
        None => (name.strip_prefix("minus")?, -1),
    };
    let unit = match unit {
        "Years" => Unit::Years,
        "Months" => Unit::Months,
        "Weeks" => Unit::Weeks,
        "Days" => Unit::Days,
        "Hours" => Unit::Hours,
        "Minutes" => Unit::Minutes,
        "Seconds" => Unit::Seconds,
        "Millis" => Unit::Millis,
        _ => return None,
    };
    Some((unit, sign))
}

/// What a method gives; nothing when its argument has the wrong type.
fn method(machine: &mut Machine<'_>, moment: &Moment, name: &str, arguments: &[Datum]) -> Result<Option<Datum>, Error> {
    Ok(Some(match (name, arguments) {
        ("toString", []) => machine.text(moment.to_string())?,
        ("toString", [Datum::Text(pattern)]) => {
            let format = Format::of_pattern(pattern, machine.now())?;
            machine.text(format.print(moment))?
        }
        ("withTimeAtStartOfDay", []) => Datum::DateTime(moment.start_of_day()),
        ("getMillis", []) => Datum::Long(moment.instant_ms),
        ("withZone" | "toDateTime", [Datum::Zone(zone)]) => Datum::DateTime(moment.in_zone(zone)),
        ("isAfter", [Datum::DateTime(other)]) => Datum::Boolean(moment.instant_ms > other.instant_ms),
        ("isBefore", [Datum::DateTime(other)]) => Datum::Boolean(moment.instant_ms < other.instant_ms),
        ("isEqual", [Datum::DateTime(other)]) => Datum::Boolean(moment.instant_ms == other.instant_ms),
        ("isAfter", [Datum::Null]) => Datum::Boolean(moment.instant_ms > machine.now().instant_ms),
        ("isBefore", [Datum::Null]) => Datum::Boolean(moment.instant_ms < machine.now().instant_ms),
        ("isEqual", [Datum::Null]) => Datum::Boolean(moment.instant_ms == machine.now().instant_ms),
        (_, []) => match name.strip_prefix("get").and_then(Field::capitalized) {
            Some(field) => Datum::Long(field.of(moment)),
            None => match property(name) {
                Some(field) => Datum::Property(Rc::new(Property { moment: moment.clone(), field })),
                None => return Ok(None),
            },
        },
        (_, [Datum::Long(amount)]) => {
            let amount = int(*amount)?;
            match (shift(name), settable(name)) {
                (Some((unit, sign)), _) => Datum::DateTime(moment.plus(amount * sign, unit)?),
                (None, Some(field)) => Datum::DateTime(field.set(moment, amount)?),
                (None, None) => return Ok(None),
            }
        }
        _ => return Ok(None),
    }))
}

pub(super) fn call_property(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    if !matches!((name, arguments), ("get" | "getAsText" | "withMinimumValue" | "withMaximumValue", [])) {
        return Err(no_method(Type::DateTimeProperty, name, arguments));
    }
    let Datum::Property(property) = receiver else { return Err(Error::null(format!("{name} of a null property"))) };
    let Property { moment, field } = &**property;
    let (min, max) = field.bounds(moment);
    Ok(match name {
        "get" => Datum::Long(field.of(moment)),
        "getAsText" => machine.text(field.text(moment))?,
        "withMinimumValue" => Datum::DateTime(field.set(moment, min)?),
        _ => Datum::DateTime(field.set(moment, max)?),
    })
}

pub(super) fn call_zone(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    Ok(match (name, receiver, arguments) {
        ("forID", _, [Datum::Text(id)]) => Datum::Zone(machine.patterns.zone(id)?),
        ("getOffset", Datum::Zone(zone), [Datum::DateTime(moment)]) => Datum::Long(zone.offset_ms(moment.instant_ms)),
        ("forID" | "getOffset", _, [other]) => return Err(Error::cast(other.kind().name(), "the argument's type")),
        _ => return Err(no_method(Type::DateTimeZone, name, arguments)),
    })
}

pub(super) fn call_formatter(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    if let ("forPattern", [Datum::Text(pattern)]) = (name, arguments) {
        let format = Format::of_pattern(pattern, machine.now())?;
        return Ok(Datum::Formatter(Arc::new(format)));
    }
    let is_known = matches!(name, "forPattern" | "withZone" | "parseDateTime" | "parseMillis" | "print");
    let ([argument], true) = (arguments, is_known) else {
        return Err(no_method(Type::DateTimeFormatter, name, arguments));
    };
    if name == "forPattern" {
        return Err(Error::cast(argument.kind().name(), Type::String.name()));
    }
    let Datum::Formatter(format) = receiver else {
        return Err(Error::null(format!("{name} of a null formatter")));
    };
    Ok(match (name, argument) {
        ("withZone", Datum::Zone(zone)) => Datum::Formatter(Arc::new(format.with_zone(zone))),
        ("parseDateTime", Datum::Text(text)) => Datum::DateTime(format.parse(text)?),
        ("parseDateTime", Datum::Long(number)) => Datum::DateTime(format.parse(&number.to_string())?),
        ("parseMillis", Datum::Text(text)) => Datum::Long(format.parse(text)?.instant_ms),
        ("print", Datum::DateTime(moment)) => machine.text(format.print(moment))?,
        ("print", Datum::Long(ms)) => machine.text(format.print(&Moment { instant_ms: *ms, zone: Zone::UTC }))?,
        (_, other) => return Err(Error::cast(other.kind().name(), "the argument's type")),
    })
}

pub(super) fn call_days(receiver: &Datum, name: &str, arguments: &[Datum]) -> Result<Datum, Error> {
    Ok(match (name, receiver, arguments) {
        ("daysBetween", _, [Datum::DateTime(from), Datum::DateTime(to)]) => Datum::Days(days_between(from, to)?),
        ("daysBetween", _, [from, to]) => {
            let other = if from.kind() == Type::DateTime { to } else { from };
            return Err(Error::cast(other.kind().name(), Type::DateTime.name()));
        }
        ("getDays", Datum::Days(days), []) => Datum::Long(i64::from(*days)),
        ("getDays", Datum::Unset(_), []) => return Err(Error::null("getDays of null days")),
        _ => return Err(no_method(Type::DateTimeDays, name, arguments)),
    })
}

/// A day of `yyyyMMdd`, as days since 1970-01-01.
pub(super) fn days_of(moment: &Moment) -> i64 {
    moment.instant_ms.div_euclid(DAY_MS)
}
