//! Reads about steps: an attempt's row together with what its run knows.

use std::sync::Arc;

use indexmap::{IndexMap, map::Entry};
use serde_json::Value as Json;

use super::{
    Found, number,
    run::{self, Stored},
};
use crate::{
    id::{AttemptId, AttemptKey, InstanceKey, RunId, RunKey, StepId},
    life::{Body, Bound, Order, RowKey, Rows, Scan, Table, Unreadable, row},
    port::{Reason, Refusal},
    wire,
};

/// Rows read in one scan.
pub(super) const SCAN: usize = 200;

/// Rows read for one answer at most: far more than the attempts of an instance with 300 steps that were restarted and retried.
const ROWS_MAX: usize = 100_000;

/// The latest attempt of every step over all runs.
pub(super) fn of_instance(rows: &dyn Rows, instance: &InstanceKey) -> Found {
    let scan = Scan::instance(Table::Attempt, instance, Order::Descending, SCAN);
    list(rows, instance, &latest_of_each(rows, scan)?)
}

/// The latest attempt of every step of a run.
pub(super) fn of_run(rows: &dyn Rows, instance: &InstanceKey, run: &str) -> Found {
    let run = match number(run)? {
        Some(run) => RunId(run),
        None => run::latest(rows, instance)?.ok_or_else(|| run::not_found(instance, None))?,
    };
    let key = RunKey { workflow: instance.workflow.clone(), instance: instance.instance, run };
    list(rows, instance, &latest_of_each(rows, scan_of_run(&key))?)
}

/// The enriched documents of all attempts of a run.
pub(super) fn all_of_run(rows: &dyn Rows, run: &Stored) -> Result<Vec<Json>, Unreadable> {
    let mut documents = Vec::new();
    Scan { order: Order::Ascending, ..scan_of_run(&run.key) }.each(rows, |key, body| {
        let mut document = wire::attempt::document(run.seed(), &row::parse(&key, body)?);
        wire::attempt::enrich(&mut document);
        documents.push(document);
        Ok(())
    })?;
    Ok(documents)
}

/// All attempts of a run, latest first.
pub(super) fn scan_of_run(key: &RunKey) -> Scan {
    let at = |run: i64| RowKey { table: Table::Attempt, second: run, ..RowKey::run(key) };
    Scan {
        table: Table::Attempt,
        from: Bound::Included(at(key.run.0)),
        to: Bound::Excluded(at(key.run.0.saturating_add(1))),
        order: Order::Descending,
        limit: SCAN,
    }
}

/// The latest attempt of a step over all runs.
pub(super) fn of_step(rows: &dyn Rows, instance: &InstanceKey, step: &StepId, is_enriched: bool) -> Found {
    if let Some(run) = run::latest(rows, instance)?
        && let Some((key, body)) = latest_of_step(rows, instance, run, step)?
    {
        return Runs::new(rows, instance).shown(&key, &body, is_enriched);
    }
    let InstanceKey { workflow, instance } = instance;
    let message =
        format!("step instance view for [{workflow}][{instance}][{step}] not found (either not created or deleted)");
    Err(Refusal::new(Reason::NotFound, message))
}

/// One attempt.
pub(super) fn one(
    rows: &dyn Rows,
    instance: &InstanceKey,
    run: &str,
    step: &StepId,
    attempt: &str,
    is_enriched: bool,
) -> Found {
    let run = match number(run)? {
        Some(run) => RunId(run),
        None => run::latest(rows, instance)?.ok_or_else(|| run::not_found(instance, None))?,
    };
    let wanted = number(attempt)?;
    let found = match wanted {
        None => latest_in_run(rows, instance, run, step)?,
        Some(attempt) => {
            let key = attempt_key(instance, run, step, attempt);
            rows.row(&key)?.map(|body| (key, body))
        }
    };
    let missing = || {
        let InstanceKey { workflow, instance } = instance;
        let attempt = wanted.unwrap_or_default();
        let message = format!(
            "workflow instance [{workflow}][{instance}][{run}]'s step instance [{step}][{attempt}] not found (either not created or deleted)"
        );
        Refusal::new(Reason::NotFound, message)
    };
    let (key, body) = found.ok_or_else(missing)?;
    Runs::new(rows, instance).shown(&key, &body, is_enriched)
}

