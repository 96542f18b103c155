//! Reading rows: what is archived is read as if it were not.

use std::{cell::Cell, sync::Arc};

use deadpool_postgres::Object;
use tokio_postgres::{Row, types::ToSql};
use workflow::life::{Body, Bound, RowKey, Rows, Scan, Table, Unreadable};

use super::{Postgres, text};
use crate::store::{
    chain,
    layout::{Layout, layout},
    merge::{key_order, merge},
};

/// One consistent state for all that is read in it.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Rows as one read transaction sees them; it begins with the first read.
pub(super) struct View<'a> {
    pub(super) store: &'a Postgres,
    pub(super) client: &'a Object,
    pub(super) has_begun: Cell<bool>,
}

impl View<'_> {
    /// Runs statements with the same values, all at once.
    fn query(&self, statements: &[String], values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Vec<Row>>, Unreadable> {
        let read = async {
            let mut prepared = Vec::with_capacity(statements.len());
            for sql in statements {
                prepared.push(self.client.prepare_cached(sql).await?);
            }
            let begin =
                async { if self.has_begun.replace(true) { Ok(()) } else { self.client.batch_execute(BEGIN).await } };
            let reads = prepared.iter().map(|statement| self.client.query(statement, values));
            let (begun, read) = futures::join!(begin, futures::future::join_all(reads));
            begun?;
            read.into_iter().collect::<Result<Vec<_>, tokio_postgres::Error>>()
        };
        self.store.wait(read).map_err(|error| Unreadable(chain(&error)))
    }
}

impl Rows for View<'_> {
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable> {
        let layout = layout(key.table);
        let at = Stored::of(key);
        let statements = layout
            .names()
            .map(|name| format!("SELECT body FROM \"{name}\" WHERE ({}) = ($1, $2, $3, $4, $5)", layout.key()));
        let found = self.query(&statements.collect::<Vec<_>>(), &at.values())?;
        Ok(found.into_iter().flatten().next().map(|row| body(&row, 0)))
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable> {
        let layout = layout(scan.table);
        let (from, to) = (Stored::bound(&scan.from), Stored::bound(&scan.to));
        let mut values: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(11);
        let above = edge(layout, &scan.from, from.as_ref(), [">=", ">"], &mut values);
        let below = edge(layout, &scan.to, to.as_ref(), ["<=", "<"], &mut values);
        let limit = i64::try_from(scan.limit).unwrap_or(i64::MAX);
        values.push(&limit);
        let order = key_order(layout, scan.order);
        let statements = layout.names().map(|name| {
            let (columns, last) = (layout.key(), values.len());
            format!("SELECT {columns}, body FROM \"{name}\" WHERE {above} AND {below} ORDER BY {order} LIMIT ${last}")
        });
        let found = self.query(&statements.collect::<Vec<_>>(), &values)?;
        let read = |rows: Vec<Row>| rows.iter().map(|row| (key(scan.table, row), body(row, 5))).collect();
        Ok(merge(found.into_iter().map(read).collect(), scan.order, scan.limit))
    }
}

/// A key as the database holds it.
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) first: i64,
    pub(super) second: i64,
    pub(super) part: String,
    pub(super) third: i64,
}

impl Stored {
    pub(super) fn of(key: &RowKey) -> Self {
        Self {
            name: text::stored(&key.name).into_owned(),
            first: key.first,
            second: key.second,
            part: text::stored(&key.part).into_owned(),
            third: key.third,
        }
    }

    fn bound(bound: &Bound) -> Option<Self> {
        match bound {
            Bound::Unbounded => None,
            Bound::Included(key) | Bound::Excluded(key) => Some(Self::of(key)),
        }
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 5] {
        [&self.name, &self.first, &self.second, &self.part, &self.third]
    }
}

/// A comparison with one end of a scan; its values go behind those that are there.
fn edge<'a>(
    layout: &Layout,
    bound: &Bound,
    stored: Option<&'a Stored>,
    [included, excluded]: [&str; 2],
    values: &mut Vec<&'a (dyn ToSql + Sync)>,
) -> String {
    let operator = if matches!(bound, Bound::Included(_)) { included } else { excluded };
    let Some(stored) = stored else { return "TRUE".to_owned() };
    let n = values.len();
    values.extend(stored.values());
    let places = (1..=5).map(|i| format!("${}", n + i)).collect::<Vec<_>>().join(", ");
    format!("({}) {operator} ({places})", layout.key())
}

pub(super) fn key(table: Table, row: &Row) -> RowKey {
    key_at(table, row, 0)
}

/// A row as it was saved, from its key's first column on. Whether a machine is loaded by it is not read.
pub(super) fn saved(table: Table, row: &Row, at: usize) -> workflow::life::Row {
    workflow::life::Row { key: key_at(table, row, at), body: body(row, at + 5), is_live: false }
}

fn key_at(table: Table, row: &Row, at: usize) -> RowKey {
    RowKey {
        table,
        name: text::read(row.get(at)),
        first: row.get(at + 1),
        second: row.get(at + 2),
        part: text::read(row.get(at + 3)),
        third: row.get(at + 4),
    }
}

pub(super) fn body(row: &Row, index: usize) -> Body {
    Arc::from(row.get::<_, &str>(index).as_bytes())
}
