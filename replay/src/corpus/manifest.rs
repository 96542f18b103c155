//! What a corpus holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sample::{DefinitionRef, Sample, Shape};

/// What a corpus holds: enough to choose samples without reading them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Definitions, in order.
    pub definitions: Vec<DefinitionRef>,
    /// Samples by id.
    pub samples: BTreeMap<String, Entry>,
}

/// What is known of a sample without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its workflow.
    pub workflow: String,
    /// The workflow's version.
    pub version: i64,
    /// The engine that ran it.
    pub engine: String,
    /// The run on that engine.
    pub run: String,
    /// What it is like.
    pub shape: Shape,
}

impl Entry {
    /// The entry of a sample.
    pub fn of(sample: &Sample) -> Self {
        Self {
            workflow: sample.workflow.clone(),
            version: sample.version,
            engine: sample.lineage.engine.clone(),
            run: sample.lineage.run.clone(),
            shape: sample.shape.clone(),
        }
    }
}

impl Manifest {
    /// Takes in what another one holds; gives how many samples are new.
    pub fn merge(&mut self, other: &Self) -> usize {
        self.definitions.extend(other.definitions.iter().cloned());
        self.definitions.sort();
        self.definitions.dedup();
        let before = self.samples.len();
        self.samples.extend(other.samples.iter().map(|(id, entry)| (id.clone(), entry.clone())));
        self.samples.len() - before
    }

    /// Whether a run of an engine was captured before.
    pub fn has_run(&self, engine: &str, run: &str) -> bool {
        self.samples.values().any(|entry| entry.engine == engine && entry.run == run)
    }

    /// Whether it names this and nothing of it is new.
    pub fn holds(&self, other: &Self) -> bool {
        other.samples.keys().all(|id| self.samples.contains_key(id))
            && other.definitions.iter().all(|one| self.definitions.binary_search(one).is_ok())
    }
}
