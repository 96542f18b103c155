//! Rows in memory: what replay, the embedded polling engine and tests store into.

use std::{collections::BTreeMap, ops};

use super::row::{Body, Bound, Order, Row, RowKey, Rows, Scan, Unreadable};

/// An ordered map of rows.
#[derive(Debug, Default)]
pub struct MemoryRows {
    rows: BTreeMap<RowKey, (Body, bool)>,
}

impl MemoryRows {
    /// Puts a row in, in place of an earlier one.
    pub fn save(&mut self, row: Row) {
        self.rows.insert(row.key, (row.body, row.is_live));
    }

    /// Takes a row out.
    pub fn forget(&mut self, key: &RowKey) {
        self.rows.remove(key);
    }

    /// Keys of the rows whose machines must be loaded after a restart, in key order.
    pub fn live(&self) -> Vec<RowKey> {
        let live = self.rows.iter().filter(|(_, (_, is_live))| *is_live);
        live.map(|(key, _)| key.clone()).collect()
    }

    /// Every row, in key order.
    pub fn iter(&self) -> impl Iterator<Item = Row> {
        self.rows.iter().map(|(key, (body, is_live))| Row {
            key: key.clone(),
            body: Body::clone(body),
            is_live: *is_live,
        })
    }
}

impl Rows for MemoryRows {
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable> {
        Ok(self.rows.get(key).map(|(body, _)| Body::clone(body)))
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable> {
        let bound = |bound: &Bound, unbounded: RowKey| match bound {
            Bound::Unbounded => ops::Bound::Included(unbounded),
            Bound::Included(key) => ops::Bound::Included(key.clone()),
            Bound::Excluded(key) => ops::Bound::Excluded(key.clone()),
        };
        let first = RowKey { first: i64::MIN, second: i64::MIN, third: i64::MIN, ..RowKey::named(scan.table, "") };
        let from = bound(&scan.from, first);
        if is_empty(&from, &scan.to) {
            return Ok(Vec::new());
        }
        let to = match &scan.to {
            Bound::Unbounded => ops::Bound::Unbounded,
            other => bound(other, RowKey::named(scan.table, "")),
        };
        let found = self.rows.range((from, to)).filter(|(key, _)| key.table == scan.table);
        let pair = |(key, (body, _)): (&RowKey, &(Body, bool))| (key.clone(), Body::clone(body));
        Ok(match scan.order {
            Order::Ascending => found.take(scan.limit).map(pair).collect(),
            Order::Descending => found.rev().take(scan.limit).map(pair).collect(),
        })
    }
}

/// Whether nothing can lie between the bounds; the standard map panics on such a range.
fn is_empty(from: &ops::Bound<RowKey>, to: &Bound) -> bool {
    match (from, to) {
        (ops::Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (ops::Bound::Included(from), Bound::Included(to)) => from > to,
        (ops::Bound::Included(from) | ops::Bound::Excluded(from), Bound::Excluded(to) | Bound::Included(to)) => {
            from >= to
        }
    }
}
