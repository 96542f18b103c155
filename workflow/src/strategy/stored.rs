//! A queue as it is stored.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{At, Queue, Run};
use crate::id::{InstanceId, WorkflowId};

/// The form that this version writes.
const VERSION: u32 = 1;

/// A queue's state, in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    version: u32,
    workflow: WorkflowId,
    latest: InstanceId,
    queued: Vec<Run>,
    running: Vec<Run>,
    promised: Vec<At>,
    failed: Vec<At>,
}

/// A stored queue cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A newer program wrote it: run that one.
    #[error("the queue of {workflow} was stored in form {version}, this version reads {VERSION}")]
    Newer {
        /// Whose queue.
        workflow: WorkflowId,
        /// The form.
        version: u32,
    },
    /// It breaks the queue's invariant.
    #[error("the stored queue of {workflow} holds {at} twice")]
    Twice {
        /// Whose queue.
        workflow: WorkflowId,
        /// Which run.
        at: At,
    },
}

impl From<&Queue> for Stored {
    fn from(queue: &Queue) -> Self {
        let runs = |runs: &std::collections::BTreeMap<At, _>| {
            runs.iter().map(|(at, uuid)| Run { at: *at, uuid: std::sync::Arc::clone(uuid) }).collect()
        };
        Self {
            version: VERSION,
            workflow: queue.workflow.clone(),
            latest: queue.latest,
            queued: runs(&queue.queued),
            running: runs(&queue.running),
            promised: queue.promised.iter().copied().collect(),
            failed: queue.blocking().collect(),
        }
    }
}

impl TryFrom<Stored> for Queue {
    type Error = Broken;

    fn try_from(stored: Stored) -> Result<Self, Broken> {
        let Stored { version, workflow, latest, queued, running, promised, failed } = stored;
        if version != VERSION {
            return Err(Broken::Newer { workflow, version });
        }
        let mut instances = BTreeSet::new();
        if let Some(run) = queued.iter().chain(&running).find(|run| !instances.insert(run.at.instance)) {
            return Err(Broken::Twice { workflow, at: run.at });
        }
        let uuids = queued.iter().chain(&running).map(|run| run.uuid.clone()).collect();
        let queued: std::collections::BTreeMap<_, _> = queued.into_iter().map(|run| (run.at, run.uuid)).collect();
        Ok(Self {
            workflow,
            latest,
            first: InstanceId::FIRST,
            promised: promised.into_iter().filter(|at| queued.contains_key(at)).collect(),
            queued,
            running: running.into_iter().map(|run| (run.at, run.uuid)).collect(),
            uuids,
            failed: failed.into_iter().map(|at| (at.instance, at.run)).collect(),
        })
    }
}
