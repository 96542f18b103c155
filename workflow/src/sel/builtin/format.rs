//! `String.format`: Java's format texts.

use super::{Datum, Error, Machine, plain, wrapped};

/// Widths and precisions beyond this are refused: nobody reads such texts.
const WIDTH_MAX: usize = 10_000;

#[derive(Debug, Default)]
struct Specifier {
    flags: String,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
}

impl Specifier {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

/// Formats values by a format text; more values than it asks for are ignored.
pub(super) fn format(machine: &mut Machine<'_>, pattern: &str, values: &[Datum]) -> Result<Datum, Error> {
    let mut out = String::new();
    let mut next_value = 0;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (specifier, index, after) = specifier(&rest[at + 1..])?;
        rest = after;
        let formatted = match specifier.conversion {
            'n' => "\n".to_owned(),
            '%' => pad("%", &specifier),
            _ => {
                let position = match index {
                    Some(Index::Explicit(index)) => index - 1,
                    Some(Index::Previous) => next_value.max(1) - 1,
                    None => {
                        next_value += 1;
                        next_value - 1
                    }
                };
                let missing = || Error::argument(format!("Format specifier '%{}'", specifier.conversion));
                convert(machine, &specifier, values.get(position).ok_or_else(missing)?)?
            }
        };
        out.push_str(&formatted);
        machine.budget.afford(out.len() / 3)?;
    }
    out.push_str(rest);
    machine.text(out)
}

#[derive(Clone, Copy, Debug)]
enum Index {
    Explicit(usize),
    Previous,
}

/// Reads what stands behind a `%`.
fn specifier(text: &str) -> Result<(Specifier, Option<Index>, &str), Error> {
    let unknown = || Error::argument(format!("Conversion = '{}'", text.chars().next().unwrap_or('%')));
    let mut rest = text;
    let mut index = None;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if let Some(after) = rest.strip_prefix('<') {
        (index, rest) = (Some(Index::Previous), after);
    } else {
        let length = digits(rest);
        if length > 0 && rest[length..].starts_with('$') {
            let number: usize = rest[..length].parse().map_err(|_| unknown())?;
            if number == 0 {
                return Err(Error::argument("Illegal format argument index = 0"));
            }
            (index, rest) = (Some(Index::Explicit(number)), &rest[length + 1..]);
        }
    }
    let flags = rest.bytes().take_while(|byte| b"-#+ 0,(".contains(byte)).count();
    let mut specifier = Specifier { flags: rest[..flags].to_owned(), ..Specifier::default() };
    rest = &rest[flags..];
    let bounded = |text: &str| {
        let value = text.parse().ok().filter(|value| *value <= WIDTH_MAX);
        value.ok_or_else(|| Error::argument(format!("the width or precision {text} is over {WIDTH_MAX}")))
    };
    let length = digits(rest);
    if length > 0 {
        specifier.width = Some(bounded(&rest[..length])?);
        rest = &rest[length..];
    }
    if let Some(after) = rest.strip_prefix('.') {
        let length = digits(after);
        if length == 0 {
            return Err(unknown());
        }
        specifier.precision = Some(bounded(&after[..length])?);
        rest = &after[length..];
    }
    let conversion = rest.chars().next().ok_or_else(unknown)?;
    if !"sSdfeExXobBcCnhHg%".contains(conversion) {
        return Err(Error::argument(format!("Conversion = '{conversion}'")));
    }
    if (specifier.has('-') || specifier.has('0')) && specifier.width.is_none() {
        return Err(Error::argument(format!("%{}{conversion}: the width is missing", specifier.flags)));
    }
    specifier.conversion = conversion;
    Ok((specifier, index, &rest[conversion.len_utf8()..]))
}

