//! Reading rows: what is archived is read as if it were not.

use std::sync::{Arc, LazyLock};

use rusqlite::{OptionalExtension, Row, ToSql, Transaction};
use workflow::life::{Body, Bound, RowKey, Rows, Scan, Table, Unreadable};

use super::whole;
use crate::store::{
    GroupId,
    layout::{LAYOUTS, Layout, layout},
    merge::{key_order, merge},
};

/// How to read one row of each table, and of its archive.
static ROW: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let sql = |layout: &Layout, name: &str| {
        format!("SELECT body FROM \"{name}\" WHERE ({}) = (?1, ?2, ?3, ?4, ?5)", layout.key())
    };
    LAYOUTS.iter().map(|layout| layout.names().map(|name| sql(layout, name)).collect()).collect()
});

static LIVE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sql = |layout: &Layout| {
        let (name, key) = (layout.name, layout.key());
        format!(
            "SELECT {key}, body FROM \"{name}\" \
             WHERE live = ?1 AND ({key}) > (?2, ?3, ?4, ?5, ?6) \
             ORDER BY {key} LIMIT ?7"
        )
    };
    LAYOUTS.iter().map(sql).collect()
});

/// Rows as one read transaction sees them.
pub(super) struct View<'a>(pub(super) &'a Transaction<'a>);

impl Rows for View<'_> {
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable> {
        for sql in &ROW[key.table as usize] {
            let read = || {
                let mut statement = self.0.prepare_cached(sql)?;
                let at = (&*key.name, key.first, key.second, &*key.part, key.third);
                statement.query_row(at, |row| body(row, 0)).optional()
            };
            if let Some(body) = read().map_err(unreadable)? {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable> {
        let layout = layout(scan.table);
        let mut values: Vec<&dyn ToSql> = Vec::with_capacity(11);
        let from = bound(layout, &scan.from, ">=", ">", &mut values);
        let to = bound(layout, &scan.to, "<=", "<", &mut values);
        let limit = whole(scan.limit);
        values.push(&limit);
        let (columns, order) = (layout.key(), key_order(layout, scan.order));
        let read = |name: &str| {
            let sql = format!("SELECT {columns}, body FROM \"{name}\" WHERE {from} AND {to} ORDER BY {order} LIMIT ?");
            let mut statement = self.0.prepare_cached(&sql)?;
            let rows = statement.query_map(&*values, |row| Ok((key(scan.table, row)?, body(row, 5)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let read = layout.names().map(read).collect::<rusqlite::Result<_>>().map_err(unreadable)?;
        Ok(merge(read, scan.order, scan.limit))
    }
}

/// Live rows of a group in one table.
pub(super) fn live(
    view: &Transaction<'_>,
    layout: &Layout,
    group: GroupId,
    after: Option<&RowKey>,
    limit: usize,
) -> rusqlite::Result<Vec<(RowKey, Body)>> {
    let start = RowKey { first: i64::MIN, ..RowKey::named(layout.table, "") };
    let after = after.unwrap_or(&start);
    let mut statement = view.prepare_cached(&LIVE[layout.table as usize])?;
    let values = (group.0, &*after.name, after.first, after.second, &*after.part, after.third, whole(limit));
    let rows = statement.query_map(values, |row| Ok((self::key(layout.table, row)?, body(row, 5)?)))?;
    rows.collect()
}

fn bound<'a>(
    layout: &Layout,
    bound: &'a Bound,
    included: &str,
    excluded: &str,
    values: &mut Vec<&'a dyn ToSql>,
) -> String {
    let (operator, key) = match bound {
        Bound::Unbounded => return "TRUE".to_owned(),
        Bound::Included(key) => (included, key),
        Bound::Excluded(key) => (excluded, key),
    };
    let at: [&dyn ToSql; 5] = [&key.name, &key.first, &key.second, &key.part, &key.third];
    values.extend(at);
    format!("({}) {operator} (?, ?, ?, ?, ?)", layout.key())
}

pub(super) fn key(table: Table, row: &Row<'_>) -> rusqlite::Result<RowKey> {
    let text = |index| Ok::<Arc<str>, rusqlite::Error>(Arc::from(row.get_ref(index)?.as_str()?));
    Ok(RowKey { table, name: text(0)?, first: row.get(1)?, second: row.get(2)?, part: text(3)?, third: row.get(4)? })
}

fn body(row: &Row<'_>, index: usize) -> rusqlite::Result<Body> {
    Ok(Arc::from(row.get_ref(index)?.as_bytes()?))
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn unreadable(error: rusqlite::Error) -> Unreadable {
    Unreadable(error.to_string())
}
