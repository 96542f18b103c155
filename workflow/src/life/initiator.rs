//! Who or what started a run.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    definition::StepType,
    id::{self, AttemptId, RunKey, StepId, WorkflowId},
    param::Params,
    time::Timestamp,
    user::User,
};

/// Who or what started a run (runtime.md §23.5).
#[derive(Clone, Debug, PartialEq)]
pub enum Initiator {
    /// A person or a service.
    Manual {
        /// Who; documents of others may not say it.
        user: Option<User>,
    },
    /// A time trigger.
    Time {
        /// Which.
        trigger_uuid: Arc<str>,
        /// When it fired.
        trigger_time: Timestamp,
        /// In which zone it counts.
        timezone: Option<Arc<str>>,
    },
    /// A signal trigger.
    Signal {
        /// Which.
        trigger_uuid: Arc<str>,
        /// Signal instance by signal name.
        signal_ids: Json,
        /// Evaluated params of the trigger.
        params: Params,
    },
    /// A step of another run.
    Parent {
        /// Subworkflow, foreach, while or template.
        kind: StepType,
        /// The steps around this run, outermost first; never empty, shared by the iterations of a loop.
        ancestors: Arc<[Ancestor]>,
    },
}

/// A step that a nested run belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The run that the step is in.
    pub run: RunKey,
    /// The step.
    pub step: StepId,
    /// Its attempt.
    pub attempt: AttemptId,
    /// Whether the step follows the nested run; said for subworkflows only.
    pub sync: Option<bool>,
}

/// Runs are nested too deep, as those of a workflow that runs itself are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Workflow initiator [{path}] is not less than the depth limit: {depth_max}")]
pub struct TooDeep {
    /// The steps around the run, outermost first.
    pub path: String,
    /// Runs nest less deep than this.
    pub depth_max: usize,
}

impl Initiator {
    /// What starts the runs below `step`, which is of `kind` and in a run that this started. At `depth_max` nesting ends.
    pub fn nested(&self, kind: StepType, step: Ancestor, depth_max: usize) -> Result<Self, TooDeep> {
        let ancestors: Arc<[Ancestor]> = self.ancestors().iter().cloned().chain([step]).collect();
        if ancestors.len() < depth_max {
            return Ok(Self::Parent { kind, ancestors });
        }
        let path: Vec<String> =
            ancestors.iter().map(|ancestor| format!("{}/{}", ancestor.run, ancestor.step)).collect();
        Err(TooDeep { path: path.join(" > "), depth_max })
    }

    /// Whether an engine started the run on its own behalf: such a run is restarted through its parent.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Parent { .. })
    }

    /// The word for it in documents.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Manual { .. } => "MANUAL",
            Self::Time { .. } => "TIME",
            Self::Signal { .. } => "SIGNAL",
            Self::Parent { kind: StepType::Foreach, .. } => "FOREACH",
            Self::Parent { kind: StepType::While, .. } => "WHILE",
            Self::Parent { kind: StepType::Template, .. } => "TEMPLATE",
            Self::Parent { .. } => "SUBWORKFLOW",
        }
    }

    /// How many runs are around this one.
    pub fn depth(&self) -> usize {
        self.ancestors().len()
    }

    /// The steps around this run, outermost first.
    pub fn ancestors(&self) -> &[Ancestor] {
        match self {
            Self::Parent { ancestors, .. } => ancestors,
            _ => &[],
        }
    }

    /// The step that this run belongs to.
    pub fn parent(&self) -> Option<&Ancestor> {
        self.ancestors().last()
    }

    /// The workflow around this run that a user wrote: bodies of loops are left out.
    pub fn written_parent(&self) -> Option<&WorkflowId> {
        let mut around = self.ancestors().iter().rev().map(|ancestor| &ancestor.run.workflow);
        around.find(|workflow| !id::is_reserved(workflow))
    }

    /// Whether the run is the body of a loop.
    pub fn is_loop(&self) -> bool {
        matches!(self, Self::Parent { kind: StepType::Foreach | StepType::While, .. })
    }

    /// What started the run, as timelines tell it.
    pub fn account(&self) -> String {
        match self {
            Self::Manual { user } => {
                let name = user.as_ref().map_or("unknown", |user| &*user.name);
                format!("Manually run a new workflow instance by a user [{name}]")
            }
            Self::Time { trigger_uuid, .. } => {
                format!("TIME-based trigger runs a new workflow instance by trigger uuid [{trigger_uuid}]")
            }
            Self::Signal { trigger_uuid, .. } => {
                format!("SIGNAL-based trigger runs a new workflow instance by trigger uuid [{trigger_uuid}]")
            }
            Self::Parent { ancestors, .. } => {
                let kind = self.kind();
                let parent = ancestors.last().map(|Ancestor { run, step, attempt, .. }| {
                    format!("[{}][{}][{}][{step}][{attempt}]", run.workflow, run.instance, run.run)
                });
                format!("{kind} step ({}) runs a new workflow instance", parent.unwrap_or_default())
            }
        }
    }
}
