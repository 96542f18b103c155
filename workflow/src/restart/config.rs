//! What a restart was asked to do, and on which way it goes through nested instances (runtime.md §7.5).

use indexmap::IndexMap;

use super::Policy;
use crate::{
    id::{InstanceKey, StepId},
    param,
};

/// A restart request as runs keep it.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// From what the user aimed at (first) up to the instance that is handled now (last).
    pub path: Vec<PathNode>,
    /// What the instance that the user aimed at does again.
    pub policy: Policy,
    /// What nested instances off the path do again.
    pub downstream: Policy,
    /// Params for the workflow that the user aimed at.
    pub params: Option<param::Definitions>,
    /// Params for steps, by step.
    pub step_params: Option<IndexMap<StepId, param::Definitions>>,
    /// Steps to skip instead of running them.
    pub skip_steps: Vec<StepId>,
}

/// One stop on the path of a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathNode {
    /// The instance.
    pub instance: InstanceKey,
    /// The step in it; `None` for the instance as a whole.
    pub step: Option<StepId>,
}
