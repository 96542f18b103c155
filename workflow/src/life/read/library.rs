//! Reads about permits, signals, templates and breakpoints.

use serde_json::{Value as Json, json};

use super::Found;
use crate::{
    life::{
        Bound, Order, RowKey, Rows, Scan, Table,
        library::{DEFAULT_VERSION, Template},
        permits::TagPermit,
        row, signals,
    },
    port::{Answer, Reason, Refusal},
};

/// Templates listed by one call at most.
const TEMPLATES_MAX: usize = 10_000;

pub(super) fn tag_permit(rows: &dyn Rows, tag: &str) -> Found {
    let key = TagPermit::key(tag);
    let missing = || Refusal::new(Reason::NotFound, format!("No tag permit found for tag {tag}"));
    let body = rows.row(&key)?.ok_or_else(missing)?;
    let permit: TagPermit = row::parse(&key, &body)?;
    Ok(permit.document())
}

/// A signal instance, or the newest for a negative number; one that is missing is answered without a body.
pub(super) fn signal(rows: &dyn Rows, name: &str, sequence: i64) -> Result<Answer, Refusal> {
    let nothing = Answer { status: 200, body: None };
    if sequence >= 0 {
        let key = signals::key(name, sequence);
        let Some(body) = rows.row(&key)? else { return Ok(nothing) };
        return Ok(Answer::ok(row::parse(&key, &body)?));
    }
    let at = |id| Bound::Included(signals::key(name, id));
    let scan = Scan { table: Table::Signal, from: at(1), to: at(i64::MAX), order: Order::Descending, limit: 1 };
    let Some((key, body)) = rows.scan(&scan)?.pop() else { return Ok(nothing) };
    let mut document: Json = row::parse(&key, &body)?;
    document["seq_id"] = (-1).into();
    Ok(Answer::ok(document))
}

/// One template, or for an empty name all templates of a version.
pub(super) fn template(rows: &dyn Rows, job_type: &str, version: Option<&str>) -> Found {
    let version = version.unwrap_or(DEFAULT_VERSION);
    if job_type.is_empty() {
        return templates(rows, version);
    }
    let key = Template::key_of(job_type, version);
    let missing = || {
        let message = format!("No job template found for job_type [{job_type}] and version [{version}]");
        Refusal::new(Reason::NotFound, message)
    };
    let body = rows.row(&key)?.ok_or_else(missing)?;
    let template: Template = row::parse(&key, &body)?;
    Ok(template.document())
}

fn templates(rows: &dyn Rows, version: &str) -> Found {
    let (from, to) = (Bound::Unbounded, Bound::Unbounded);
    let scan = Scan { table: Table::Template, from, to, order: Order::Ascending, limit: TEMPLATES_MAX };
    let mut found = Vec::new();
    for (key, body) in rows.scan(&scan)?.iter().filter(|(key, _)| &*key.part == version) {
        let template: Template = row::parse(key, body)?;
        found.push(template.document());
    }
    Ok(Json::Array(found))
}

/// The breakpoints of a workflow's step, or the attempts that one holds.
pub(super) fn breakpoints(rows: &dyn Rows, query: &[(String, String)], what: Breakpoints) -> Found {
    let param = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let needed = |name: &str| {
        let missing = || Refusal::new(Reason::BadRequest, format!("Required parameter '{name}' is not present."));
        param(name).ok_or_else(missing)
    };
    let (workflow, step) = (needed("workflowId")?, needed("stepId")?);
    let name = match what {
        Breakpoints::Set => RowKey::named(Table::Breakpoint, workflow),
        Breakpoints::Paused => RowKey::named(Table::Other, &format!("paused/{workflow}")),
    };
    let scan = Scan {
        table: name.table,
        from: Bound::Included(name.clone()),
        to: Bound::Included(RowKey { first: i64::MAX, ..name }),
        order: Order::Ascending,
        limit: TEMPLATES_MAX,
    };
    let mut found = Vec::new();
    for (key, body) in rows.scan(&scan)? {
        let document: Json = row::parse(&key, &body)?;
        if document["step_id"] == step {
            found.push(document);
        }
    }
    Ok(json!(found))
}

/// Which rows of breakpoints are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breakpoints {
    /// Those that are set.
    Set,
    /// Attempts that are paused.
    Paused,
}