fn attempt_key(instance: &InstanceKey, run: RunId, step: &StepId, attempt: i64) -> RowKey {
    let run = RunKey { workflow: instance.workflow.clone(), instance: instance.instance, run };
    RowKey::attempt(&AttemptKey { run, step: step.clone(), attempt: AttemptId(attempt) })
}

/// The latest attempt of a step in this run, or else in the latest one before that has it.
pub(super) fn latest_of_step(
    rows: &dyn Rows,
    instance: &InstanceKey,
    latest: RunId,
    step: &StepId,
) -> Result<Option<(RowKey, Body)>, Unreadable> {
    for run in (1..=latest.0).rev() {
        if let Some(found) = latest_in_run(rows, instance, RunId(run), step)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn latest_in_run(
    rows: &dyn Rows,
    instance: &InstanceKey,
    run: RunId,
    step: &StepId,
) -> Result<Option<(RowKey, Body)>, Unreadable> {
    let at = |attempt| Bound::Included(attempt_key(instance, run, step, attempt));
    let scan = Scan { table: Table::Attempt, from: at(0), to: at(i64::MAX), order: Order::Descending, limit: 1 };
    Ok(rows.scan(&scan)?.pop())
}

/// Of every step the first row that a descending scan meets: of its latest run, the latest attempt.
pub(super) fn latest_of_each(
    rows: &dyn Rows,
    mut scan: Scan,
) -> Result<IndexMap<Arc<str>, (RowKey, Body)>, Unreadable> {
    let mut found: IndexMap<Arc<str>, (RowKey, Body)> = IndexMap::new();
    for _ in 0..ROWS_MAX / SCAN {
        let page = rows.scan(&scan)?;
        let is_last = page.len() < SCAN;
        if let Some((last, _)) = page.last() {
            scan.to = Bound::Excluded(last.clone());
        }
        for (key, body) in page {
            found.entry(Arc::clone(&key.part)).or_insert((key, body));
        }
        if is_last {
            return Ok(found);
        }
    }
    Err(Unreadable(format!("the instance has more than {ROWS_MAX} attempts")))
}

/// The documents of rows, oldest step first.
fn list(rows: &dyn Rows, instance: &InstanceKey, found: &IndexMap<Arc<str>, (RowKey, Body)>) -> Found {
    let mut runs = Runs::new(rows, instance);
    let documents: Result<Vec<Json>, Refusal> = found.values().map(|(key, body)| runs.document(key, body)).collect();
    let mut documents = documents?;
    let number = |document: &Json, field: &str| document.get(field).and_then(Json::as_i64).unwrap_or_default();
    documents.sort_by_key(|document| (number(document, "workflow_run_id"), number(document, "step_instance_id")));
    Ok(Json::Array(documents))
}

/// The seeds of an instance's runs, each read once.
struct Runs<'a> {
    rows: &'a dyn Rows,
    instance: &'a InstanceKey,
    seeds: IndexMap<RunId, Stored>,
}

impl<'a> Runs<'a> {
    fn new(rows: &'a dyn Rows, instance: &'a InstanceKey) -> Self {
        Self { rows, instance, seeds: IndexMap::new() }
    }

    fn seed(&mut self, run: RunId) -> Result<&Json, Refusal> {
        let stored = match self.seeds.entry(run) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(Stored::expect(self.rows, self.instance, Some(run.0))?),
        };
        Ok(stored.seed())
    }

    fn document(&mut self, key: &RowKey, body: &Body) -> Found {
        let row: Json = row::parse(key, body)?;
        Ok(wire::attempt::document(self.seed(RunId(key.second))?, &row))
    }

    fn shown(&mut self, key: &RowKey, body: &Body, is_enriched: bool) -> Found {
        let mut document = self.document(key, body)?;
        if is_enriched {
            wire::attempt::enrich(&mut document);
        }
        Ok(document)
    }
}
