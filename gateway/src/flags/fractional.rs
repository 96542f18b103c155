//! flagd's `fractional`: variants with weights, dealt by our own bucket.
//!
//! `{"fractional": [key?, [variant, weight?]…]}`. Without a key it is the flag's name and the targeting key. Variants take their
//! buckets in the order in which they stand, so the one that stands first only ever gains while its weight grows and the sum stays.

use datalogic_rs::{CustomOperator, DataValue, Error, Result, bumpalo::Bump, operator::EvalContext};

use super::bucket::{BUCKETS, Bucket};

/// The targeting key in what is evaluated, as flagd names it.
pub(crate) const TARGETING_KEY: &str = "targetingKey";

/// What flagd adds to what is evaluated, and in it the name of the flag.
pub(crate) const ADDED: &str = "$flagd";
pub(crate) const FLAG_KEY: &str = "flagKey";

/// flagd's weight of a variant that stands without one.
const DEFAULT_WEIGHT: i64 = 1;

#[derive(Debug)]
pub(crate) struct Fractional;

impl CustomOperator for Fractional {
    fn evaluate<'a>(
        &self,
        args: &[&'a DataValue<'a>],
        context: &mut EvalContext<'_, 'a>,
        arena: &'a Bump,
    ) -> Result<&'a DataValue<'a>> {
        // A single list of variants may come as one argument.
        let args: Vec<&'a DataValue<'a>> = match args {
            [DataValue::Array(list)] if list.iter().all(|item| item.as_array().is_some()) => list.iter().collect(),
            args => args.to_vec(),
        };
        let root = context.root_input();
        let flag =
            root.get(ADDED).and_then(|added| added.get(FLAG_KEY)).and_then(DataValue::as_str).unwrap_or_default();
        let (bucket, variants) = if let Some((DataValue::String(key), variants)) = args.split_first() {
            (Bucket::of("", key), variants.to_vec())
        } else {
            let key = root.get(TARGETING_KEY).and_then(DataValue::as_str).unwrap_or_default();
            (Bucket::of(flag, key), args)
        };
        let weighted = variants.iter().map(|variant| weighted(variant)).collect::<Result<Vec<_>>>()?;
        let total: u64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut upto = 0;
        for (variant, weight) in weighted {
            upto += weight;
            if u64::from(bucket.number()) * total < upto * u64::from(BUCKETS) {
                return Ok(arena.alloc(DataValue::String(variant)));
            }
        }
        Ok(arena.alloc(DataValue::Null))
    }
}

fn weighted<'a>(variant: &DataValue<'a>) -> Result<(&'a str, u64)> {
    let parts = variant.as_array().unwrap_or_default();
    let name = parts.first().and_then(DataValue::as_str);
    let weight = parts.get(1).map_or(Some(DEFAULT_WEIGHT), DataValue::as_i64);
    // As in flagd, weights are at most 2^31 - 1; so sums of them cannot overflow.
    let weight =
        weight.and_then(|weight| u32::try_from(weight).ok()).filter(|&weight| weight <= i32::MAX.unsigned_abs());
    match (name, weight) {
        (Some(name), Some(weight)) if parts.len() <= 2 => Ok((name, u64::from(weight))),
        _ => Err(Error::invalid_arguments("fractional takes [variant, weight] pairs")),
    }
}
