//! Where runs stand, read from their rows without loading their machines.

use serde::Deserialize;

use super::{Order, RowKey, Rows, Scan, Table, Unreadable, row, seed_row::OwnOnly};
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

/// What is of interest here of a seed.
#[derive(Deserialize)]
struct EndedOnly {
    ended: Option<StatusOnly>,
}

/// How a run stands; `None` where there is no such run.
pub fn run_status(run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
    let key = RowKey::run(run);
    let Some(body) = rows.row(&key)? else {
        // A run that nothing has happened to yet has only its seed, which says so if it ended when it was made.
        let key = RowKey { table: Table::Seed, ..key };
        let Some(body) = rows.row(&key)? else { return Ok(None) };
        let seed: OwnOnly<EndedOnly> = row::parse(&key, &body)?;
        return Ok(Some(seed.own.ended.map_or(InstanceStatus::Created, |ended| ended.status)));
    };
    let row: StatusOnly = row::parse(&key, &body)?;
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
