//! The stages of a rollout, and the brakes that work in every one of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Share;

/// A step on the way to the candidate engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Nothing has begun.
    Off,
    /// Recorded runs are replayed on both engines.
    Replay,
    /// Live runs are repeated on the candidate, without effects.
    Shadow,
    /// Workflows that flags name run on the candidate.
    OptIn,
    /// So does a share of the others.
    Ramp {
        /// How many.
        share: Share,
    },
    /// Every new run goes to the candidate, but for those that flags hold back; the legacy engine ends what it has.
    Drain,
    /// Every new run goes to the candidate.
    Complete,
}

/// Where a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// In a stage, and free to go on.
    Moving {
        /// The stage.
        at: Stage,
    },
    /// In a stage, and not to go on: new runs are routed as the stage says.
    Held {
        /// The stage.
        at: Stage,
    },
    /// No new run goes to the candidate until it is released; the stage is kept.
    Frozen {
        /// The stage.
        at: Stage,
    },
    /// All new runs go to the legacy engine. The way on begins again.
    RolledBack {
        /// The stage that was given up.
        from: Stage,
    },
}

impl State {
    /// The stage by which new runs are routed; `None` where they all go to the legacy engine.
    pub fn routes_by(&self) -> Option<Stage> {
        match self {
            Self::Moving { at } | Self::Held { at } => Some(*at),
            Self::Frozen { .. } | Self::RolledBack { .. } => None,
        }
    }

    /// The stage that it stands in, or gave up.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Moving { at } | Self::Held { at } | Self::Frozen { at } => *at,
            Self::RolledBack { from } => *from,
        }
    }
}

impl Stage {
    /// Whether a rollout may go from here to there in one step: to the next stage, or to a larger share.
    pub fn leads_to(self, next: Stage) -> bool {
        match (self, next) {
            (Self::Off, Self::Replay)
            | (Self::Replay, Self::Shadow)
            | (Self::Shadow, Self::OptIn)
            | (Self::OptIn, Self::Ramp { .. })
            | (Self::Ramp { .. }, Self::Drain)
            | (Self::Drain, Self::Complete) => true,
            (Self::Ramp { share }, Self::Ramp { share: next }) => next > share,
            _ => false,
        }
    }

    /// Whether runs may go to the candidate in this stage.
    pub fn is_live(self) -> bool {
        match self {
            Self::Off | Self::Replay | Self::Shadow => false,
            Self::OptIn | Self::Ramp { .. } | Self::Drain | Self::Complete => true,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("OFF"),
            Self::Replay => f.write_str("REPLAY"),
            Self::Shadow => f.write_str("SHADOW"),
            Self::OptIn => f.write_str("OPT-IN"),
            Self::Ramp { share } => write!(f, "RAMP {share}"),
            Self::Drain => f.write_str("DRAIN"),
            Self::Complete => f.write_str("COMPLETE"),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moving { at } => write!(f, "{at}"),
            Self::Held { at } => write!(f, "HOLD in {at}"),
            Self::Frozen { at } => write!(f, "FREEZE in {at}"),
            Self::RolledBack { from } => write!(f, "ROLLBACK from {from}"),
        }
    }
}
