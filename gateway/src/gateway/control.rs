//! Moving the rollout, and telling where it stands.

use std::sync::PoisonError;

use workflow::{
    id::WorkflowId,
    port::{Caller, Refusal},
    time::Timestamp,
};

use super::{Gateway, Two};
use crate::{
    audit::{self, Change, Entry},
    rollout::{Bundle, Counts, Event, Rejected, Rollout, Stage, State},
};

/// Who did what nobody asked for.
pub(super) const GATEWAY: &str = "gateway";

/// Why the rollout did not move.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is only one engine.
    #[error("there is only one engine, so there is nothing to roll out")]
    OnlyEngine,
    /// The rollout does not go there from where it stands, or not on this evidence.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// It could not be written down, so it was not done.
    #[error(transparent)]
    Audit(#[from] audit::Error),
}

/// A change of the rollout that is in force.
pub(super) struct Moved {
    from: State,
    to: State,
}

impl Moved {
    pub(super) fn into_change(self, evidence: Option<String>, why: String) -> Change {
        Change::Rollout { from: self.from, to: self.to, evidence, why }
    }
}

impl Gateway {
    /// Where the rollout stands; `None` with a single engine.
    pub fn rollout(&self) -> Option<Rollout> {
        self.two().map(Two::rollout)
    }

    /// The latest live results: candidate, legacy engine, comparisons.
    pub fn live(&self) -> Option<[Counts; 3]> {
        self.two().map(|two| two.live.lock().unwrap_or_else(PoisonError::into_inner).counts())
    }

    /// Goes on to a stage, resting on evidence. In force once it is written down.
    pub async fn advance(
        &self,
        who: &str,
        to: Stage,
        evidence: Option<Bundle>,
        why: &str,
    ) -> Result<Rollout, ControlError> {
        self.change(who, Event::Advance { to, evidence: evidence.map(Box::new) }, why).await
    }

    /// Brakes, releases a brake, or begins again. Brakes are in force before they are written down, in every stage.
    pub async fn change(&self, who: &str, event: Event, why: &str) -> Result<Rollout, ControlError> {
        let two = self.two().ok_or(ControlError::OnlyEngine)?;
        let _one_at_a_time = two.changing.lock().await;
        if matches!(event, Event::Hold | Event::Freeze | Event::RollBack) {
            let moved = two.brake(event)?;
            two.audit.note(two.clock.now(), who, moved.into_change(None, why.to_owned())).await?;
            return Ok(two.rollout());
        }
        let now = two.clock.now();
        let before = two.rollout();
        let step = before.on(event, now, &two.policy)?;
        let (from, to) = (before.state.clone(), step.rollout.state.clone());
        let change = Change::Rollout { from, to, evidence: step.evidence, why: why.to_owned() };
        two.audit.note(now, who, change).await?;
        if !two.replace(&before, step.rollout.clone()) {
            // The gateway went back by itself meanwhile. That stands, and must be the last word in the log too.
            let (from, to) = (step.rollout.state, two.rollout().state);
            let why = "went back while this was written down".to_owned();
            two.audit.note(now, GATEWAY, Change::Rollout { from, to, evidence: None, why }).await?;
        }
        Ok(two.rollout())
    }

    /// Brings a workflow that only the legacy engine has, or has more versions of, to the candidate; gives back the latest version.
    pub async fn repair(&self, who: &Caller, workflow: &WorkflowId) -> Result<i64, Refusal> {
        let Some(two) = self.two() else { return Ok(0) };
        let _in_order = two.pushing.lock().await;
        two.repair(who, workflow).await
    }
}

impl Two {
    /// Puts a rollout in force, unless it is not any more what it was.
    fn replace(&self, before: &Rollout, after: Rollout) -> bool {
        let mut rollout = self.rollout.write().unwrap_or_else(PoisonError::into_inner);
        let is_as_before = *rollout == *before;
        if is_as_before {
            *rollout = after;
        }
        is_as_before
    }

    /// Puts a brake in force at once.
    pub(super) fn brake(&self, event: Event) -> Result<Moved, Rejected> {
        let mut rollout = self.rollout.write().unwrap_or_else(PoisonError::into_inner);
        let step = rollout.on(event, self.clock.now(), &self.policy)?;
        let moved = Moved { from: rollout.state.clone(), to: step.rollout.state.clone() };
        *rollout = step.rollout;
        drop(rollout);
        if moved.to.routes_by().is_none() {
            // What led here does not count against the next try.
            self.live.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(moved)
    }

    /// Writes down what is in force already; a failure is somebody's to look at, not the caller's.
    pub(super) async fn note(&self, who: &str, change: Change) {
        if let Err(error) = self.audit.note(self.clock.now(), who, change).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a change could not be written down");
        }
    }

    pub(super) async fn repair(&self, who: &Caller, workflow: &WorkflowId) -> Result<i64, Refusal> {
        let version = self.fleet.repair(who, workflow).await?;
        let by = who.user.as_ref().map_or(GATEWAY, |user| &user.name);
        self.note(by, Change::Repaired { workflow: workflow.to_string(), version }).await;
        Ok(version)
    }
}

/// The rollout as the log tells it; `None` if it has never moved.
pub fn replayed(entries: &[Entry]) -> Option<Rollout> {
    let mut rollout: Option<Rollout> = None;
    for Entry { at, change, .. } in entries {
        if let Change::Rollout { from, to, .. } = change {
            let begins = from.stage() != to.stage() || rollout.is_none();
            let since: Timestamp = if begins { *at } else { rollout.map_or(*at, |rollout| rollout.since) };
            rollout = Some(Rollout { state: to.clone(), since });
        }
    }
    rollout
}
