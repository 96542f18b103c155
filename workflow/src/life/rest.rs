//! Runs that only wait: what is written beside them so that they need not be in memory, and what is done in their stead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Address, Body, Message, Note, RowKey, Table};
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

/// The only field of a run's row that is of interest here.
#[derive(Deserialize)]
struct OwnOnly {
    /// Under [`super::OWN_FIELD`].
    #[serde(rename = "_")]
    own: RestOnly,
}

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
        let row: OwnOnly = serde_json::from_slice(body).ok()?;
        row.own.rest
    }

    /// What a run that rests would tell others if it were asked to do so again.
    pub fn says(self, run: &RunKey) -> impl Iterator<Item = (Address, Note)> {
        self.permits.into_iter().map(|Wish { step, attempt, tags, since, is_held: _ }| {
            let attempt = AttemptKey { run: run.clone(), step, attempt };
            (Address::Permits, Note::WantPermits { attempt, tags, since })
        })
    }

    /// Whether it has all the permits that it asked for.
    pub fn holds_all(&self) -> bool {
        self.permits.iter().all(|wish| wish.is_held)
    }

    /// Whether a message says nothing new to a run that rests: it was launched before, and has its permits if it `holds_all`.
    pub fn knows(message: &Message, holds_all: bool) -> bool {
        match message {
            Message::Note(Note::Launch) => true,
            Message::Note(Note::PermitsGranted { .. }) => holds_all,
            _ => false,
        }
    }
}
