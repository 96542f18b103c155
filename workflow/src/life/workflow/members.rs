//! The rows of the queue: one for each run that has not ended or that failed and still blocks, so that a start or an end costs one
//! small row, whatever the queue's length.

use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

use crate::{
    id::{InstanceId, WorkflowId},
    life::{Row, RowKey, Rows, Scan, Table, Unreadable, row},
    strategy::{At, Queue, Stored},
};

/// Where a run of the queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    /// Waiting for a dequeue.
    Queued,
    /// Waiting only for the end of another run.
    Promised,
    /// Launched.
    Running,
    /// Failed, neither restarted nor unblocked.
    Failed,
}

/// One run of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    version: u32,
    standing: Standing,
    uuid: Arc<str>,
}

fn table(workflow: &WorkflowId) -> RowKey {
    // No workflow id has a slash, so this name is nobody else's.
    RowKey::named(Table::Other, &format!("queue/{workflow}"))
}

/// Where a run of the queue is stored. A failed run and the restart of its instance have different runs, hence different rows.
pub(super) fn key(workflow: &WorkflowId, at: At) -> RowKey {
    RowKey { first: at.instance.0, second: at.run.0, ..table(workflow) }
}

/// The row of a run of the queue.
pub(super) fn row(workflow: &WorkflowId, at: At, uuid: &Arc<str>, standing: Standing) -> Row {
    Row::settled(key(workflow, at), &Member { version: 1, standing, uuid: Arc::clone(uuid) })
}

/// The queue as it is stored.
pub(super) fn load(workflow: &WorkflowId, latest: InstanceId, rows: &dyn Rows) -> Result<Queue, Unreadable> {
    let (mut queued, mut running, mut promised, mut failed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Scan::named(table(workflow)).each(rows, |key, body| {
        let member: Member = row::parse(&key, body)?;
        let at = json!({ "instance": key.first, "run": key.second });
        let run = json!({ "at": at, "uuid": member.uuid });
        match member.standing {
            Standing::Queued => queued.push(run),
            Standing::Promised => {
                queued.push(run);
                promised.push(at);
            }
            Standing::Running => running.push(run),
            Standing::Failed => failed.push(at),
        }
        Ok(())
    })?;
    let stored = json!({
        "version": 1, "workflow": workflow, "latest": latest,
        "queued": queued, "running": running, "promised": promised, "failed": failed,
    });
    let unreadable = |error: &dyn std::fmt::Display| Unreadable(format!("the queue of {workflow}: {error}"));
    let stored: Stored = serde_json::from_value(stored).map_err(|error| unreadable(&error))?;
    Queue::try_from(stored).map_err(|error| unreadable(&error))
}
