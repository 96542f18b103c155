//! The rows of some runs, read in one round trip.

use std::{collections::HashSet, sync::LazyLock};

use tokio_postgres::Row;
use workflow::{
    id::RunKey,
    life::{Body, Bound, MemoryRows, RowKey, Rows, Scan, Unreadable},
};

use super::{Postgres, rows, text};
use crate::store::{Error, Store, chain, layout::archived};

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

/// Rows of some runs at hand; those of others are read when they are asked for.
pub(super) struct Gathered<'a> {
    store: &'a Postgres,
    runs: HashSet<(&'a str, i64, i64)>,
    rows: MemoryRows,
}

/// Reads all rows of some runs.
pub(super) fn gather<'a>(store: &'a Postgres, runs: &'a [RunKey]) -> Result<Gathered<'a>, Error> {
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
    Ok(Gathered { store, runs, rows: gathered })
}

impl Gathered<'_> {
    fn has(&self, key: &RowKey) -> bool {
        archived().any(|layout| layout.table == key.table) && self.runs.contains(&(&*key.name, key.first, key.second))
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
        is_within && from.table == scan.table && self.has(from)
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
