//! Reads about instances and their runs.

use serde_json::json;

use super::{
    Found, number,
    page::Window,
    run::{self, Show, Stored},
};
use crate::{
    id::{InstanceId, InstanceKey, WorkflowId},
    life::{Bound, Order, RowKey, Rows, Scan, Table, Unreadable},
    port::Page,
    wire::page::Range,
};

/// The latest run, with the steps over all runs.
pub(super) fn view(rows: &dyn Rows, instance: &InstanceKey, is_enriched: bool) -> Found {
    Ok(Stored::expect(rows, instance, None)?.document(Show { is_enriched, is_aggregated: true })?)
}

pub(super) fn run(rows: &dyn Rows, instance: &InstanceKey, run: &str, show: Show) -> Found {
    Ok(Stored::expect(rows, instance, number(run)?)?.document(show)?)
}

/// The latest runs of a workflow's instances.
pub(super) fn page(rows: &dyn Rows, workflow: &WorkflowId, page: &Page, is_aggregated: bool) -> Found {
    let existing = existing(rows, workflow)?;
    let window = Window::of(page, existing)?;
    if existing.is_none() {
        return Ok(window.answer(None, &[]));
    }
    let show = Show { is_enriched: false, is_aggregated };
    let mut found: Option<Range> = None;
    let mut elements = Vec::new();
    for id in window.ids.start..=window.ids.end {
        let instance = InstanceKey { workflow: workflow.clone(), instance: InstanceId(id) };
        if let Some(stored) = Stored::find(rows, &instance, None)? {
            elements.push(stored.document(show)?);
            found = Some(Range { start: found.map_or(id, |found| found.start), end: id });
        }
    }
    Ok(window.answer(found, &elements))
}

/// The runs of an instance, newest first.
pub(super) fn runs(rows: &dyn Rows, instance: &InstanceKey, page: &Page) -> Found {
    let latest = run::latest(rows, instance)?.ok_or_else(|| run::not_found(instance, None))?;
    let window = Window::of(page, Some(Range { start: 1, end: latest.0 }))?;
    let show = Show { is_enriched: false, is_aggregated: false };
    let mut elements = Vec::new();
    let mut found: Option<Range> = None;
    for id in (window.ids.start..=window.ids.end).rev() {
        if let Some(stored) = Stored::find(rows, instance, Some(id))? {
            elements.push(stored.document(show)?);
            found = Some(Range { start: id, end: found.map_or(id, |found| found.end) });
        }
    }
    Ok(window.answer(found, &elements))
}

/// The steps around a nested instance, outermost first.
pub(super) fn inline_path(rows: &dyn Rows, instance: &InstanceKey) -> Found {
    let stored = Stored::expect(rows, instance, None)?;
    let ancestors = stored.seed()["initiator"].get("ancestors").cloned();
    Ok(ancestors.unwrap_or_else(|| json!([])))
}

/// The lowest and the highest instance that is stored.
fn existing(rows: &dyn Rows, workflow: &WorkflowId) -> Result<Option<Range>, Unreadable> {
    let at = |first| RowKey { first, ..RowKey::named(Table::Seed, workflow) };
    let end = |order| -> Result<Option<i64>, Unreadable> {
        let (from, to) = (Bound::Included(at(1)), Bound::Included(at(i64::MAX)));
        let found = rows.scan(&Scan { table: Table::Seed, from, to, order, limit: 1 })?;
        Ok(found.first().map(|(key, _)| key.first))
    };
    Ok(end(Order::Ascending)?.zip(end(Order::Descending)?).map(|(start, end)| Range { start, end }))
}
