//! The engines behind the door, and calls that concern more than one of them.

mod everywhere;
mod merged;
mod push;

use std::{fmt, sync::Arc};

use workflow::port::{Engine, EngineName};

use crate::routing::{Owners, SameNumbers};

pub(crate) use push::HalfPushed;

/// The engine that workflows leave, and the one that they move to.
#[derive(Clone)]
pub struct Fleet {
    legacy: Arc<dyn Engine>,
    candidate: Arc<dyn Engine>,
    owners: Owners,
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("legacy", &self.legacy.name())
            .field("candidate", &self.candidate.name())
            .finish_non_exhaustive()
    }
}

impl Fleet {
    /// Two engines whose instance numbers do not meet.
    pub fn new(legacy: Arc<dyn Engine>, candidate: Arc<dyn Engine>) -> Result<Self, SameNumbers> {
        let owners =
            Owners::new(&[(legacy.name(), legacy.first_instance()), (candidate.name(), candidate.first_instance())])?;
        Ok(Self { legacy, candidate, owners })
    }

    /// The engine that workflows leave. What is asked of one engine only is asked of this one.
    pub fn legacy(&self) -> &Arc<dyn Engine> {
        &self.legacy
    }

    /// The engine that workflows move to.
    pub fn candidate(&self) -> &Arc<dyn Engine> {
        &self.candidate
    }

    /// Both, the legacy engine first.
    pub fn engines(&self) -> [&Arc<dyn Engine>; 2] {
        [&self.legacy, &self.candidate]
    }

    /// The engine of that name; what the ledger names and is not here any more is the legacy engine's.
    pub(crate) fn named(&self, name: &EngineName) -> &Arc<dyn Engine> {
        if self.candidate.name() == *name { &self.candidate } else { &self.legacy }
    }

    /// The engine that an instance belongs to.
    pub(crate) fn owner(&self, workflow: &str, instance: workflow::id::InstanceId) -> &Arc<dyn Engine> {
        self.engines()[self.owners.owner(workflow, instance)]
    }

    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }
}
