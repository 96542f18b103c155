//! What live runs show while traffic moves, and when that is reason enough to go back.

use std::{collections::VecDeque, fmt};

use serde::{Deserialize, Serialize};

/// How much worse than the legacy engine the candidate may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// How many of the latest results count, on each side.
    pub window: usize,
    /// Fewer bad results than this are no reason, whatever their rate.
    pub bad_min: u32,
    /// The rate of failed runs may exceed the legacy engine's by this.
    pub error_excess_max: f64,
    /// The rate of live comparisons that disagree.
    pub disagreement_max: f64,
}

impl Bounds {
    /// For production: of the latest 200 runs no more than 2 % may fail beyond what fails anyway, and no more than 1 % may disagree.
    pub const CAREFUL: Self = Self { window: 200, bad_min: 3, error_excess_max: 0.02, disagreement_max: 0.01 };
}

/// How many of the latest results were bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub n: u32,
    /// The bad ones.
    pub bad: u32,
}

impl Counts {
    /// The rate of bad ones; 0 where there are none at all.
    pub fn rate(self) -> f64 {
        if self.n == 0 { 0.0 } else { f64::from(self.bad) / f64::from(self.n) }
    }
}

/// Why traffic goes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Breach {
    /// The candidate fails more often.
    Errors {
        /// On the candidate.
        candidate: Counts,
        /// On the legacy engine.
        legacy: Counts,
    },
    /// Live comparisons disagree.
    Disagreement(Counts),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors { candidate, legacy } => write!(
                f,
                "{} of the latest {} runs failed on the candidate, {} of {} on the legacy engine",
                candidate.bad, candidate.n, legacy.bad, legacy.n
            ),
            Self::Disagreement(counts) => {
                write!(f, "{} of the latest {} live comparisons disagree", counts.bad, counts.n)
            }
        }
    }
}

/// The latest results on both sides.
#[derive(Clone, Debug)]
pub struct Live {
    bounds: Bounds,
    candidate: Window,
    legacy: Window,
    comparisons: Window,
}

#[derive(Clone, Debug, Default)]
struct Window {
    results: VecDeque<bool>,
    bad: u32,
}

impl Window {
    fn add(&mut self, is_bad: bool, size: usize) {
        self.results.push_back(is_bad);
        self.bad += u32::from(is_bad);
        while self.results.len() > size {
            self.bad -= u32::from(self.results.pop_front().unwrap_or_default());
        }
    }

    fn counts(&self) -> Counts {
        Counts { n: u32::try_from(self.results.len()).unwrap_or(u32::MAX), bad: self.bad }
    }
}

impl Live {
    /// Nothing seen yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, candidate: Window::default(), legacy: Window::default(), comparisons: Window::default() }
    }

    /// A run of the candidate ended, or could not be started.
    pub fn candidate_ended(&mut self, is_failed: bool) {
        self.candidate.add(is_failed, self.bounds.window);
    }

    /// A run of the legacy engine ended, or could not be started.
    pub fn legacy_ended(&mut self, is_failed: bool) {
        self.legacy.add(is_failed, self.bounds.window);
    }

    /// A live run was compared with its repetition.
    pub fn compared(&mut self, differs: bool) {
        self.comparisons.add(differs, self.bounds.window);
    }

    /// Candidate, legacy engine, comparisons.
    pub fn counts(&self) -> [Counts; 3] {
        [self.candidate.counts(), self.legacy.counts(), self.comparisons.counts()]
    }

    /// Whether it is time to go back.
    pub fn breach(&self) -> Option<Breach> {
        let [candidate, legacy, comparisons] = self.counts();
        let Bounds { bad_min, error_excess_max, disagreement_max, .. } = self.bounds;
        if candidate.bad >= bad_min && candidate.rate() > legacy.rate() + error_excess_max {
            return Some(Breach::Errors { candidate, legacy });
        }
        let disagrees = comparisons.bad >= bad_min && comparisons.rate() > disagreement_max;
        disagrees.then_some(Breach::Disagreement(comparisons))
    }

    /// Forgets everything, so that what led to a rollback does not count against the next try.
    pub fn clear(&mut self) {
        *self = Self::new(self.bounds);
    }
}
