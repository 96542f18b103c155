//! String.

use super::{Datum, Error, Machine, Type, failed, format, int, no_counted_method, pattern::Match, plain, wrapped};
use crate::sel::machine::{Array, Item, Text};

pub(super) fn call(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Result<Datum, Error> {
    let failed =
        |error: Error| if error.kind() == crate::sel::Kind::Limit { error } else { failed(name, arguments, error) };
    if let Some(result) = class_method(machine, receiver, name, arguments) {
        return result.map_err(failed);
    }
    let is_known = match arguments.len() {
        0 => matches!(name, "length" | "isEmpty" | "trim" | "toUpperCase" | "toLowerCase" | "escape"),
        1 => matches!(
            name,
            "startsWith" | "endsWith" | "contains" | "equals" | "compareTo" | "lastIndexOf" | "substring" | "split"
        ),
        2 => matches!(name, "substring" | "replace" | "replaceAll" | "split"),
        _ => false,
    };
    if !is_known {
        return Err(no_counted_method(Type::String, name, arguments));
    }
    let Datum::Text(text) = receiver else {
        return Err(failed(Error::null("the text is null")));
    };
    let result = match arguments.len() {
        0 => plain_method(machine, text, name),
        _ => method(machine, text, name, arguments),
    };
    result.map_err(failed)
}

/// Methods that ignore their receiver, mostly called on the class itself.
fn class_method(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: &[Datum],
) -> Option<Result<Datum, Error>> {
    Some(match (name, arguments) {
        ("escape", [Datum::Text(text)]) => escape(machine, text),
        ("valueOf", [Datum::Long(value)]) if !matches!(receiver, Datum::Text(_)) => {
            machine.text(wrapped(*value).to_string())
        }
        ("valueOf", [value @ Datum::Map(_)]) if !matches!(receiver, Datum::Text(_)) => {
            machine.displayed(value).and_then(|text| machine.text(text))
        }
        ("valueOf", [value]) if !matches!(receiver, Datum::Text(_)) => machine.text(plain(value)),
        ("format", [Datum::Text(pattern), values @ ..]) => format::format(machine, pattern, values),
        ("format", [other, ..]) => Err(Error::cast(other.kind().name(), Type::String.name())),
        ("join", [Datum::Text(separator), parts @ ..]) => join(machine, separator, parts),
        _ => return None,
    })
}

fn plain_method(machine: &mut Machine<'_>, text: &str, name: &str) -> Result<Datum, Error> {
    match name {
        "length" => Ok(count(Text::units(text))),
        "isEmpty" => Ok(Datum::Boolean(text.is_empty())),
        "trim" => machine.text(text.trim_matches(|c: char| c <= ' ')),
        "toUpperCase" => machine.text(text.to_uppercase()),
        "toLowerCase" => machine.text(text.to_lowercase()),
        _ => escape(machine, text),
    }
}

fn method(machine: &mut Machine<'_>, text: &str, name: &str, arguments: &[Datum]) -> Result<Datum, Error> {
    Ok(match (name, arguments) {
        ("equals", [other]) => Datum::Boolean(matches!(other, Datum::Text(other) if **other == *text)),
        ("startsWith", [Datum::Text(part)]) => Datum::Boolean(text.starts_with(&**part)),
        ("endsWith", [Datum::Text(part)]) => Datum::Boolean(text.ends_with(&**part)),
        ("contains", [Datum::Text(part)]) => Datum::Boolean(text.contains(&**part)),
        ("compareTo", [Datum::Text(other)]) => Datum::Long(compare(text, other)),
        ("lastIndexOf", [Datum::Text(part)]) => {
            text.rfind(&**part).map_or(Datum::Long(-1), |at| count(Text::units(&text[..at])))
        }
        ("substring", [Datum::Long(from)]) => substring(machine, text, int(*from)?, None)?,
        ("substring", [Datum::Long(from), Datum::Long(to)]) => substring(machine, text, int(*from)?, Some(int(*to)?))?,
        ("replace", [Datum::Text(from), Datum::Text(to)]) => {
            let found = if to.len() > from.len() { text.matches(&**from).count() } else { 0 };
            machine.budget.afford(found.saturating_mul(to.len() / 3))?;
            machine.text(text.replace(&**from, to))?
        }
        ("replaceAll", [Datum::Text(pattern), Datum::Text(to)]) => replace_all(machine, text, pattern, to)?,
        ("split", [Datum::Text(pattern)]) => split(machine, text, pattern, 0)?,
        ("split", [Datum::Text(pattern), Datum::Long(limit)]) => split(machine, text, pattern, int(*limit)?)?,
        _ => {
            let other = arguments.iter().find(|argument| !matches!(argument, Datum::Text(_))).unwrap_or(&arguments[0]);
            return Err(Error::cast(other.kind().name(), "the argument's type"));
        }
    })
}

fn count(units: usize) -> Datum {
    Datum::Long(i64::try_from(units).unwrap_or(i64::MAX))
}

fn escape(machine: &mut Machine<'_>, text: &str) -> Result<Datum, Error> {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\u{c}' => escaped.push_str("\\f"),
            '"' => escaped.push_str("\\\""),
            other => escaped.push(other),
        }
    }
    machine.text(escaped)
}

