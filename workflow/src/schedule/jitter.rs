//! The fixed delay of a trigger's fire times: random looking, the same for ever.

use super::{Error, Text};
use crate::{definition::Parsable, duration, id::name_uuid};

/// What both factors of Java's generator are reduced to.
const MASK: i64 = (1 << 48) - 1;
const MULTIPLIER: i64 = 0x5_DEEC_E66D;

/// Whole seconds from 0 to below the delay's; `workflow` tells equal triggers of two workflows apart.
///
/// The reference reads a number as milliseconds here, and as seconds where it checks its range.
pub fn jitter_secs(delay: Option<&Parsable>, trigger: &Text, workflow: &str) -> Result<i64, Error> {
    let millis = match delay {
        None => return Ok(0),
        Some(Parsable::Number(number)) => number.as_i64().unwrap_or(i64::MAX),
        Some(Parsable::Text(text)) => duration::parse(text).0,
    };
    if millis == 0 {
        return Ok(0);
    }
    let bound = i32::try_from(millis / 1000).ok().filter(|&bound| bound > 0).ok_or(Error::Jitter)?;
    let uuid = name_uuid(&format!("{}{workflow}", trigger.as_str()));
    let (_, seed) = uuid.as_u64_pair();
    Ok(i64::from(Random::new(seed.cast_signed()).below(bound)))
}

/// The generator of Java's `Random`.
struct Random(i64);

impl Random {
    fn new(seed: i64) -> Self {
        Self((seed ^ MULTIPLIER) & MASK)
    }

    fn next_31_bits(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        // 48 bits without the lowest 17 leave 31.
        i32::try_from(self.0 >> 17).unwrap_or(i32::MAX)
    }

    /// Java's `nextInt(bound)`. Draws again where the last partial range would favour small numbers.
    fn below(&mut self, bound: i32) -> i32 {
        let mut bits = self.next_31_bits();
        if bound & (bound - 1) == 0 {
            return i32::try_from((i64::from(bound) * i64::from(bits)) >> 31).unwrap_or(0);
        }
        let mut value = bits % bound;
        while bits.wrapping_sub(value).wrapping_add(bound - 1) < 0 {
            bits = self.next_31_bits();
            value = bits % bound;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_java_s() {
        // `new Random(42)`: nextInt(10) twice.
        let mut random = Random::new(42);
        assert_eq!([random.below(10), random.below(10)], [0, 3]);
    }
}
