//! What callers did to a run, as it is stored, and the requests that do it again.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use workflow::{
    id::{InstanceKey, StepId},
    port::{InstanceAction, Request, StepAction},
};

/// What a caller did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Stopped the run.
    Stop,
    /// Killed it.
    Kill,
    /// Restarted it with this body.
    Restart(Json),
    /// Stopped a step.
    StopStep(String),
    /// Killed a step.
    KillStep(String),
    /// Skipped a step.
    SkipStep(String),
    /// Let a step pass that waited.
    BypassStep(String),
    /// Restarted a step with a body.
    RestartStep(String, Json),
    /// Sent a signal that a step waited for.
    Signal(Json),
}

impl Deed {
    /// The request that does it to an instance.
    pub fn request(&self, instance: &InstanceKey) -> Request {
        let instance = instance.clone();
        let on_run = |instance, action| Request::InstanceAction { instance, run: None, action };
        let on_step = |instance, step: &String, action| Request::StepAction {
            instance,
            step: StepId::from(step.as_str()),
            action,
            is_blocking: false,
        };
        match self {
            Self::Stop => on_run(instance, InstanceAction::Stop),
            Self::Kill => on_run(instance, InstanceAction::Kill),
            Self::Restart(body) => Request::Restart { instance, body: body.clone() },
            Self::StopStep(step) => on_step(instance, step, StepAction::Stop),
            Self::KillStep(step) => on_step(instance, step, StepAction::Kill),
            Self::SkipStep(step) => on_step(instance, step, StepAction::Skip),
            Self::BypassStep(step) => on_step(instance, step, StepAction::Bypass),
            Self::RestartStep(step, body) => Request::RestartStep {
                instance,
                step: StepId::from(step.as_str()),
                body: body.clone(),
                is_blocking: false,
            },
            Self::Signal(body) => Request::SendSignal { body: body.clone() },
        }
    }
}
