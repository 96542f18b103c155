//! Runs that only wait: what is written beside them so that they need not be in memory, and what is done in their stead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, Body, Message, Note, RowKey, Table, row, seed_row::OwnOnly};
use crate::{
    id::{AttemptId, AttemptKey, RunKey, StepId},
    time::Timestamp,
};

/// How a run waits whose rows say all that it knows. It goes on at a moment, or when it is told something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// When it goes on by itself; `None` if it never does.
    pub until: Option<Timestamp>,
    /// The permits that it holds or waits for: whoever gives them out knows of them only in memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<Wish>,
}

/// The permits of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// The step.
    pub step: StepId,
    /// Its attempt.
    pub attempt: AttemptId,
    /// Tags with the limits that the engine sets for them.
    pub tags: Vec<(Arc<str>, Option<i64>)>,
    /// When it began to wait.
    pub since: Timestamp,
    /// Whether it has them.
    pub is_held: bool,
}

/// What is of interest here of a run's row.
#[derive(Deserialize)]
struct RestOnly {
    rest: Option<Rest>,
}

impl Rest {
    /// How the machine of a live row rests, if it does. It need not be loaded before its moment, or before it is told something new.
    pub fn of_row(key: &RowKey, body: &Body) -> Option<Self> {
        if key.table != Table::Run {
            return None;
        }
        let row: OwnOnly<RestOnly> = row::parse(key, body).ok()?;
        row.own.rest
    }

    /// What a run that rests would tell others if it were asked to do so again.
    pub fn says(&self, run: &RunKey) -> impl Iterator<Item = (Address, Note)> {
        self.permits.iter().map(|Wish { step, attempt, tags, since, is_held: _ }| {
            let attempt = AttemptKey { run: run.clone(), step: step.clone(), attempt: *attempt };
            (Address::Permits, Note::WantPermits { attempt, tags: tags.clone(), since: *since })
        })
    }

    /// Whether a message says nothing new to a run that rests, and needs no answer: it was launched before, may have the permits, and
    /// whoever gives them out knows what it wants.
    pub fn knows(&self, message: &Message) -> bool {
        let wish =
            |of: &AttemptKey| self.permits.iter().find(|wish| wish.step == of.step && wish.attempt == of.attempt);
        match message {
            Message::Note(Note::Launch) => true,
            Message::Note(Note::PermitsGranted { attempt }) => wish(attempt).is_some_and(|wish| wish.is_held),
            Message::Note(Note::StillWants { attempt }) => wish(attempt).is_some(),
            _ => false,
        }
    }
}