fn join(machine: &mut Machine<'_>, separator: &str, parts: &[Datum]) -> Result<Datum, Error> {
    let mut texts = Vec::new();
    match parts {
        [Datum::Array(array)] if array.element == Type::String => {
            texts.extend(array.items.borrow().iter().map(Item::read));
        }
        _ => texts.extend_from_slice(parts),
    }
    let mut joined = String::new();
    for (index, part) in texts.iter().enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        match part {
            Datum::Text(text) => joined.push_str(text),
            Datum::Unset(Type::String) => joined.push_str("null"),
            other => return Err(Error::cast(other.kind().name(), Type::String.name())),
        }
        machine.budget.afford(joined.len() / 3)?;
    }
    machine.text(joined)
}

/// The difference of the first UTF-16 units that differ, or of the lengths.
fn compare(a: &str, b: &str) -> i64 {
    let units = a.encode_utf16().zip(b.encode_utf16());
    let first = units.map(|(a, b)| i64::from(a) - i64::from(b)).find(|difference| *difference != 0);
    let length = |text: &str| i64::try_from(Text::units(text)).unwrap_or(i64::MAX);
    first.unwrap_or_else(|| length(a) - length(b))
}

fn substring(machine: &mut Machine<'_>, text: &str, from: i64, to: Option<i64>) -> Result<Datum, Error> {
    let length = Text::units(text);
    let end = to.unwrap_or_else(|| i64::try_from(length).unwrap_or(i64::MAX));
    let range = usize::try_from(from).ok().zip(usize::try_from(end).ok());
    let Some((from, to)) = range.filter(|(from, to)| from <= to && *to <= length) else {
        return Err(Error::index(format!("begin {from}, end {end}, length {length}")));
    };
    if text.is_ascii() {
        return machine.text(&text[from..to]);
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
    machine.text(String::from_utf16_lossy(&units))
}

/// Matches from left to right as the reference finds them: an empty one may follow right after another.
fn matches(
    machine: &mut Machine<'_>,
    text: &str,
    pattern: &str,
    mut each: impl FnMut(&mut Machine<'_>, &Match<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let pattern = machine.patterns.pattern(pattern)?;
    let mut at = 0;
    while let Some(found) = pattern.find(text, at, &mut machine.budget)? {
        // A search may look at all that is left, and again for the next match.
        machine.budget.work((text.len() - at) / 8)?;
        let range = found.range();
        if !each(machine, &found)? {
            return Ok(());
        }
        at = range.end;
        if range.is_empty() {
            let Some(next) = text[at..].chars().next() else { return Ok(()) };
            at += next.len_utf8();
        }
    }
    Ok(())
}

fn split(machine: &mut Machine<'_>, text: &str, pattern: &str, limit: i64) -> Result<Datum, Error> {
    let most = usize::try_from(limit).ok().filter(|limit| *limit > 0);
    let mut parts: Vec<Datum> = Vec::new();
    let mut from = 0;
    matches(machine, text, pattern, |machine, found| {
        let found = found.range();
        if most.is_some_and(|most| parts.len() + 1 >= most) {
            return Ok(false);
        }
        if found.end > 0 {
            parts.push(machine.text(&text[from..found.start])?);
            from = found.end;
        }
        Ok(true)
    })?;
    parts.push(machine.text(&text[from..])?);
    let is_empty = |part: &Datum| matches!(part, Datum::Text(part) if part.is_empty());
    while limit == 0 && parts.len() > 1 && parts.last().is_some_and(is_empty) {
        parts.pop();
    }
    // A text of separators only has no parts at all.
    if limit == 0 && from > 0 && parts.len() == 1 && is_empty(&parts[0]) {
        parts.clear();
    }
    Ok(Array::of(Type::String, parts).map_or(Datum::Null, Datum::Array))
}

fn replace_all(machine: &mut Machine<'_>, text: &str, pattern: &str, replacement: &str) -> Result<Datum, Error> {
    let mut replaced = String::new();
    let mut from = 0;
    matches(machine, text, pattern, |machine, found| {
        let range = found.range();
        replaced.push_str(&text[from..range.start]);
        expand(found, replacement, &mut replaced)?;
        from = range.end;
        machine.budget.afford(replaced.len() / 3)?;
        Ok(true)
    })?;
    replaced.push_str(&text[from..]);
    machine.text(replaced)
}

/// Appends a replacement, in which `$1`, `${name}` and `\` are special.
fn expand(found: &Match<'_>, replacement: &str, out: &mut String) -> Result<(), Error> {
    let mut rest = replacement.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => out.push(rest.next().ok_or_else(|| Error::argument("character to be escaped is missing"))?),
            '$' if rest.next_if_eq(&'{').is_some() => {
                let name: String = rest.by_ref().take_while(|next| *next != '}').collect();
                out.push_str(
                    found.named(&name).ok_or_else(|| Error::argument(format!("No group with name {{{name}}}")))?,
                );
            }
            '$' => {
                let first = rest.next().and_then(|digit| digit.to_digit(10));
                let mut number = first.ok_or_else(|| Error::argument("Illegal group reference"))? as usize;
                if number >= found.groups() {
                    return Err(Error::index(format!("No group {number}")));
                }
                // More digits belong to the number as long as there is such a group.
                while let Some(digit) = rest.peek().and_then(|digit| digit.to_digit(10)) {
                    let longer = number * 10 + digit as usize;
                    if longer >= found.groups() {
                        break;
                    }
                    number = longer;
                    rest.next();
                }
                out.push_str(found.group(number).unwrap_or_default());
            }
            other => out.push(other),
        }
    }
    Ok(())
}
