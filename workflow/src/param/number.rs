//! Numbers as Java writes and reads them: what a document or an interpolated text shows must be the same digits.

use serde_json::Number;

/// A binary64 as Java's `Double.toString` writes it: always a point, an exponent below 1e-3 and from 1e7 on.
pub fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    // `{:e}` gives the shortest digits that read back as the same number, as `1.25e21` or `1e21`.
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

/// A binary64 as a JSON number with Java's digits (its exponent reads `e+21` for `E21`); `None` for what JSON cannot say.
pub fn double_json(value: f64) -> Option<Number> {
    value.is_finite().then(|| double_text(value).parse().ok()).flatten()
}

/// A whole number that fits 64 bits, as Java's `Long.valueOf` reads it.
pub fn long(text: &str) -> Option<i64> {
    // Rust's parser takes the same texts: an optional sign, then at least one digit.
    text.parse().ok()
}

/// A decimal as Java's `BigDecimal` reads it, with the digits kept.
pub fn decimal(text: &str) -> Option<Number> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let exponent = match exponent {
        None => String::new(),
        // Java's exponents are 32-bit.
        Some(digits) => format!("E{}", digits.parse::<i32>().ok()?),
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}{exponent}").parse().ok()
}

/// The binary64 nearest to a decimal; `None` when it is too large for one.
pub fn nearest_double(decimal: &Number) -> Option<f64> {
    decimal.as_str().parse().ok().filter(|value: &f64| value.is_finite())
}

/// A decimal that reads as one: a whole number gets its `.0`, as Maestro shows a converted DOUBLE.
pub fn with_point(decimal: &Number) -> Number {
    let text = decimal.as_str();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return format!("{text}.0").parse().unwrap_or_else(|_| decimal.clone());
    }
    decimal.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_read_as_java_writes_them() {
        let cases = [
            (100.0, "100.0"),
            (1e7, "1.0E7"),
            (1e-5, "1.0E-5"),
            (0.001, "0.001"),
            (1_000_000.5, "1000000.5"),
            (1.25e21, "1.25E21"),
            (-0.0, "-0.0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, text) in cases {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn decimals_keep_their_digits() {
        let cases = [("1.10", Some("1.10")), ("1e3", Some("1e+3")), ("+.5", Some("0.5")), ("007.", Some("7"))];
        for (text, digits) in cases {
            assert_eq!(decimal(text).map(|number| number.to_string()).as_deref(), digits, "{text}");
        }
        for text in ["", "-", ".", "NaN", "Infinity", "1e", "0x1", "1_0", " 1"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
