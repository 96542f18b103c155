//! How many of the injected defects a campaign catches.

use serde::{Deserialize, Serialize};

/// What became of each injected defect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutationScore {
    /// One entry a defect, in the order in which they were tried.
    pub defects: Vec<Tried>,
}

/// One defect that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Its name.
    pub name: String,
    /// In how many samples it showed.
    pub caught_by: u64,
    /// How many samples were replayed with it.
    pub samples: u64,
}

impl MutationScore {
    /// How many were caught by at least one sample.
    pub fn caught(&self) -> usize {
        self.defects.iter().filter(|tried| tried.caught_by > 0).count()
    }

    /// The share that was caught; `None` if none was tried.
    pub fn share(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "there are a handful of defects")]
        let share = |caught: usize, of: usize| caught as f64 / of as f64;
        (!self.defects.is_empty()).then(|| share(self.caught(), self.defects.len()))
    }
}
