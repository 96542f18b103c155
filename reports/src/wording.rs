//! Numbers and units as people read them, the same in every format.

use replay::verdict::Verdict;

/// `1,234`.
pub(crate) fn number(n: impl TryInto<u64>) -> String {
    // Counts fit into 64 bits on every machine.
    let digits = n.try_into().unwrap_or(u64::MAX).to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// `1 sample`, `2 samples`.
pub(crate) fn count(n: impl TryInto<u64>, noun: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// A bound of a rate in percent, with two digits, rounded up: a bound must not look tighter than it is.
pub(crate) fn bound(rate: f64) -> String {
    let percent = (rate * 100.0).clamp(0.0, 100.0);
    if percent <= 0.0 {
        return "0 %".to_owned();
    }
    let digits = 2.0 - (percent.log10().floor() + 1.0).clamp(-6.0, 2.0);
    let scale = 10_f64.powf(digits);
    // What is a hair above a round number by arithmetic alone is that number.
    let up = ((percent * scale - 1e-9).ceil() / scale).min(100.0);
    format!("{up} %")
}

/// A duration: `0.4 ms`, `31.2 s`, `4 min 12 s`, `2 h 5 min`, `10 d 3 h`.
pub(crate) fn duration(ms: f64) -> String {
    /// From here on a unit takes over, so that `60.0 s` is never said.
    const SECOND: f64 = 999.5;
    const MINUTE: f64 = 59_950.0;
    if !ms.is_finite() {
        return "unknown".to_owned();
    }
    if ms < SECOND {
        return if ms < 9.95 && ms.fract() != 0.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") };
    }
    if ms < MINUTE {
        return format!("{:.1} s", ms / 1_000.0);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and it is positive here"
    )]
    let seconds = (ms / 1_000.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, _, _) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

fn two(large: u64, unit: &str, small: u64, sub_unit: &str) -> String {
    if small == 0 {
        format!("{} {unit}", number(large))
    } else {
        format!("{} {unit} {small} {sub_unit}", number(large))
    }
}

/// `78 ×`, `1.4 ×`; nothing where there is nothing to divide by.
pub(crate) fn ratio(slow: f64, fast: f64) -> Option<String> {
    let ratio = slow / fast;
    (ratio.is_finite() && ratio > 0.0).then(|| match ratio {
        10.0.. => format!("{} ×", number(whole(ratio))),
        _ => format!("{ratio:.1} ×"),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and it is positive here"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// `yes`, `not known` or `no`: may this kind move?
pub(crate) fn may_move(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees { .. } => "yes",
        Verdict::Inconclusive { .. } => "not known",
        Verdict::Differs { .. } => "no",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_noun_and_their_commas() {
        assert_eq!(count(1_u64, "sample"), "1 sample");
        assert_eq!(count(0_usize, "sample"), "0 samples");
        assert_eq!(count(1_234_567_u64, "sample"), "1,234,567 samples");
        assert_eq!(number(999_u64), "999");
    }

    #[test]
    fn bounds_are_rounded_up_to_two_digits() {
        for (rate, told) in [
            (0.0, "0 %"),
            (0.000_123, "0.013 %"),
            (0.0083, "0.83 %"),
            (0.00831, "0.84 %"),
            (0.01, "1 %"),
            (0.0521, "5.3 %"),
            (0.258, "26 %"),
            (0.9999, "100 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(bound(rate), told, "{rate}");
        }
    }

    #[test]
    fn durations_have_at_most_two_units() {
        for (ms, told) in [
            (0.0, "0 ms"),
            (0.44, "0.4 ms"),
            (42.0, "42 ms"),
            (999.6, "1.0 s"),
            (31_240.0, "31.2 s"),
            (59_960.0, "1 min"),
            (252_000.0, "4 min 12 s"),
            (7_500_000.0, "2 h 5 min"),
            (875_000_000.0, "10 d 3 h"),
            (f64::NAN, "unknown"),
        ] {
            assert_eq!(duration(ms), told, "{ms}");
        }
    }

    #[test]
    fn a_ratio_needs_something_to_divide_by() {
        assert_eq!(ratio(31_200.0, 400.0).as_deref(), Some("78 ×"));
        assert_eq!(ratio(1.4, 1.0).as_deref(), Some("1.4 ×"));
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(0.0, 0.0), None);
    }
}
