//! The way of a restart: up from what the user aimed at to the first run that can take it, then down again.

use super::{Config, Error, PathNode, Policy};
use crate::id::{InstanceKey, RunKey, StepId};

/// How a run is launched, as far as restarts are concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// How it comes about.
    pub policy: Policy,
    /// What is restarted in it or below it; `None` off the path.
    pub config: Option<Config>,
}

/// What kind of step launches a nested run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One of many iterations, of which the path names one.
    Foreach,
    /// A subworkflow, or the iterations of a while loop one by one.
    Other,
}

impl Config {
    /// The node that is handled now.
    pub fn current(&self) -> Result<&PathNode, Error> {
        self.path.last().ok_or(Error::NoPath)
    }

    /// The node below the one that is handled now.
    pub fn next(&self) -> Option<&PathNode> {
        self.path.iter().rev().nth(1)
    }

    /// Whether the instance that is handled now is the one that the user aimed at: only there params and skips apply.
    pub fn is_at_target(&self) -> bool {
        self.path.len() == 1
    }

    /// The instance that is handled now, as messages name it.
    pub fn identity(&self) -> Result<String, Error> {
        let PathNode { instance: InstanceKey { workflow, instance }, .. } = self.current()?;
        Ok(format!("[{workflow}][{instance}]"))
    }

    /// Goes up to the step that launched the instance handled so far; runs on the way restart from that step.
    pub fn up(&mut self, instance: InstanceKey, step: Option<StepId>) -> Result<Policy, Error> {
        self.current()?;
        self.path.push(PathNode { instance, step });
        Ok(Policy::RestartFromSpecific)
    }

    /// Whether a nested run is the one that the path names.
    pub fn check_identity(&self, nesting: Nesting, nested: &RunKey) -> Result<(), Error> {
        let wanted = &self.current()?.instance;
        match nesting {
            Nesting::Foreach if wanted.workflow != nested.workflow => {
                Err(Error::OtherLoop { found: nested.workflow.clone(), wanted: wanted.workflow.clone() })
            }
            Nesting::Other if *wanted != nested.instance_key() => {
                Err(Error::OtherInstance { found: nested.clone(), wanted: self.identity()? })
            }
            _ => Ok(()),
        }
    }

    /// How `step`, in the run that this configuration is for, launches the nested run `nested` again.
    pub fn down(mut self, step: &StepId, nesting: Nesting, nested: &RunKey) -> Result<Launch, Error> {
        let is_on_path = self.current()?.step.as_ref() == Some(step) && self.path.len() > 1;
        let off_path = Launch { policy: self.downstream, config: None };
        if !is_on_path {
            return Ok(off_path);
        }
        self.path.pop();
        self.check_identity(nesting, nested)?;
        if nesting == Nesting::Foreach && self.current()?.instance.instance != nested.instance {
            return Ok(off_path);
        }
        let policy = if self.is_at_target() { self.policy } else { Policy::RestartFromSpecific };
        Ok(Launch { policy, config: Some(self) })
    }
}

impl Launch {
    /// A launch off any path.
    pub fn of(policy: Policy) -> Self {
        Self { policy, config: None }
    }
}
