//! What waits for rows to be read before it can be done.

use std::sync::Arc;

use super::{StartedRun, StoredVersion, Version, Workflow, action::Act, breakpoint::Add, start::Start};
use crate::{
    id::{VersionId, WorkflowId},
    life::{Effect, Ticket, Turn},
    port::{Found, Lookup, Reason, Refusal},
    strategy::At,
    user::User,
};

/// Something to do as soon as what it needs is known.
#[derive(Debug)]
pub(super) enum Wish {
    /// Start a run.
    Start(Box<Start>),
    /// Set a breakpoint.
    AddBreakpoint(Add),
    /// Act on an instance that is not alive.
    Act(Act),
    /// Make a version the active one.
    Activate {
        /// Whom to answer.
        ticket: Ticket,
        /// Who wants it.
        by: User,
        /// Which.
        version: VersionId,
    },
}

/// What is known of an earlier start with the same request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// The rows were not asked.
    Unasked,
    /// There was none.
    None,
    /// It made this run.
    Made(At, VersionId),
}

impl Workflow {
    /// Does what is wished for, or first asks for what it needs.
    pub(super) fn proceed(&mut self, wish: Wish, turn: &mut Turn<'_>) {
        if let Some(lookup) = self.lack(&wish) {
            let waiting = self.waiting.entry(lookup.clone()).or_default();
            waiting.push(wish);
            if waiting.len() == 1 {
                turn.effects.push(Effect::Fetch(lookup));
            }
            return;
        }
        match wish {
            Wish::Start(start) => self.start(&start, turn),
            Wish::AddBreakpoint(add) => {
                let answer = self.add_breakpoint(&add, turn);
                turn.reply(add.ticket, answer);
            }
            // Its answer comes with what was found.
            Wish::Act(_) => {}
            Wish::Activate { ticket, by, version } => {
                let answer = self.activate(&by, version, turn);
                turn.reply(ticket, answer);
            }
        }
    }

    /// The next thing that a wish needs to know.
    fn lack(&self, wish: &Wish) -> Option<Lookup> {
        let version = |version: &VersionId| {
            let is_known = self.versions.contains_key(version);
            (!is_known).then(|| Lookup::Version { workflow: self.id.clone(), version: *version })
        };
        match wish {
            Wish::Activate { version: wanted, .. } | Wish::AddBreakpoint(Add { version: wanted, .. }) => {
                version(wanted)
            }
            Wish::Act(act) => Some(Lookup::LatestRun(act.instance.clone())),
            Wish::Start(start) => {
                let uuid = || start.uuid.to_string();
                let earlier = (start.earlier == Earlier::Unasked)
                    .then(|| Lookup::Start { workflow: self.id.clone(), uuid: uuid() });
                let latest = start.restarts.as_ref().filter(|_| start.previous.is_none());
                let latest = latest.map(|instance| Lookup::LatestRun(instance.clone()));
                earlier.or(latest).or_else(|| version(&start.version))
            }
        }
    }

    pub(super) fn on_found(&mut self, lookup: &Lookup, found: &Found, turn: &mut Turn<'_>) {
        let wishes = self.waiting.remove(lookup).unwrap_or_default();
        if let Lookup::Version { version, .. } = lookup {
            match parsed(*version, found) {
                Ok(version) => self.remember(Arc::new(version)),
                Err(refusal) => return wishes.into_iter().for_each(|wish| refuse(&self.id, wish, &refusal, turn)),
            }
        }
        for mut wish in wishes {
            match (lookup, &mut wish) {
                (Lookup::Start { .. }, Wish::Start(start)) => start.earlier = earlier(found),
                (Lookup::LatestRun(_), Wish::Start(start)) => {
                    if let Err(refusal) = start.go_on_from(found) {
                        refuse(&self.id, wish, &refusal, turn);
                        continue;
                    }
                }
                (Lookup::LatestRun(_), Wish::Act(act)) => {
                    let answer = act.answer(found, turn);
                    turn.reply(act.ticket, answer);
                    continue;
                }
                _ => {}
            }
            self.proceed(wish, turn);
        }
    }
}

fn parsed(version: VersionId, found: &Found) -> Result<Version, Refusal> {
    let Found::Document(document) = found else {
        return Err(Refusal::new(Reason::NotFound, format!("version [{version}] has been deleted")));
    };
    let stored: Result<StoredVersion, _> = serde_json::from_value(document.clone());
    let broken = |error: &dyn std::fmt::Display| Refusal::new(Reason::InternalError, error.to_string());
    stored.map_err(|error| broken(&error))?.parse(version).map_err(|error| broken(&error))
}

fn earlier(found: &Found) -> Earlier {
    let Found::Document(document) = found else { return Earlier::None };
    let started: Option<StartedRun> = serde_json::from_value(document.clone()).ok();
    started.map_or(Earlier::None, |StartedRun { instance, run, version }| Earlier::Made(At { instance, run }, version))
}

fn refuse(workflow: &WorkflowId, wish: Wish, refusal: &Refusal, turn: &mut Turn<'_>) {
    match wish {
        Wish::Start(start) => start.asker.refuse(workflow, refusal.clone(), turn),
        Wish::Activate { ticket, .. } | Wish::Act(Act { ticket, .. }) | Wish::AddBreakpoint(Add { ticket, .. }) => {
            turn.reply(ticket, Err(refusal.clone()));
        }
    }
}
