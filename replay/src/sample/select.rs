//! Choosing samples so that every kind is there, the rare and the failed ones first.

use std::collections::BTreeMap;

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::Shape;

/// Chooses at most `wanted` of the samples and gives their indices in ascending order.
///
/// Strata are visited in rounds, one sample a round: first those of runs that failed, were stopped or restarted, then the others, the
/// smaller stratum first. Within a stratum chance decides; the same seed chooses the same samples.
pub fn select<'a>(shapes: impl IntoIterator<Item = &'a Shape>, wanted: usize, seed: u64) -> Vec<usize> {
    let mut strata: BTreeMap<&Shape, Vec<usize>> = BTreeMap::new();
    for (index, shape) in shapes.into_iter().enumerate() {
        strata.entry(shape).or_default().push(index);
    }
    let mut random = StdRng::seed_from_u64(seed);
    for members in strata.values_mut() {
        members.shuffle(&mut random);
    }
    let mut strata: Vec<(&Shape, Vec<usize>)> = strata.into_iter().collect();
    strata.sort_by_key(|(shape, members)| (!shape.is_eventful(), members.len()));
    let mut chosen = Vec::new();
    while chosen.len() < wanted {
        let before = chosen.len();
        for (_, members) in &mut strata {
            if chosen.len() < wanted {
                chosen.extend(members.pop());
            }
        }
        if chosen.len() == before {
            break;
        }
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Motif, Size},
        *,
    };

    fn shape(kind: &str, status: &str) -> Shape {
        Shape {
            kinds: vec![kind.to_owned()],
            motif: Motif::Single,
            status: status.to_owned(),
            param_types: Vec::new(),
            restart: "NONE".to_owned(),
            size: Size::One,
        }
    }

    #[test]
    fn a_rare_failure_is_chosen_before_the_many_successes() {
        let mut shapes = vec![shape("NoOp", "SUCCEEDED"); 1_000];
        shapes[617] = shape("NoOp", "FAILED");
        assert!(select(&shapes, 2, 7).contains(&617));
        assert_eq!(select(&shapes, 1, 7), [617]);
    }

    #[test]
    fn the_same_seed_chooses_the_same_samples_and_another_seed_others() {
        let shapes = vec![shape("NoOp", "SUCCEEDED"); 1_000];
        assert_eq!(select(&shapes, 10, 1), select(&shapes, 10, 1));
        assert_ne!(select(&shapes, 10, 1), select(&shapes, 10, 2));
    }

    #[test]
    fn all_are_chosen_where_more_are_wanted_than_there_are() {
        let shapes = [shape("NoOp", "SUCCEEDED"), shape("Sleep", "SUCCEEDED"), shape("NoOp", "SUCCEEDED")];
        assert_eq!(select(&shapes, 10, 1), [0, 1, 2]);
    }
}
