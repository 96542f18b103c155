//! The choice of an engine, with its reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use workflow::port::EngineName;

use crate::{
    flags::Bucket,
    rollout::{Share, State},
};

/// Which engine runs a root run, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The engine.
    pub engine: EngineName,
    /// Why.
    pub because: Because,
    /// The version of the flags that were in force.
    pub flags: Option<String>,
    /// The bucket of the workflow, where flags were asked.
    pub bucket: Option<Bucket>,
}

/// Why an engine was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Because {
    /// There is only one engine.
    OnlyEngine,
    /// No flags are in force.
    NoFlags,
    /// The flag is switched off: the kill switch.
    FlagDisabled,
    /// The flag could not be evaluated.
    FlagFailed {
        /// Why not.
        why: String,
    },
    /// The rollout sends nothing to the candidate now.
    Rollout {
        /// Where it stands.
        state: State,
    },
    /// The flag's rules name the engine.
    Targeted,
    /// The workflow's bucket is inside of the share, or outside.
    Share {
        /// The share that goes to the candidate.
        share: Share,
    },
    /// The rollout sends everything to the candidate.
    Complete,
    /// The workflow's definition is not on all engines yet.
    HalfPushed,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyEngine => f.write_str("there is only one engine"),
            Self::NoFlags => f.write_str("no flags are in force"),
            Self::FlagDisabled => f.write_str("the flag is switched off"),
            Self::FlagFailed { why } => write!(f, "the flag could not be evaluated: {why}"),
            Self::Rollout { state } => write!(f, "the rollout stands at {state}"),
            Self::Targeted => f.write_str("the flag names the engine"),
            Self::Share { share } => write!(f, "of the share of {share}"),
            Self::Complete => f.write_str("the rollout is complete"),
            Self::HalfPushed => f.write_str("the definition is not on all engines yet"),
        }
    }
}
