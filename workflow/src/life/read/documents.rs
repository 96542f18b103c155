//! Everything that a tree of runs left behind, as clients could read it one document at a time.

use serde_json::Value as Json;

use super::{
    attempt,
    run::{Show, Stored},
};
use crate::{
    id::{InstanceId, InstanceKey, WorkflowId},
    life::{Rows, Scan, Table, Unreadable},
};

/// A run's document and those of its attempts.
pub type RunDocuments = (Json, Vec<Json>);

/// The documents of all runs in a store and of all their attempts, these enriched: roots first, then by depth and order of creation.
pub fn documents(rows: &dyn Rows) -> Result<Vec<RunDocuments>, Unreadable> {
    let mut keys = Vec::new();
    Scan::table(Table::Seed).each(rows, |key, _| {
        keys.push(key);
        Ok(())
    })?;
    let mut runs = Vec::new();
    for key in keys {
        let instance = InstanceKey { workflow: WorkflowId::from(&*key.name), instance: InstanceId(key.first) };
        let Some(run) = Stored::find(rows, &instance, Some(key.second))? else { continue };
        let document = run.document(Show { is_enriched: false, is_aggregated: false })?;
        runs.push((document, attempt::all_of_run(rows, &run)?));
    }
    let number = |run: &RunDocuments, pointer: &str| run.0.pointer(pointer).and_then(Json::as_i64).unwrap_or(0);
    runs.sort_by_key(|run| (number(run, "/initiator/depth"), number(run, "/create_time")));
    Ok(runs)
}
