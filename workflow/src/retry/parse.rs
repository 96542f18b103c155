//! From a policy as written to numbers in their ranges.

use serde_json::Number;

use super::{
    backoff::Waits,
    class::{Class, PerClass},
    field::Field,
    policy::Parsed,
};
use crate::{
    definition::{self, Parsable, RetryPolicy},
    duration,
};

/// Retries of one class.
const RETRIES_MAX: i64 = 99;
/// The longest wait that can be configured: a day.
const WAIT_MAX_SECS: i64 = 86_400;
/// The largest base of an exponential wait.
const EXPONENT_MAX: i64 = 2_147_483_647;

/// Gives a text its workflow params; fails with the reason.
pub type Interpolate<'a> = &'a mut dyn FnMut(&str) -> Result<String, String>;

/// A policy has no numbers in their ranges. At run time the whole policy then falls back to its defaults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither a number nor, where one is allowed, a duration.
    #[error("{field} value [{written}] is parsed to [{text}] but not a number")]
    NotANumber {
        /// Where in the policy.
        field: String,
        /// As written; texts in quotes.
        written: String,
        /// With params put in.
        text: String,
    },
    /// Outside of what is allowed.
    #[error("{field} value [{written}] is parsed to [{number}] but cannot be less than [{min}] or more than [{max}]")]
    OutOfRange {
        /// Where in the policy.
        field: String,
        /// As written; texts in quotes.
        written: String,
        /// What it came to.
        number: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A param could not be put in.
    #[error("{field} value [{written}] cannot be interpolated: {reason}")]
    NotInterpolated {
        /// Where in the policy.
        field: String,
        /// As written; texts in quotes.
        written: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Which field of the policy is wrong.
    pub fn field(&self) -> &str {
        match self {
            Self::NotANumber { field, .. } | Self::OutOfRange { field, .. } | Self::NotInterpolated { field, .. } => {
                field
            }
        }
    }
}

/// What a field counts.
#[derive(Clone, Copy)]
enum Unit {
    Retries,
    Seconds,
    Exponent,
}

/// Puts params into a policy's texts and checks the numbers; what is not written stays unset.
pub fn parse(policy: &RetryPolicy, interpolate: Interpolate<'_>) -> Result<Parsed, Error> {
    let written = PerClass {
        error: &policy.error_retry_limit,
        platform: &policy.platform_retry_limit,
        timeout: &policy.timeout_retry_limit,
    };
    let limits = written.try_map(|class, limit| {
        number(limit.as_ref(), Unit::Retries, &mut || Field::Limit.of(class).to_owned(), interpolate)
    })?;
    let waits = policy.backoff.as_ref().map(|backoff| waits(backoff, interpolate)).transpose()?;
    Ok(Parsed { limits, waits })
}

fn waits(backoff: &definition::Backoff, interpolate: Interpolate<'_>) -> Result<Waits, Error> {
    let mut read = |class: Class, field: Field, unit, value: &Option<Parsable>| {
        number(value.as_ref(), unit, &mut || format!("backoff.{}", field.of(class)), interpolate)
    };
    match backoff {
        definition::Backoff::Fixed { error, platform, timeout } => {
            let written = PerClass { error, platform, timeout };
            Ok(Waits::Fixed(written.try_map(|class, wait| read(class, Field::Base, Unit::Seconds, wait))?))
        }
        definition::Backoff::Exponential { error, platform, timeout } => {
            let written = PerClass { error, platform, timeout };
            let parsed = written.try_map(|class, wait| {
                Ok(super::Exponential {
                    base_secs: read(class, Field::Base, Unit::Seconds, &wait.base_secs)?,
                    exponent: read(class, Field::Exponent, Unit::Exponent, &wait.exponent)?,
                    limit_secs: read(class, Field::WaitLimit, Unit::Seconds, &wait.limit_secs)?,
                })
            })?;
            Ok(Waits::Exponential(parsed))
        }
    }
}

fn number(
    value: Option<&Parsable>,
    unit: Unit,
    field: &mut dyn FnMut() -> String,
    interpolate: Interpolate<'_>,
) -> Result<Option<i64>, Error> {
    let Some(value) = value else { return Ok(None) };
    let (min, max) = match unit {
        Unit::Retries => (0, RETRIES_MAX),
        Unit::Seconds => (1, WAIT_MAX_SECS),
        Unit::Exponent => (0, EXPONENT_MAX),
    };
    let (written, number) = match value {
        Parsable::Number(number) => (number.to_string(), truncated(number)),
        Parsable::Text(text) => {
            let written = format!("\"{text}\"");
            let text = interpolate(text).map_err(|reason| Error::NotInterpolated {
                field: field(),
                written: written.clone(),
                reason,
            })?;
            let number = match (text.parse::<i64>(), unit) {
                (Ok(number), _) => number,
                (Err(_), Unit::Seconds) => duration::parse(&text).0 / 1000,
                (Err(_), _) => return Err(Error::NotANumber { field: field(), written, text }),
            };
            (written, number)
        }
    };
    if number < min || number > max {
        return Err(Error::OutOfRange { field: field(), written, number, min, max });
    }
    Ok(Some(number))
}

/// Fractions are cut off; what no 64-bit integer holds becomes the nearest one.
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, which is what is wanted")]
fn truncated(number: &Number) -> i64 {
    number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(f64::MAX) as i64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Parsable, RetryPolicy, parse};

    #[track_caller]
    fn check(limit: Parsable, expected: Result<i64, &str>) {
        let policy = RetryPolicy { error_retry_limit: Some(limit), ..RetryPolicy::default() };
        let parsed = parse(&policy, &mut |text| match text {
            "$n" => Ok("7".to_owned()),
            "$gone" => Err("no such param".to_owned()),
            other => Ok(other.to_owned()),
        });
        let got = parsed.map(|parsed| parsed.limits.error.unwrap()).map_err(|error| error.to_string());
        assert_eq!(got, expected.map_err(str::to_owned));
    }

    #[test]
    fn limits_are_whole_numbers_from_0_to_99() {
        let number = |text: &str| Parsable::Number(serde_json::from_str(text).unwrap());
        let text = |text: &str| Parsable::Text(Arc::from(text));
        check(number("2.9"), Ok(2));
        check(text("$n"), Ok(7));
        check(text("1 min"), Err("error_retry_limit value [\"1 min\"] is parsed to [1 min] but not a number"));
        check(
            number("100"),
            Err("error_retry_limit value [100] is parsed to [100] but cannot be less than [0] or more than [99]"),
        );
        check(text("$gone"), Err("error_retry_limit value [\"$gone\"] cannot be interpolated: no such param"));
    }
}
