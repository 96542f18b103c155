//! What is recorded of changes and starts: timeline entries, published events, and request ids that keep starts idempotent.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Head, Workflow};
use crate::{
    event::Event,
    id::{InstanceId, RunId, VersionId, WorkflowId},
    life::{Row, RowKey, Table, Turn},
    strategy::At,
    time::Timestamp,
    user::User,
    wire::{
        change::{Change, WorkflowChange},
        summary::WorkflowEvent,
    },
};

/// Request ids that are remembered beside the rows: far more than a commit takes at full load.
const RECENT_MAX: usize = 10_000;

/// Request ids of the last starts. A commit that is not durable yet is not found in the rows, but it is here.
#[derive(Debug, Default)]
pub(super) struct Recent {
    runs: HashMap<Arc<str>, (At, VersionId)>,
    order: VecDeque<Arc<str>>,
}

impl Recent {
    pub(super) fn find(&self, uuid: &str) -> Option<(At, VersionId)> {
        self.runs.get(uuid).copied()
    }

    pub(super) fn add(&mut self, uuid: &Arc<str>, at: At, version: VersionId) {
        self.runs.insert(Arc::clone(uuid), (at, version));
        self.order.push_back(Arc::clone(uuid));
        if self.order.len() > RECENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.runs.remove(&oldest);
        }
    }
}

/// The run that a request made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartedRun {
    pub(crate) instance: InstanceId,
    pub(crate) run: RunId,
    pub(crate) version: VersionId,
}

impl StartedRun {
    /// Where it is stored.
    pub(crate) fn key(workflow: &WorkflowId, uuid: &str) -> RowKey {
        RowKey { part: Arc::from(uuid), ..RowKey::named(Table::Start, workflow) }
    }
}

/// Where an entry of a workflow's timeline is stored.
pub(crate) fn timeline_key(workflow: &WorkflowId, number: i64) -> RowKey {
    RowKey { first: number, ..RowKey::named(Table::WorkflowTimeline, workflow) }
}

/// An entry of a run's or a workflow's timeline that is only a text.
pub(super) fn log(now: Timestamp, message: &str) -> Json {
    json!({ "timestamp": now.0, "type": "LOG", "level": "INFO", "message": message })
}

impl Workflow {
    /// Adds an entry to the workflow's timeline and gives its number.
    pub(super) fn tell(&mut self, author: &User, message: &str, turn: &mut Turn<'_>) -> i64 {
        self.is_changed = true;
        let Some(header) = &mut self.header else { return 0 };
        header.timeline_last += 1;
        let entry = WorkflowEvent { author: author.clone(), log: message.into(), timestamp: turn.now };
        turn.save(Row::settled(timeline_key(&self.id, header.timeline_last), &entry));
        header.timeline_last
    }

    /// Publishes a change; `number` is that of its timeline entry, which no other change of this life of the id has.
    pub(super) fn publish(&self, change: Change, author: &User, number: i64, turn: &mut Turn<'_>) {
        if !turn.surroundings.settings().has_events {
            return;
        }
        let internal_id = self.header.as_ref().map_or(0, |header: &Head| header.internal_id);
        let key = format!("{}/{internal_id}/{number}/{}", self.id, change.name());
        let event = WorkflowChange {
            change,
            workflow_id: self.id.clone(),
            cluster_name: turn.surroundings.settings().cluster_name.as_str().into(),
            author: author.clone(),
            event_time: turn.now,
            sync_time: None,
            send_time: None,
        };
        let document = serde_json::to_value(event).unwrap_or_default();
        turn.effects.push(crate::life::Effect::Publish(Event { key, document }));
    }
}
