//! The steps of one run as the run sees them: changed one at a time, told as a whole.

use std::sync::Arc;

use super::{Overview, Rollup, StepState, StepStatus, Tally};
use crate::{
    graph::Dag,
    id::{AttemptId, RunKey},
};

/// The latest attempt of each step of a run.
#[derive(Clone, Debug)]
pub struct Board {
    entries: Vec<Option<Entry>>,
    tally: Tally,
}

/// The latest attempt of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it stands.
    pub state: StepState,
    /// Which attempt it is.
    pub attempt: AttemptId,
    /// The leaf steps below it, once a loop or a subworkflow has something to tell; else the step is a leaf itself.
    pub nested: Option<Arc<Rollup>>,
}

impl Board {
    /// A run of so many steps, none of which exists.
    pub fn new(steps: usize) -> Self {
        Self { entries: vec![None; steps], tally: Tally::default() }
    }

    /// The latest attempt of the step at a position.
    pub fn entry(&self, step: usize) -> Option<&Entry> {
        self.entries.get(step)?.as_ref()
    }

    /// The status of the step at a position.
    pub fn status(&self, step: usize) -> StepStatus {
        self.entry(step).map_or(StepStatus::NotCreated, |entry| entry.state.status)
    }

    /// Puts the latest attempt of the step at a position of the run's DAG.
    pub fn put(&mut self, step: usize, entry: Entry) {
        self.tally.change(self.status(step), entry.state.status);
        self.entries[step] = Some(entry);
    }

    /// How many steps stand in each status.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The leaf steps below the run; `base` are those of earlier runs that this one does not do again.
    pub fn rollup(&self, dag: &Dag, run: &RunKey, base: Option<&Rollup>) -> Rollup {
        let mut sum = Rollup::default();
        for (step, entry) in self.entries.iter().enumerate() {
            match entry {
                Some(Entry { nested: Some(nested), .. }) => sum.add(nested),
                Some(Entry { state, attempt, nested: None }) if state.status != StepStatus::NotCreated => {
                    sum.add(&Rollup::leaf(run, dag.id(step), *attempt, state.status));
                }
                _ => {}
            }
        }
        if let Some(base) = base {
            sum.add(base);
        }
        sum
    }

    /// The run's `runtime_overview`.
    pub fn overview(&self, dag: &Dag, run: &RunKey, base: Option<&Rollup>) -> Overview {
        let states = self.entries.iter().enumerate().filter_map(|(step, entry)| Some((step, entry.as_ref()?.state)));
        Overview {
            total_step_count: dag.len(),
            step_overview: Overview::summaries(states),
            rollup_overview: Some(self.rollup(dag, run, base)),
            run_status: None,
        }
    }
}
