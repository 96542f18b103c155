//! What an instance's runs so far leave to the next one.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    attempt,
    run::{Show, Stored},
};
use crate::{
    id::{AttemptId, InstanceKey, RunId, StepId},
    life::{
        Order, RowKey, Rows, RunSeed, Scan, Table, Unreadable, row,
        seed::{Baseline, PreviousNested, PreviousStep},
    },
    param::stored,
    status::InstanceStatus,
    time::Timestamp,
};

/// The latest run of an instance, with what a restart goes on from.
#[derive(Clone, Debug, PartialEq)]
pub struct LatestRun {
    /// What it started with.
    pub seed: Arc<RunSeed>,
    /// Where it stands.
    pub status: InstanceStatus,
    /// What all runs up to this one left.
    pub baseline: Baseline,
}

/// Reads the latest run of an instance; `None` when there is no such instance.
pub fn latest_run(rows: &dyn Rows, instance: &InstanceKey) -> Result<Option<LatestRun>, Unreadable> {
    let Some(stored) = Stored::find(rows, instance, None)? else { return Ok(None) };
    let document = stored.document(Show { is_enriched: false, is_aggregated: false })?;
    let seed = RunSeed::from_row(&RowKey::seed(&stored.key), &row::body(stored.seed()))?;
    let aggregate = stored.aggregate(&document)?;
    let scan = Scan::instance(Table::Attempt, instance, Order::Descending, attempt::SCAN);
    let mut steps = indexmap::IndexMap::new();
    for (step, (key, body)) in attempt::latest_of_each(rows, scan)? {
        let row: Json = row::parse(&key, &body)?;
        steps.insert(StepId::from(&*step), Arc::new(previous_step(&key, &row)));
    }
    let status = stored.status();
    Ok(Some(LatestRun { seed: Arc::new(seed), status, baseline: Baseline { aggregate, steps } }))
}

fn previous_step(key: &RowKey, row: &Json) -> PreviousStep {
    let state = &row["runtime_state"];
    let artifacts = row["artifacts"].as_object().cloned().unwrap_or_default();
    PreviousStep {
        run: RunId(key.second),
        attempt: AttemptId(key.third),
        status: serde_json::from_value(state["status"].clone()).unwrap_or(crate::status::StepStatus::NotCreated),
        params: stored::params(&row["params"], "params", &mut Vec::new()),
        nested: PreviousNested::of(&artifacts),
        artifacts,
        signal_dependencies: row.get("signal_dependencies").cloned(),
        end_time: state["end_time"].as_i64().map(Timestamp),
        error_retries: row["step_retry"]["error_retries"].as_i64().unwrap_or_default(),
    }
}
