//! Timeouts: a number of seconds, or text that becomes one.

use super::{Parsable, write};
use crate::{duration, time::Millis};

/// The longest timeout that can be configured: 120 days.
pub const MAX: Millis = Millis::from_secs(120 * 24 * 60 * 60);

/// A timeout is nothing, negative or too long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timeout [{} ms]/[{written}] cannot be non-positive or more than system limit: 120 days", .millis.0)]
pub struct OutOfRange {
    /// What it came to.
    pub millis: Millis,
    /// As written.
    pub written: String,
}

/// How long it is; a text must have been given its params.
pub fn millis(timeout: &Parsable) -> Result<Millis, OutOfRange> {
    let millis = match timeout {
        Parsable::Number(number) => Millis::from_secs(whole(number)),
        Parsable::Text(text) => of_text(text),
    };
    if millis.0 <= 0 || millis > MAX {
        return Err(OutOfRange { millis, written: write::parsable(timeout).to_string() });
    }
    Ok(millis)
}

/// Whether the text waits for params, so that nothing can be said about it yet.
pub fn is_open(timeout: &Parsable) -> bool {
    matches!(timeout, Parsable::Text(text) if text.contains('$'))
}

fn of_text(text: &str) -> Millis {
    match text.trim().parse::<i64>() {
        Ok(seconds) => Millis::from_secs(seconds),
        Err(_) => duration::parse(text),
    }
}

/// Fractions are cut off; what no 64-bit integer holds becomes the nearest one.
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, which is what is wanted")]
fn whole(number: &serde_json::Number) -> i64 {
    number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(f64::MAX) as i64)
}
