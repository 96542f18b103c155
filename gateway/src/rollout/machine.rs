//! The rollout as a state machine: `(state, event, now) → state`, and why not.
//!
//! Invariant: no step forward without evidence that is younger than the stage it leaves; braking and going back need none.

use serde::{Deserialize, Serialize};
use workflow::{
    port::EngineName,
    time::{Millis, Timestamp},
};

use super::{Bundle, Insufficient, Stage, State, evidence::Needed};

/// What evidence must show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The engine that workflows leave.
    pub baseline: EngineName,
    /// The engine that they move to.
    pub candidate: EngineName,
    /// How old evidence may be.
    pub age_max: Millis,
    /// The largest bound on the rate of disagreement, in every stratum.
    pub rate_max: f64,
}

/// A rollout, and since when it stands in its stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Where it stands.
    pub state: State,
    /// When its stage began.
    pub since: Timestamp,
}

/// Something that somebody, or the gateway by itself, wants of a rollout.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Go on to a stage, resting on evidence.
    Advance {
        /// The stage.
        to: Stage,
        /// The evidence; only the first stage is left without any, as nothing has run yet.
        evidence: Option<Box<Bundle>>,
    },
    /// Do not go on for now.
    Hold,
    /// Send no new run to the candidate for now.
    Freeze,
    /// End a hold or a freeze.
    Release,
    /// Send no new run to the candidate, and give the stage up.
    RollBack,
    /// Begin again after a rollback.
    BeginAgain,
}

/// What an event came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The rollout after it.
    pub rollout: Rollout,
    /// The content hash of the evidence that it rests on.
    pub evidence: Option<String>,
}

/// Why an event changes nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejected {
    /// The stage does not lead there.
    #[error("{from} does not lead to {to}")]
    NoSuchStep {
        /// Where it stands.
        from: State,
        /// Where it was to go.
        to: Stage,
    },
    /// The evidence does not carry the step.
    #[error("the evidence does not carry the step to {to}: {why}")]
    Evidence {
        /// Where it was to go.
        to: Stage,
        /// Why not.
        why: Insufficient,
    },
    /// There is nothing to release, or nothing to begin again.
    #[error("{from} cannot be {wish}")]
    NotNow {
        /// Where it stands.
        from: State,
        /// What was wanted.
        wish: &'static str,
    },
}

impl Rollout {
    /// The beginning.
    pub fn new(now: Timestamp) -> Self {
        Self { state: State::Moving { at: Stage::Off }, since: now }
    }

    /// What `event` makes of it.
    pub fn on(&self, event: Event, now: Timestamp, policy: &Policy) -> Result<Step, Rejected> {
        let not_now = |wish| Rejected::NotNow { from: self.state.clone(), wish };
        let stage = self.state.stage();
        let is_rolled_back = matches!(self.state, State::RolledBack { .. });
        let state = match event {
            Event::Advance { to, evidence } => return self.advance(to, evidence.as_deref(), now, policy),
            Event::RollBack => State::RolledBack { from: stage },
            Event::BeginAgain if is_rolled_back => State::Moving { at: Stage::Off },
            Event::BeginAgain => return Err(not_now("begun again")),
            Event::Hold | Event::Freeze if is_rolled_back => return Err(not_now("held: it is rolled back already")),
            // A freeze is the stronger brake: holding does not loosen it.
            Event::Hold if matches!(self.state, State::Frozen { .. }) => return Err(not_now("held: it is frozen")),
            Event::Hold => State::Held { at: stage },
            Event::Freeze => State::Frozen { at: stage },
            Event::Release => match self.state {
                State::Held { at } | State::Frozen { at } => State::Moving { at },
                State::Moving { .. } | State::RolledBack { .. } => return Err(not_now("released")),
            },
        };
        let begins_stage = state.stage() != stage;
        let since = if begins_stage { now } else { self.since };
        Ok(Step { rollout: Self { state, since }, evidence: None })
    }

    fn advance(&self, to: Stage, evidence: Option<&Bundle>, now: Timestamp, policy: &Policy) -> Result<Step, Rejected> {
        let State::Moving { at } = self.state else {
            return Err(Rejected::NoSuchStep { from: self.state.clone(), to });
        };
        if !at.leads_to(to) {
            return Err(Rejected::NoSuchStep { from: self.state.clone(), to });
        }
        let rollout = Self { state: State::Moving { at: to }, since: now };
        if at == Stage::Off {
            return Ok(Step { rollout, evidence: evidence.map(|bundle| bundle.hash.clone()) });
        }
        let refused = |why| Rejected::Evidence { to, why };
        let bundle = evidence.ok_or(refused(Insufficient::Missing))?;
        let needed = Needed {
            baseline: &policy.baseline,
            candidate: &policy.candidate,
            since: self.since,
            now,
            age_max: policy.age_max,
            rate_max: policy.rate_max,
        };
        bundle.carries(&needed).map_err(refused)?;
        Ok(Step { rollout, evidence: Some(bundle.hash.clone()) })
    }
}
