//! Numbers as short text: keys that hash well, keys that sort, and signal values that sort by value.

use crate::definition::SignalValue;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: u64 = 62;

/// What a non-negative signal value's digit count is raised by, so that it sorts after every negative one.
const NON_NEGATIVE: usize = 37;

/// A key was wanted for a number that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Input value must be positive: {0}")]
pub struct NotPositive(pub i64);

/// The digits of a positive number, least significant first, so that neighbours differ in their first character.
pub fn hash_key(value: i64) -> Result<String, NotPositive> {
    Ok(text(&digits(positive(value)?)))
}

/// The digits of a positive number behind their count, so that keys sort as the numbers do.
pub fn range_key(value: i64) -> Result<String, NotPositive> {
    Ok(sortable(positive(value)?, 0))
}

/// A signal's param value as text that sorts as the values do: texts, then negative numbers, then the others.
pub fn encode_signal_value(value: &SignalValue) -> String {
    match value {
        SignalValue::String(text) => format!("#{text}"),
        SignalValue::Long(0) => "a0".to_owned(),
        SignalValue::Long(i64::MIN) => "00".to_owned(),
        SignalValue::Long(number) if *number == -i64::MAX => "01".to_owned(),
        SignalValue::Long(number) if *number > 0 => sortable(number.unsigned_abs(), NON_NEGATIVE),
        SignalValue::Long(number) => sortable(i64::MAX.unsigned_abs() - number.unsigned_abs(), 0),
    }
}

fn positive(value: i64) -> Result<u64, NotPositive> {
    u64::try_from(value).ok().filter(|&value| value > 0).ok_or(NotPositive(value))
}

/// Least significant first; at most eleven of them.
fn digits(mut value: u64) -> Vec<u8> {
    let mut digits = Vec::with_capacity(12);
    while value != 0 {
        let digit = usize::try_from(value % BASE).expect("less than 62");
        digits.push(DIGITS[digit]);
        value /= BASE;
    }
    digits
}

fn sortable(value: u64, offset: usize) -> String {
    let mut digits = digits(value);
    digits.push(DIGITS[digits.len() + offset]);
    digits.reverse();
    text(&digits)
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::{SignalValue, encode_signal_value, hash_key, range_key};

    #[test]
    fn keys_are_those_of_the_reference() {
        for (value, hash, range) in [(1, "1", "11"), (62, "01", "210"), (1000, "8G", "2G8"), (10_000, "Ib2", "32bI")] {
            assert_eq!(hash_key(value).unwrap(), hash);
            assert_eq!(range_key(value).unwrap(), range);
        }
        assert!(hash_key(0).is_err() && range_key(-1).is_err());
    }

    #[test]
    fn signal_values_sort_as_text() {
        let numbers = [i64::MIN, -i64::MAX, -i64::MAX + 1, -12_345, -62, -1, 0, 1, 61, 62, 12_345, i64::MAX];
        let encoded: Vec<_> = numbers.map(|number| encode_signal_value(&SignalValue::Long(number))).to_vec();
        assert!(encoded.is_sorted(), "{encoded:?}");
        assert_eq!(encoded[4], "BAzL8n0Y58l7");
        assert_eq!(encoded[11], "mAzL8n0Y58m7");
        assert!(encode_signal_value(&SignalValue::String("zzz".into())) < encoded[0]);
    }
}
