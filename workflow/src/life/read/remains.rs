//! What is left of a workflow that is being deleted.

use crate::{
    definition::StepType,
    id::{WorkflowId, loop_body_prefix},
    life::{Bound, Order, RowKey, Rows, Scan, Table, Unreadable},
};

/// Rows that are removed at a time.
const BATCH: usize = 200;

/// Tables whose rows carry the workflow's id as their name.
const NAMED: [Table; 7] =
    [Table::Version, Table::WorkflowTimeline, Table::Breakpoint, Table::Start, Table::Seed, Table::Run, Table::Attempt];

/// Tables that hold runs of loop bodies.
const NESTED: [Table; 3] = [Table::Seed, Table::Run, Table::Attempt];

/// The next rows to remove; none when nothing is left.
pub(super) fn remains(rows: &dyn Rows, workflow: &WorkflowId, internal_id: i64) -> Result<Vec<RowKey>, Unreadable> {
    for table in NAMED {
        let found = named(rows, table, workflow)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    for kind in ["queue", "order", "paused"] {
        let found = named(rows, Table::Other, &format!("{kind}/{workflow}"))?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    for kind in [StepType::Foreach, StepType::While] {
        let prefix = loop_body_prefix(kind, internal_id).map_err(|error| Unreadable(error.to_string()))?;
        for table in NESTED {
            let found = prefixed(rows, table, &prefix)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    Ok(Vec::new())
}

fn named(rows: &dyn Rows, table: Table, name: &str) -> Result<Vec<RowKey>, Unreadable> {
    let from = RowKey { first: i64::MIN, second: i64::MIN, third: i64::MIN, ..RowKey::named(table, name) };
    // NUL comes before every letter of a name, so this is the first key of the next one.
    let to = RowKey::named(table, &format!("{name}\0"));
    keys(rows, table, from, to)
}

fn prefixed(rows: &dyn Rows, table: Table, prefix: &str) -> Result<Vec<RowKey>, Unreadable> {
    // Ids of loop bodies go on with letters, digits and underscores, all before `~`.
    keys(rows, table, RowKey::named(table, prefix), RowKey::named(table, &format!("{prefix}~")))
}

fn keys(rows: &dyn Rows, table: Table, from: RowKey, to: RowKey) -> Result<Vec<RowKey>, Unreadable> {
    let (from, to) = (Bound::Included(from), Bound::Excluded(to));
    let found = rows.scan(&Scan { table, from, to, order: Order::Ascending, limit: BATCH })?;
    Ok(found.into_iter().map(|(key, _)| key).collect())
}
