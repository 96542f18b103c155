//! Restart requests of users, as policies.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Error, Policy};
use crate::{
    id::{AttemptKey, StepId},
    param,
};

/// How far up a restarted step takes its ancestors along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Upstream {
    /// The step itself is restarted, and every ancestor on the way to it.
    #[default]
    RestartFromStep,
    /// The nearest ancestor that is no loop body is restarted, by the policy asked for.
    RestartFromInlineRoot,
}

impl Upstream {
    /// What the instance that a step restart aims at does again, when `asked` was asked for.
    pub fn policy(self, asked: Policy) -> Policy {
        match self {
            Self::RestartFromStep => Policy::RestartFromSpecific,
            Self::RestartFromInlineRoot => asked,
        }
    }
}

/// The params that a restart hands to a step of a run that is alive: those for the run, then those for the step.
pub fn params_for_step(
    policy: Policy,
    step: &AttemptKey,
    run_params: Option<&param::Definitions>,
    step_params: Option<&IndexMap<StepId, param::Definitions>>,
) -> Result<param::Definitions, Error> {
    if policy != Policy::RestartFromSpecific {
        return Err(Error::NotForAStep { policy, step: step.clone() });
    }
    let mut params = run_params.cloned().unwrap_or_default();
    params.extend(step_params.and_then(|params| params.get(&step.step)).cloned().unwrap_or_default());
    Ok(params)
}
