//! Answers to what machines ask of the rows of others.

use serde_json::{Value as Json, json};

use super::{
    attempt, latest_run,
    run::{self, Stored},
};
use crate::{
    id::{InstanceId, InstanceKey, RunKey, StepId},
    life::{
        RowKey, Rows, Unreadable, library, row, run_status,
        workflow::{StartedRun, StoredVersion},
    },
    param::{Value, stored},
    port::{Found, Lookup},
    status::InstanceStatus,
};

/// The row that answers a lookup, where it is one.
pub fn row_of(lookup: &Lookup) -> Option<RowKey> {
    match lookup {
        Lookup::Start { workflow, uuid } => Some(StartedRun::key(workflow, uuid)),
        Lookup::Version { workflow, version } => Some(StoredVersion::key(workflow, *version)),
        Lookup::Output { job } => Some(library::output_key(job)),
        _ => None,
    }
}

/// Answers a lookup.
pub fn find(lookup: &Lookup, rows: &dyn Rows) -> Result<Found, Unreadable> {
    match lookup {
        Lookup::Start { .. } | Lookup::Version { .. } | Lookup::Output { .. } => {
            document(rows, &row_of(lookup).expect("one row answers these"))
        }
        Lookup::LatestRun(instance) => Ok(match latest_run(rows, instance)? {
            Some(latest) => Found::LatestRun(Box::new(latest)),
            None => Found::Nothing(format!("instance {} of workflow {}", instance.instance, instance.workflow)),
        }),
        Lookup::Iterations { body, last, step, param } => {
            let mut found = Vec::new();
            for id in 1..=last.0 {
                let iteration = InstanceKey { workflow: body.clone(), instance: InstanceId(id) };
                if let Some(value) = latest_value(rows, &iteration, step, param)? {
                    found.push((InstanceId(id), value));
                }
            }
            Ok(Found::Iterations(found))
        }
        Lookup::ChildStep { run, step, param } => {
            // A restarted child keeps steps of earlier runs, so they count as well.
            let found = latest_value(rows, &run.instance_key(), step, param)?;
            let missing = || Found::Nothing(format!("param {param} of step {step} in run {run}"));
            Ok(found.map_or_else(missing, Found::Value))
        }
        Lookup::Remains { workflow, internal_id } => {
            Ok(Found::Keys(super::remains::remains(rows, workflow, *internal_id)?))
        }
        Lookup::StepParams { run, names } => step_params(rows, run, names),
    }
}

/// Where a run stands; `None` where there is no such run.
pub fn status(run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
    match rows.row(&RowKey::run(run))? {
        Some(_) => run_status(run, rows),
        // It may have ended when it was made.
        None => Ok(Stored::find(rows, &run.instance_key(), Some(run.run.0))?.map(|stored| stored.status())),
    }
}

fn document(rows: &dyn Rows, key: &RowKey) -> Result<Found, Unreadable> {
    let found = rows.row(key)?;
    let missing = || Ok(Found::Nothing(format!("row {} of {:?}", key.name, key.table)));
    found.map_or_else(missing, |body| row::parse(key, &body).map(Found::Document))
}

/// A step's param, from the latest run that has the step.
fn latest_value(
    rows: &dyn Rows,
    instance: &InstanceKey,
    step: &StepId,
    param: &str,
) -> Result<Option<Value>, Unreadable> {
    let Some(run) = run::latest(rows, instance)? else { return Ok(None) };
    let Some((key, body)) = attempt::latest_of_step(rows, instance, run, step)? else { return Ok(None) };
    let row: Json = row::parse(&key, &body)?;
    Ok(value(&row, param))
}

fn value(row: &Json, param: &str) -> Option<Value> {
    let written = row["params"].get(param)?;
    let params = stored::params(&json!({ param: written }), "params", &mut Vec::new());
    params.get(param)?.value().cloned()
}

fn step_params(rows: &dyn Rows, run: &RunKey, names: &[String]) -> Result<Found, Unreadable> {
    let mut attempts = Vec::new();
    for (key, body) in attempt::latest_of_each(rows, attempt::scan_of_run(run))?.into_values() {
        let row: Json = row::parse(&key, &body)?;
        attempts.push((row["step_instance_id"].as_i64().unwrap_or_default(), row));
    }
    attempts.sort_by_key(|(number, _)| *number);
    let of_step = |row: &Json| -> Vec<(String, Value)> {
        names.iter().filter_map(|name| Some((name.clone(), value(row, name)?))).collect()
    };
    Ok(Found::Values(attempts.iter().flat_map(|(_, row)| of_step(row)).collect()))
}
