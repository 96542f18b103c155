//! Whose instance it is, read off its number.
//!
//! Every engine counts the instances of a workflow by itself, children and triggered runs too, so no one else could number them
//! all. Engines behind one door therefore count from different numbers, far apart, and a number tells its engine: nothing is
//! translated in requests or documents, nothing has to be looked up, and a lost ledger loses no run. (Translating numbers was
//! the other way: they stand in ancestors, roll-ups, artifacts, events and params of user code, and each place would be one to forget.)
//!
//! Bodies of loops have workflows of their own, whose instances are iterations, from 1 on every engine; but the id of such a
//! workflow holds the number of the instance around it.

use workflow::{
    id::{InstanceId, is_loop_body},
    port::EngineName,
};

/// Two engines would give the same numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("engines `{0}` and `{1}` both count instances from {2}: start one of them with another first instance")]
pub struct SameNumbers(EngineName, EngineName, InstanceId);

/// The engines, by the numbers that they give.
#[derive(Clone, Debug)]
pub struct Owners {
    /// By descending first number.
    ranges: Vec<(InstanceId, usize)>,
}

impl Owners {
    /// Engines with the first number of each; they are known by their place in this list.
    pub fn new(engines: &[(EngineName, InstanceId)]) -> Result<Self, SameNumbers> {
        let mut ranges: Vec<(InstanceId, usize)> = Vec::new();
        for (place, (name, first)) in engines.iter().enumerate() {
            if let Some(&(_, other)) = ranges.iter().find(|(taken, _)| taken == first) {
                return Err(SameNumbers(engines[other].0.clone(), name.clone(), *first));
            }
            ranges.push((*first, place));
        }
        ranges.sort_by(|one, other| other.cmp(one));
        Ok(Self { ranges })
    }

    /// The place of the engine that an instance belongs to. Numbers that nobody gives are the lowest one's, who will say so.
    pub fn owner(&self, workflow: &str, instance: InstanceId) -> usize {
        let instance = if is_loop_body(workflow) { outer_instance(workflow).unwrap_or(instance) } else { instance };
        let range = self.ranges.iter().find(|(first, _)| *first <= instance).or(self.ranges.last());
        range.map_or(0, |&(_, place)| place)
    }

    /// The places of the engines, highest numbers first, with where their numbers begin.
    pub(crate) fn descending(&self) -> &[(InstanceId, usize)] {
        &self.ranges
    }
}

/// `maestro_foreach_<workflow>_<instance>_<step>`: the instance is written in base 62 behind its number of digits.
fn outer_instance(workflow: &str) -> Option<InstanceId> {
    let range = workflow.split('_').nth(3)?;
    let mut digits = range.bytes().map(digit);
    let count = digits.next()??;
    let mut instance: i64 = 0;
    for digit in digits.by_ref() {
        instance = instance.checked_mul(62)?.checked_add(digit?)?;
    }
    (usize::try_from(count) == Ok(range.len() - 1)).then_some(InstanceId(instance))
}

fn digit(byte: u8) -> Option<i64> {
    Some(i64::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use workflow::id::range_key;

    use super::*;

    fn owners() -> Owners {
        let name = |name: &str| EngineName(name.into());
        Owners::new(&[(name("legacy"), InstanceId(1)), (name("actor"), InstanceId(1_000_001))]).unwrap()
    }

    #[test]
    fn a_number_belongs_to_the_engine_that_counts_there() {
        for (number, owner) in [(-4, 0), (0, 0), (1, 0), (1_000_000, 0), (1_000_001, 1), (i64::MAX, 1)] {
            assert_eq!(owners().owner("etl", InstanceId(number)), owner, "{number}");
        }
    }

    #[test]
    fn an_iteration_belongs_to_the_engine_of_the_run_around_its_loop() {
        for (outer, owner) in [(1, 0), (1_000_000, 0), (1_000_001, 1), (i64::MAX, 1)] {
            let workflow =
                format!("maestro_foreach_Ib2_{}_0fd0311349330fced130011b5d54d4b0", range_key(outer).unwrap());
            assert_eq!(outer_instance(&workflow), Some(InstanceId(outer)));
            assert_eq!(owners().owner(&workflow, InstanceId(3)), owner, "{outer}");
        }
    }

    #[test]
    fn an_id_that_only_looks_derived_is_no_reason_to_fail() {
        for workflow in
            ["maestro_foreach_", "maestro_while_a_é_b", "maestro_foreach_a_BzzzzzzzzzzzB_b", "maestro_foreach_a__b"]
        {
            assert_eq!(owners().owner(workflow, InstanceId(2)), 0, "{workflow}");
        }
    }

    #[test]
    fn engines_that_count_alike_do_not_work_together() {
        let name = |name: &str| EngineName(name.into());
        assert!(Owners::new(&[(name("a"), InstanceId(1)), (name("b"), InstanceId(1))]).is_err());
    }
}
