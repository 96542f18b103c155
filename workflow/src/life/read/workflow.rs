//! Reads about a workflow: versions, overview, timeline, properties.

use serde_json::{Value as Json, json};

use super::{Found, page::Window};
use crate::{
    id::{VersionId, WorkflowId},
    life::{
        Bound, Order, RowKey, Rows, Scan, Table, row,
        workflow::{Header, StoredVersion, not_found, resolve, timeline_key, unknown},
    },
    port::{Page, Reason, Refusal},
    time::Timestamp,
    wire::{
        page::{Direction, Range},
        summary::{WorkflowEvent, WorkflowTimeline},
    },
};

/// The newest timeline entries that are shown.
const TIMELINE_MAX: usize = 300;

/// The header of a workflow that exists.
pub(super) fn header(rows: &dyn Rows, workflow: &WorkflowId) -> Result<Option<Header>, Refusal> {
    let key = RowKey::workflow(workflow);
    let header: Option<Header> = rows.row(&key)?.map(|body| row::parse(&key, &body)).transpose()?;
    Ok(header.filter(Header::is_known))
}

/// One version; what follows from it at a moment is added where one is given.
pub(super) fn version(rows: &dyn Rows, workflow: &WorkflowId, name: &str, enriched_at: Option<Timestamp>) -> Found {
    let header = header(rows, workflow)?.ok_or_else(|| unknown(workflow))?;
    let id = resolve(&header, name)?;
    let key = StoredVersion::key(workflow, id);
    let body = rows.row(&key)?.ok_or_else(|| not_found(workflow, id))?;
    let stored: StoredVersion = row::parse(&key, &body)?;
    let mut document = stored.document(id, &header);
    if let Some(now) = enriched_at {
        document["enriched_extras"] = super::extras::of(&stored.workflow, now)?;
    }
    Ok(document)
}

pub(super) fn versions(rows: &dyn Rows, workflow: &WorkflowId, page: &Page) -> Found {
    let header = header(rows, workflow)?;
    let existing = header.as_ref().map(|header| Range { start: VersionId::FIRST.0, end: header.latest_version.0 });
    let window = Window::of(page, existing)?;
    let Some(header) = header else { return Ok(window.answer(None, &[])) };
    let (from, to) = (VersionId(window.ids.start), VersionId(window.ids.end));
    let scan = Scan {
        table: Table::Version,
        from: Bound::Included(StoredVersion::key(workflow, from)),
        to: Bound::Included(StoredVersion::key(workflow, to)),
        order: match window.direction {
            Direction::Next => Order::Descending,
            Direction::Prev => Order::Ascending,
        },
        limit: usize::try_from(window.size).unwrap_or_default(),
    };
    let mut found = rows.scan(&scan)?;
    found.sort_by_key(|(key, _)| std::cmp::Reverse(key.first));
    let ids = found.last().zip(found.first()).map(|((low, _), (high, _))| Range { start: low.first, end: high.first });
    let document = |(key, body): &(RowKey, crate::life::Body)| {
        let stored: StoredVersion = row::parse(key, body)?;
        Ok(stored.document(VersionId(key.first), &header))
    };
    let elements: Result<Vec<Json>, Refusal> = found.iter().map(document).collect();
    Ok(window.answer(ids, &elements?))
}

pub(super) fn overview(rows: &dyn Rows, workflow: &WorkflowId) -> Found {
    let missing = || {
        let message = format!("Cannot find workflow [{workflow}], which is either not created or has been deleted.");
        Refusal::new(Reason::NotFound, message)
    };
    let header = header(rows, workflow)?.ok_or_else(missing)?;
    let counts = header.counts;
    let mut overview = json!({
        "workflow_id": workflow,
        "latest_version_id": header.latest_version,
        "default_version_id": header.default_version(),
        "properties_snapshot": header.properties,
        "nonterminal_instances": { "CREATED": counts.queued, "IN_PROGRESS": counts.running, "PAUSED": 0 },
        "failed_instances": counts.failed,
    });
    if header.latest_instance.0 > 0 {
        overview["latest_instance_id"] = header.latest_instance.0.into();
    }
    if let Some(properties) = overview["properties_snapshot"].as_object_mut() {
        let default = || json!({ "rule": "SEQUENTIAL", "workflow_concurrency": 1 });
        properties.entry("run_strategy").or_insert_with(default);
    }
    if header.active_version != VersionId::default() {
        overview["active_version_id"] = header.active_version.0.into();
    }
    if let Some(concurrency) = header.properties.get("step_concurrency") {
        overview["step_concurrency"] = concurrency.clone();
    }
    Ok(overview)
}

pub(super) fn timeline(rows: &dyn Rows, workflow: &WorkflowId) -> Found {
    let scan = Scan {
        table: Table::WorkflowTimeline,
        from: Bound::Included(timeline_key(workflow, 0)),
        to: Bound::Included(timeline_key(workflow, i64::MAX)),
        order: Order::Descending,
        limit: TIMELINE_MAX,
    };
    let found = rows.scan(&scan)?;
    let events: Result<Vec<WorkflowEvent>, _> = found.iter().map(|(key, body)| row::parse(key, body)).collect();
    let timeline = WorkflowTimeline { workflow_id: workflow.clone(), timeline_events: events? };
    Ok(serde_json::to_value(timeline).unwrap_or_default())
}

pub(super) fn properties(rows: &dyn Rows, workflow: &WorkflowId, snapshot: &str) -> Found {
    if !snapshot.eq_ignore_ascii_case("latest") {
        let message =
            format!("Unsupported operation: only the latest properties-snapshot can be read, not [{snapshot}]");
        return Err(Refusal::new(Reason::InternalError, message));
    }
    let missing = || {
        let message = format!(
            "Cannot find workflow [{workflow}]'s current properties-snapshot. It has not been created yet or has been deleted."
        );
        Refusal::new(Reason::NotFound, message)
    };
    Ok(header(rows, workflow)?.ok_or_else(missing)?.properties)
}
