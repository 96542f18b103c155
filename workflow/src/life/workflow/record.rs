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
    life::{Ancestor, Initiator, Row, RowKey, Table, Turn},
    strategy::At,
    time::Timestamp,
    user::User,
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

/// What started a run, as timelines tell it.
pub(super) fn account(initiator: &Initiator) -> String {
    match initiator {
        Initiator::Manual { user } => format!("Manually run a new workflow instance by a user [{}]", user.name),
        Initiator::Time { trigger_uuid, .. } => {
            format!("TIME-based trigger runs a new workflow instance by trigger uuid [{trigger_uuid}]")
        }
        Initiator::Signal { trigger_uuid, .. } => {
            format!("SIGNAL-based trigger runs a new workflow instance by trigger uuid [{trigger_uuid}]")
        }
        Initiator::Parent { ancestors, .. } => {
            let parent = ancestors.last().map(|Ancestor { run, step, attempt, .. }| {
                format!("[{}][{}][{}][{step}][{attempt}]", run.workflow, run.instance, run.run)
            });
            format!("{} step ({}) runs a new workflow instance", initiator.kind(), parent.unwrap_or_default())
        }
    }
}

/// What a change is called when it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A version and properties were pushed.
    Definition,
    /// A version was pushed.
    Version,
    /// Properties were changed.
    Properties,
    /// Another version is active.
    Activation,
    /// No version is active any more.
    Deactivation,
    /// The workflow is gone.
    Deletion,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Definition => "WORKFLOW_DEFINITION_CHANGE_EVENT",
            Self::Version => "WORKFLOW_VERSION_CHANGE_EVENT",
            Self::Properties => "WORKFLOW_PROPERTIES_CHANGE_EVENT",
            Self::Activation => "WORKFLOW_ACTIVATION_CHANGE_EVENT",
            Self::Deactivation => "WORKFLOW_DEACTIVATION_CHANGE_EVENT",
            Self::Deletion => "WORKFLOW_DELETION_CHANGE_EVENT",
        }
    }
}

impl Workflow {
    /// Adds an entry to the workflow's timeline and gives its number.
    pub(super) fn tell(&mut self, author: &User, message: &str, turn: &mut Turn<'_>) -> i64 {
        self.is_changed = true;
        let Some(header) = &mut self.header else { return 0 };
        header.timeline_last += 1;
        let entry = json!({ "author": author.to_json(), "log": message, "timestamp": turn.now.0 });
        turn.save(Row::settled(timeline_key(&self.id, header.timeline_last), &entry));
        header.timeline_last
    }

    /// Publishes a change; `number` is that of its timeline entry, which no other change of this life of the id has.
    pub(super) fn publish(&self, change: Change, author: &User, number: i64, fields: Json, turn: &mut Turn<'_>) {
        let internal_id = self.header.as_ref().map_or(0, |header: &Head| header.internal_id);
        let mut document = json!({
            "type": change.name(),
            "workflow_id": self.id,
            "cluster_name": turn.surroundings.settings().cluster_name,
            "author": author.to_json(),
            "event_time": turn.now.0,
        });
        if let (Some(document), Json::Object(fields)) = (document.as_object_mut(), fields) {
            document.extend(fields);
        }
        let key = format!("{}/{internal_id}/{number}/{}", self.id, change.name());
        turn.effects.push(crate::life::Effect::Publish(Event { key, document }));
    }
}
