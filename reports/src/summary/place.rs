//! Where most samples differ: one wrong decision of an engine shows at the same place in many of them.

use std::collections::{BTreeMap, BTreeSet};

use replay::campaign::Report;
use serde::Serialize;

use crate::visible;

/// Places that are named.
const PLACES_MAX: usize = 8;

/// A place and in how many samples it differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The place, without numbers of iterations.
    pub path: String,
    /// In how many samples something unexplained differs there.
    pub samples: usize,
}

/// The places that differ in most samples.
pub(super) fn places(report: &Report) -> Vec<Place> {
    let mut by_path: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &report.findings {
        let paths: BTreeSet<_> = finding.unexplained().map(|difference| without_numbers(&difference.path)).collect();
        for path in paths {
            *by_path.entry(path).or_default() += 1;
        }
    }
    let mut places: Vec<_> =
        by_path.into_iter().map(|(path, samples)| Place { path: visible::line(&path).into_owned(), samples }).collect();
    // The sort is stable, so that equally frequent places stay in order of name.
    places.sort_by_key(|place| std::cmp::Reverse(place.samples));
    places.truncate(PLACES_MAX);
    places
}

/// `runs.load[3].steps` → `runs.load[*].steps`, so that the iterations of a loop are one place.
fn without_numbers(path: &str) -> String {
    let mut parts = path.split('[');
    let mut place = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((number, rest)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                place.push_str("[*]");
                place.push_str(rest);
            }
            _ => {
                place.push('[');
                place.push_str(part);
            }
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn iterations_are_one_place() {
        assert_eq!(without_numbers("runs.load[3].steps.a[12].x"), "runs.load[*].steps.a[*].x");
        assert_eq!(without_numbers("runs.'a[b].c'[.x[]"), "runs.'a[b].c'[.x[]");
    }
}
