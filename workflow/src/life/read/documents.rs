//! Everything that a tree of runs left behind, as clients could read it one document at a time.

use serde_json::Value as Json;

use super::answer;
use crate::{
    id::{InstanceId, InstanceKey, StepId, WorkflowId},
    life::{Bound, RowKey, Rows, Scan, Surroundings, Table},
    port::{Refusal, Request},
    time::Timestamp,
};

/// A run's document and those of its attempts.
pub type RunDocuments = (Json, Vec<Json>);

/// The documents of all runs in a store and of all their attempts: roots first, then by depth and order of creation.
pub fn documents(
    rows: &dyn Rows,
    surroundings: &dyn Surroundings,
    now: Timestamp,
) -> Result<Vec<RunDocuments>, Refusal> {
    let read = |request: &Request| -> Result<Json, Refusal> {
        match answer(request, rows, surroundings, now) {
            Some(answer) => Ok(answer?.body.unwrap_or(Json::Null)),
            None => Ok(Json::Null),
        }
    };
    let mut runs = Vec::new();
    for key in keys(rows, Table::Seed, Bound::Unbounded, Bound::Unbounded)? {
        let instance = InstanceKey { workflow: WorkflowId::from(&*key.name), instance: InstanceId(key.first) };
        let run = key.second.to_string();
        let request =
            Request::Run { instance: instance.clone(), run: run.clone(), is_enriched: false, is_aggregated: false };
        let document = read(&request)?;
        let mut attempts = Vec::new();
        let start = RowKey { table: Table::Attempt, ..key.clone() };
        let end = RowKey { second: key.second + 1, ..start.clone() };
        for key in keys(rows, Table::Attempt, Bound::Included(start), Bound::Excluded(end))? {
            let (step, attempt) = (StepId::from(&*key.part), key.third.to_string());
            let (instance, run) = (instance.clone(), run.clone());
            attempts.push(read(&Request::Attempt { instance, run, step, attempt, is_enriched: true })?);
        }
        runs.push((document, attempts));
    }
    let number = |run: &RunDocuments, pointer: &str| run.0.pointer(pointer).and_then(Json::as_i64).unwrap_or(0);
    runs.sort_by_key(|run| (number(run, "/initiator/depth"), number(run, "/create_time")));
    Ok(runs)
}

/// Every key between two bounds.
fn keys(rows: &dyn Rows, table: Table, from: Bound, to: Bound) -> Result<Vec<RowKey>, Refusal> {
    let mut found = Vec::new();
    Scan::range(table, from, to).each(rows, |key, _| {
        found.push(key);
        Ok(())
    })?;
    Ok(found)
}
