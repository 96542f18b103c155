//! Where runs stand, read from their rows without loading their machines.

use serde::Deserialize;

use super::{Order, RowKey, Rows, Scan, Table, Unreadable};
use crate::{
    id::{InstanceId, InstanceKey, RunId, RunKey, WorkflowId},
    port::Answer,
    status::InstanceStatus,
};

/// The only field of a run's row that is of interest here.
#[derive(Deserialize)]
struct StatusOnly {
    status: InstanceStatus,
}

/// How a run stands; `None` where there is no such run.
pub fn run_status(run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
    let key = RowKey::run(run);
    let Some(body) = rows.row(&key)? else {
        // A run that nothing has happened to yet has only its seed.
        let seed = rows.row(&RowKey { table: Table::Seed, ..key })?;
        return Ok(seed.map(|_| InstanceStatus::Created));
    };
    let row: StatusOnly = serde_json::from_slice(&body).map_err(|error| Unreadable(format!("run {run}: {error}")))?;
    Ok(Some(row.status))
}

/// The latest run of an instance.
pub fn latest_run(instance: &InstanceKey, rows: &dyn Rows) -> Result<Option<RunKey>, Unreadable> {
    let last = |table| Ok::<_, Unreadable>(rows.scan(&Scan::instance(table, instance, Order::Descending, 1))?.pop());
    let runs = [last(Table::Seed)?, last(Table::Run)?].into_iter().flatten().map(|(key, _)| key.second);
    Ok(runs.max().map(|run| RunKey {
        workflow: instance.workflow.clone(),
        instance: instance.instance,
        run: RunId(run),
    }))
}

/// How an instance's latest run stands.
pub fn latest_status(instance: &InstanceKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
    latest_run(instance, rows)?.map_or(Ok(None), |run| run_status(&run, rows))
}

/// The instance that a start's answer names; `None` if it made none (a duplicate).
pub fn started_instance(answer: &Answer) -> Option<InstanceKey> {
    let body = answer.body.as_ref()?;
    let instance = body.get("workflow_instance_id")?.as_i64().filter(|&number| number > 0)?;
    let workflow = WorkflowId::from(body.get("workflow_id")?.as_str()?);
    Some(InstanceKey { workflow, instance: InstanceId(instance) })
}
