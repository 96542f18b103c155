//! Durations as text (`1h30min`): every number with a unit counts, everything else is passed over.

use std::sync::LazyLock;

use regex::Regex;

use crate::time::Millis;

/// A number, at most one space, and the shortest text that settles the unit.
static PART: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([0-9]+) ?(millisecond|ms|min|d|h|s)").expect("the pattern is a constant that the tests compile")
});

/// The sum of all parts of a text; empty when it has none. A number too large to be one counts nothing.
pub fn parse(text: &str) -> Millis {
    let text = text.to_lowercase();
    let parts = PART.captures_iter(&text).map(|part| {
        let unit = match &part[2] {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "min" => 60_000,
            "s" => 1000,
            _ => 1,
        };
        part[1].parse::<i64>().unwrap_or(0).saturating_mul(unit)
    });
    Millis(parts.fold(0, i64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::{Millis, parse};

    #[test]
    fn parts_add_up_and_the_rest_is_passed_over() {
        let minute = 60_000;
        let cases = [
            ("1h30min", 90 * minute),
            ("1 hour 30 minutes", 90 * minute),
            ("10min 1min", 11 * minute),
            ("abc 1min", minute),
            ("2 dogs", 2 * 1440 * minute),
            ("1 hr", 60 * minute),
            ("1.5 hours", 300 * minute),
            ("-1 day", 1440 * minute),
            ("10 MINUTES 5 seconds 1 day", 87_005_000),
            ("7 milliseconds", 7),
            ("7ms", 7),
            ("1m", 0),
            ("3 months", 0),
            ("abc", 0),
            ("1  day", 0),
            ("99999999999999999999 days", 0),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Millis(millis), "{text}");
        }
    }
}
