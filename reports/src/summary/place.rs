//! Where most samples differ: one wrong decision of an engine shows at the same place in many of them.

use std::collections::{BTreeMap, BTreeSet};

use replay::{campaign::Report, compare::without_numbers};
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
