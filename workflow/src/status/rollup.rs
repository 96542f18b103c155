//! How many leaf steps below a run stand in each status, over all nesting levels and runs, and which ones need a look.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use super::StepStatus;
use crate::id::{AttemptId, RunKey, StepId};

/// Leaf steps by status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    /// All of them.
    #[serde(default)]
    pub total_leaf_count: i64,
    /// By status; `None` when nothing was ever counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overview: Option<BTreeMap<StepStatus, Count>>,
}

/// Leaf steps in one status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    #[serde(default)]
    pub cnt: i64,
    /// Which ones, as `instance:step:attempt` by `workflow:run`, for statuses that need a look.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub refs: Option<IndexMap<Arc<str>, Vec<Arc<str>>>>,
}

/// A rollup was to be taken out of one that does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A status is missing.
    #[error("Invalid: full overview should include the segregation rollup")]
    Status,
    /// A status names no steps at all.
    #[error("Invalid: full refs must include the segregation refs")]
    References,
    /// A status names no step of a run.
    #[error("Invalid: a total ref must include the segregation ref")]
    Run,
}

impl Rollup {
    /// A single leaf step.
    pub fn leaf(run: &RunKey, step: &StepId, attempt: AttemptId, status: StepStatus) -> Self {
        let refs = status.is_in_rollup_refs().then(|| {
            let key = Arc::from(format!("{}:{}", run.workflow, run.run));
            IndexMap::from([(key, vec![Arc::from(format!("{}:{step}:{attempt}", run.instance))])])
        });
        Self { total_leaf_count: 1, overview: Some(BTreeMap::from([(status, Count { cnt: 1, refs })])) }
    }

    /// Adds what another counts.
    pub fn add(&mut self, other: &Self) {
        self.total_leaf_count += other.total_leaf_count;
        let Some(others) = &other.overview else { return };
        let overview = self.overview.get_or_insert_default();
        for (status, count) in others {
            overview.entry(*status).or_default().add(count);
        }
    }

    /// Takes out what another counts; changes nothing when that is not contained.
    pub fn subtract(&mut self, other: &Self) -> Result<(), Mismatch> {
        if let Some(others) = &other.overview {
            let overview = self.overview.as_ref();
            for (status, count) in others {
                overview.and_then(|overview| overview.get(status)).ok_or(Mismatch::Status)?.check(count)?;
            }
            let overview = self.overview.get_or_insert_default();
            for (status, count) in others {
                let left = overview.entry(*status).or_default();
                left.subtract(count);
                if left.cnt == 0 {
                    overview.remove(status);
                }
            }
        }
        self.total_leaf_count -= other.total_leaf_count;
        Ok(())
    }

    /// Whether two rollups count the same; which steps they name does not matter.
    pub fn counts_as(&self, other: &Self) -> bool {
        let counts = |rollup: &Self| -> Option<Vec<(StepStatus, i64)>> {
            Some(rollup.overview.as_ref()?.iter().map(|(status, count)| (*status, count.cnt)).collect())
        };
        self.total_leaf_count == other.total_leaf_count && counts(self) == counts(other)
    }
}

impl<'a> FromIterator<&'a Rollup> for Rollup {
    fn from_iter<I: IntoIterator<Item = &'a Rollup>>(rollups: I) -> Self {
        let mut sum = Self::default();
        for rollup in rollups {
            sum.add(rollup);
        }
        sum
    }
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.cnt += other.cnt;
        let Some(others) = &other.refs else { return };
        let refs = self.refs.get_or_insert_default();
        for (run, steps) in others {
            refs.entry(run.clone()).or_default().extend(steps.iter().cloned());
        }
    }

    fn check(&self, other: &Self) -> Result<(), Mismatch> {
        let Some(others) = &other.refs else { return Ok(()) };
        let refs = self.refs.as_ref().ok_or(Mismatch::References)?;
        if others.keys().all(|run| refs.contains_key(run)) { Ok(()) } else { Err(Mismatch::Run) }
    }

    fn subtract(&mut self, other: &Self) {
        self.cnt -= other.cnt;
        let (Some(refs), Some(others)) = (&mut self.refs, &other.refs) else { return };
        for (run, steps) in others {
            let gone: IndexSet<&str> = steps.iter().map(|step| &**step).collect();
            let Some(left) = refs.get_mut(run) else { continue };
            left.retain(|step| !gone.contains(&**step));
            if left.is_empty() {
                refs.shift_remove(run);
            }
        }
    }
}