fn convert(machine: &mut Machine<'_>, specifier: &Specifier, value: &Datum) -> Result<String, Error> {
    let is_null = matches!(value, Datum::Null | Datum::Unset(_));
    let lower = specifier.conversion.to_ascii_lowercase();
    let text = match (lower, value) {
        ('b', Datum::Boolean(flag)) => cut(&flag.to_string(), specifier),
        ('b', _) => cut(&(!is_null).to_string(), specifier),
        ('s', Datum::Map(_)) => cut(&machine.displayed(value)?, specifier),
        ('s', Datum::Long(number)) => cut(&wrapped(*number).to_string(), specifier),
        ('s', _) => cut(&plain(value), specifier),
        _ if is_null => cut("null", specifier),
        ('d' | 'x' | 'o', Datum::Long(_)) if specifier.precision.is_some() => {
            return Err(Error::argument(format!("{}", specifier.precision.unwrap_or_default())));
        }
        ('d', Datum::Long(number)) => {
            let number = wrapped(*number);
            return Ok(pad_number(&grouped(number.unsigned_abs().to_string(), specifier), number < 0, specifier));
        }
        ('x', Datum::Long(number)) => radix(*number, specifier, 16),
        ('o', Datum::Long(number)) => radix(*number, specifier, 8),
        ('c', Datum::Long(number)) => {
            let code = u32::try_from(*number).ok().and_then(char::from_u32);
            code.ok_or_else(|| Error::argument(format!("Code point = 0x{number:x}")))?.to_string()
        }
        ('f' | 'e' | 'g', Datum::Double(number)) if !number.is_finite() => {
            let sign = if *number < 0.0 { "-" } else { "" };
            if number.is_nan() { "NaN".to_owned() } else { format!("{sign}Infinity") }
        }
        ('f', Datum::Double(number)) => {
            let digits = grouped(fixed(number.abs(), specifier.precision.unwrap_or(6)), specifier);
            return Ok(pad_number(&digits, number.is_sign_negative(), specifier));
        }
        ('e', Datum::Double(number)) => {
            let digits = scientific(number.abs(), specifier.precision.unwrap_or(6));
            return Ok(cased(pad_number(&digits, number.is_sign_negative(), specifier), specifier));
        }
        _ => {
            let (conversion, kind) = (specifier.conversion, value.kind().name());
            return Err(Error::argument(format!("{conversion} != {kind}")));
        }
    };
    let zeroed = specifier.has('0') && matches!(lower, 'x' | 'o');
    let width = specifier.width.unwrap_or(0);
    let text =
        if zeroed { format!("{}{text}", "0".repeat(width.saturating_sub(text.len()))) } else { pad(&text, specifier) };
    Ok(cased(text, specifier))
}

fn cased(text: String, specifier: &Specifier) -> String {
    if specifier.conversion.is_ascii_uppercase() { text.to_uppercase() } else { text }
}

fn cut(text: &str, specifier: &Specifier) -> String {
    specifier.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect())
}

/// The two's complement digits of a number in a base: of 32 bits where the number fits.
#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the two's complement is what is shown")]
fn radix(number: i64, specifier: &Specifier, base: u32) -> String {
    let number = wrapped(number);
    let bits = if number > i64::from(i32::MAX) { number as u64 } else { u64::from(number as u32) };
    let prefix = if specifier.has('#') { if base == 16 { "0x" } else { "0" } } else { "" };
    if base == 16 { format!("{prefix}{bits:x}") } else { format!("{prefix}{bits:o}") }
}

/// Digits with a point, the last one rounded half up on the shortest decimal.
fn fixed(number: f64, precision: usize) -> String {
    let shortest = format!("{number}");
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    if fraction.len() <= precision {
        let point = if precision > 0 { "." } else { "" };
        return format!("{whole}{point}{fraction:0<precision$}");
    }
    let rounded = round_up(&format!("{whole}{}", &fraction[..precision]), fraction.as_bytes()[precision] >= b'5');
    if precision == 0 {
        return rounded;
    }
    let (whole, fraction) = rounded.split_at(rounded.len() - precision);
    format!("{whole}.{fraction}")
}

/// Adds one to the last of some digits, or leaves them.
fn round_up(digits: &str, up: bool) -> String {
    let mut rounded = digits.as_bytes().to_vec();
    let mut carry = up;
    for digit in rounded.iter_mut().rev() {
        if !carry {
            break;
        }
        carry = *digit == b'9';
        *digit = if carry { b'0' } else { *digit + 1 };
    }
    if carry {
        rounded.insert(0, b'1');
    }
    rounded.into_iter().map(char::from).collect()
}

fn scientific(number: f64, precision: usize) -> String {
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let mut digits: String = mantissa.chars().filter(|digit| *digit != '.').collect();
    if digits.len() > precision + 1 {
        let up = digits.as_bytes()[precision + 1] >= b'5';
        digits = round_up(&digits[..=precision], up);
        if digits.len() > precision + 1 {
            digits.truncate(precision + 1);
            exponent += 1;
        }
    }
    let point = if precision > 0 { "." } else { "" };
    let sign = if exponent < 0 { '-' } else { '+' };
    let (first, rest) = digits.split_at(1);
    format!("{first}{point}{rest:0<precision$}e{sign}{:02}", exponent.abs())
}

/// Groups the whole part by commas where the flags ask for it.
fn grouped(digits: String, specifier: &Specifier) -> String {
    if !specifier.has(',') {
        return digits;
    }
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// Sign, zeros and blanks around digits.
fn pad_number(digits: &str, is_negative: bool, specifier: &Specifier) -> String {
    let (before, after) = match is_negative {
        true if specifier.has('(') => ("(", ")"),
        true => ("-", ""),
        false if specifier.has('+') => ("+", ""),
        false if specifier.has(' ') => (" ", ""),
        false => ("", ""),
    };
    let width = specifier.width.unwrap_or(0);
    let missing = width.saturating_sub(before.len() + digits.len() + after.len());
    let zeros = if specifier.has('0') { "0".repeat(missing) } else { String::new() };
    pad(&format!("{before}{zeros}{digits}{after}"), specifier)
}

fn pad(text: &str, specifier: &Specifier) -> String {
    let width = specifier.width.unwrap_or(0);
    if specifier.has('-') { format!("{text:<width$}") } else { format!("{text:>width$}") }
}
