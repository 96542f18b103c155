//! Rows of some runs, or some rows, read together.

use std::{collections::HashSet, sync::LazyLock};

use tokio_postgres::Row;
use workflow::{
    id::RunKey,
    life::{Body, Bound, MemoryRows, RowKey, Rows, Scan, Unreadable},
};

use super::{
    Postgres,
    rows::{self, Stored},
    text,
};
use crate::store::{
    Error, Store, chain,
    layout::{LAYOUTS, Layout, archived},
};

/// One statement for all tables of a run: it sees one state. What is archived comes first, so that what was written since replaces it.
static GATHER: LazyLock<String> = LazyLock::new(|| {
    let (archives, tables): (Vec<_>, Vec<_>) = archived()
        .enumerate()
        .map(|(number, layout)| {
            let columns = layout.columns.map(|column| format!("kept.{column}")).join(", ");
            let [name, first, second, ..] = layout.columns;
            let of = |rank: usize, table: &str| {
                format!(
                    "SELECT {number}::int8 AS number, {rank}::int8 AS rank, {columns}, kept.body FROM wanted \
                     JOIN \"{table}\" AS kept ON kept.{name} = wanted.name AND kept.{first} = wanted.instance \
                     AND kept.{second} = wanted.run"
                )
            };
            (of(0, layout.archive.unwrap_or(layout.name)), of(1, layout.name))
        })
        .unzip();
    let parts = archives.into_iter().chain(tables).collect::<Vec<_>>().join(" UNION ALL ");
    format!(
        "WITH wanted AS (SELECT * FROM ROWS FROM (unnest($1::text[]), unnest($2::int8[]), unnest($3::int8[])) \
         AS wanted (name, instance, run)) {parts} ORDER BY rank"
    )
});

/// Rows that are at hand; others are read when they are asked for.
pub(super) struct Gathered<'a> {
    store: &'a Postgres,
    wanted: Wanted<'a>,
    rows: MemoryRows,
}

/// What was read ahead.
enum Wanted<'a> {
    /// All rows of these runs.
    Runs(HashSet<(&'a str, i64, i64)>),
    /// These rows.
    Rows(&'a [RowKey]),
}

/// Reads all rows of some runs.
pub(super) fn runs<'a>(store: &'a Postgres, runs: &'a [RunKey]) -> Result<Gathered<'a>, Error> {
    let names: Vec<_> = runs.iter().map(|run| text::stored(&run.workflow)).collect();
    let instances: Vec<i64> = runs.iter().map(|run| run.instance.0).collect();
    let numbers: Vec<i64> = runs.iter().map(|run| run.run.0).collect();
    let found: Vec<Row> = store.repeat("read", async |client| {
        let statement = client.prepare_cached(&GATHER).await?;
        client.query(&statement, &[&names, &instances, &numbers]).await
    })?;
    let layouts: Vec<_> = archived().collect();
    let mut gathered = MemoryRows::default();
    for row in &found {
        let layout = usize::try_from(row.get::<_, i64>(0)).ok().and_then(|number| layouts.get(number));
        if let Some(layout) = layout {
            gathered.save(rows::saved(layout.table, row, 2));
        }
    }
    let runs = runs.iter().map(|run| (&*run.workflow as &str, run.instance.0, run.run.0)).collect();
    Ok(Gathered { store, wanted: Wanted::Runs(runs), rows: gathered })
}

/// Reads some rows.
pub(super) fn rows<'a>(store: &'a Postgres, keys: &'a [RowKey]) -> Result<Gathered<'a>, Error> {
    let mut gathered = MemoryRows::default();
    for layout in &LAYOUTS {
        let wanted: Vec<_> = keys.iter().filter(|key| key.table == layout.table).map(Stored::of).collect();
        if wanted.is_empty() {
            continue;
        }
        let (names, parts): (Vec<_>, Vec<_>) = wanted.iter().map(|key| (&*key.name, &*key.part)).unzip();
        let first: Vec<_> = wanted.iter().map(|key| key.first).collect();
        let second: Vec<_> = wanted.iter().map(|key| key.second).collect();
        let third: Vec<_> = wanted.iter().map(|key| key.third).collect();
        let found = store.repeat("read", async |client| {
            let mut found = Vec::new();
            for table in layout.names() {
                let statement = client.prepare_cached(&one_by_one(layout, table)).await?;
                found.push(client.query(&statement, &[&names, &first, &second, &parts, &third]).await?);
            }
            Ok(found)
        })?;
        // What was written since replaces what is archived.
        for row in found.iter().rev().flatten() {
            gathered.save(rows::saved(layout.table, row, 0));
        }
    }
    Ok(Gathered { store, wanted: Wanted::Rows(keys), rows: gathered })
}

/// Rows of a table by their whole keys.
fn one_by_one(layout: &Layout, table: &str) -> String {
    let columns = layout.columns.map(|column| format!("kept.{column}")).join(", ");
    format!(
        "SELECT {columns}, kept.body FROM ROWS FROM (unnest($1::text[]), unnest($2::int8[]), unnest($3::int8[]), \
         unnest($4::text[]), unnest($5::int8[])) AS wanted (k1, k2, k3, k4, k5) \
         JOIN \"{table}\" AS kept ON ({columns}) = (k1, k2, k3, k4, k5)"
    )
}

impl Gathered<'_> {
    fn has(&self, key: &RowKey) -> bool {
        match &self.wanted {
            Wanted::Runs(runs) => {
                let is_of_run = archived().any(|layout| layout.table == key.table);
                is_of_run && runs.contains(&(&*key.name, key.first, key.second))
            }
            Wanted::Rows(keys) => keys.contains(key),
        }
    }

    /// Whether a scan stays within one run that is at hand.
    fn covers(&self, scan: &Scan) -> bool {
        let (Bound::Included(from) | Bound::Excluded(from)) = &scan.from else { return false };
        let is_within = match &scan.to {
            Bound::Unbounded => false,
            Bound::Included(to) => (&to.name, to.first, to.second) == (&from.name, from.first, from.second),
            Bound::Excluded(to) => {
                let next = RowKey { second: from.second.saturating_add(1), ..from.clone() };
                let end = RowKey { third: 0, ..RowKey { part: "".into(), ..next } };
                *to <= end
            }
        };
        matches!(self.wanted, Wanted::Runs(_)) && is_within && from.table == scan.table && self.has(from)
    }

    fn elsewhere<T>(&self, mut read: impl FnMut(&dyn Rows) -> Result<T, Unreadable>) -> Result<T, Unreadable> {
        let mut found = Err(Unreadable("the store showed nothing".to_owned()));
        let viewed = self.store.view(&mut |rows| found = read(rows));
        viewed.map_err(|error| Unreadable(chain(&error))).and(found)
    }
}

impl Rows for Gathered<'_> {
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable> {
        if self.has(key) { self.rows.row(key) } else { self.elsewhere(|rows| rows.row(key)) }
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable> {
        if self.covers(scan) { self.rows.scan(scan) } else { self.elsewhere(|rows| rows.scan(scan)) }
    }
}
