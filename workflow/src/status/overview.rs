//! The `runtime_overview` of an instance: its steps by status, told by their ordinals in the runtime DAG.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{InstanceStatus, Rollup, StepStatus, Tally};
use crate::{graph::Dag, id::StepId, time::Timestamp};

/// What a run has come to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Steps of the runtime DAG.
    #[serde(default)]
    pub total_step_count: usize,
    /// The latest attempt of each step that exists.
    #[serde(default)]
    pub step_overview: BTreeMap<StepStatus, StatusSummary>,
    /// Leaf steps over all nesting levels and runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollup_overview: Option<Rollup>,
    /// What this run came to, where the instance as a whole came to something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_status: Option<InstanceStatus>,
}

/// The steps in one status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Summarised")]
pub struct StatusSummary {
    /// How many.
    pub cnt: usize,
    /// Each of them, by ordinal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Listed>>,
}

/// A summary as documents have it: old ones only count.
#[derive(Deserialize)]
#[serde(untagged)]
enum Summarised {
    Counted(usize),
    Listed {
        #[serde(default)]
        cnt: usize,
        #[serde(default)]
        steps: Option<Vec<Listed>>,
    },
}

impl From<Summarised> for StatusSummary {
    fn from(summarised: Summarised) -> Self {
        match summarised {
            Summarised::Counted(cnt) => Self { cnt, steps: None },
            Summarised::Listed { cnt, steps } => Self { cnt, steps },
        }
    }
}

/// A step in a list: ordinal, start and end of its latest attempt.
pub type Listed = (usize, Option<Timestamp>, Option<Timestamp>);

/// Where a step stands, and when its latest attempt ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// Its status.
    pub status: StepStatus,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

/// An overview names a step that its DAG does not have, or one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot find step id for stepInfo [{ordinal}]")]
pub struct Undecodable {
    /// The ordinal.
    pub ordinal: usize,
}

impl Overview {
    /// Steps by status, from their states by position; those that do not exist are left out.
    pub fn summaries(states: impl IntoIterator<Item = (usize, StepState)>) -> BTreeMap<StepStatus, StatusSummary> {
        let mut summaries: BTreeMap<StepStatus, StatusSummary> = BTreeMap::new();
        for (position, state) in states.into_iter().filter(|(_, state)| state.status != StepStatus::NotCreated) {
            let summary = summaries.entry(state.status).or_default();
            summary.cnt += 1;
            summary.steps.get_or_insert_default().push((position + 1, state.start_time, state.end_time));
        }
        for steps in summaries.values_mut().filter_map(|summary| summary.steps.as_mut()) {
            steps.sort_by_key(|(ordinal, _, _)| *ordinal);
        }
        summaries
    }

    /// The states of the steps that exist, by status and ordinal.
    pub fn decode(&self, dag: &Dag) -> Result<IndexMap<StepId, StepState>, Undecodable> {
        let mut states = IndexMap::new();
        for (&status, summary) in &self.step_overview {
            for &(ordinal, start_time, end_time) in summary.steps.iter().flatten() {
                let position = ordinal.checked_sub(1).filter(|&position| position < dag.len());
                let step = dag.id(position.ok_or(Undecodable { ordinal })?).clone();
                if states.insert(step, StepState { status, start_time, end_time }).is_some() {
                    return Err(Undecodable { ordinal });
                }
            }
        }
        Ok(states)
    }

    /// How many steps stand in each status.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (&status, summary) in &self.step_overview {
            tally.add(status, summary.cnt);
        }
        tally
    }

    /// Whether some step exists.
    pub fn has_created_step(&self) -> bool {
        self.tally().created() > 0
    }

    /// Whether some step of the runtime DAG does not exist yet.
    pub fn has_not_created_step(&self) -> bool {
        self.total_step_count > self.tally().created()
    }

    /// Whether two overviews say the same; which leaf steps their rollups name does not matter, nor does `run_status`.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let same_rollup = match (&self.rollup_overview, &other.rollup_overview) {
            (None, None) => true,
            (Some(one), Some(another)) => one.counts_as(another),
            _ => false,
        };
        same_rollup && self.total_step_count == other.total_step_count && self.step_overview == other.step_overview
    }
}
