//! One transaction: the fences, the rows table by table, the outbox.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, OptionalExtension, Transaction};
use workflow::life::RowKey;

use super::Sqlite;
use crate::store::{
    Batch, Error, Fence, Generation, Write, bundle,
    layout::{LAYOUTS, Layout},
};

/// Statements by table. Their text is made once: the cache of prepared statements is keyed by it.
static SAVE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sql = |layout: &Layout| {
        let (name, key) = (layout.name, layout.key());
        format!(
            "INSERT INTO \"{name}\" ({key}, live, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO UPDATE SET live = excluded.live, body = excluded.body"
        )
    };
    LAYOUTS.iter().map(sql).collect()
});

/// Also from the archive.
static FORGET: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let sql =
        |layout: &Layout, name: &str| format!("DELETE FROM \"{name}\" WHERE ({}) = (?1, ?2, ?3, ?4, ?5)", layout.key());
    LAYOUTS.iter().map(|layout| layout.names().map(|name| sql(layout, name)).collect()).collect()
});

const GENERATION: &str = "SELECT generation FROM flow_group WHERE id = ?1";
const PUBLISH: &str = "INSERT INTO outbox (flow_group, events) VALUES (?1, ?2)";
const CONSUME: &str = "DELETE FROM outbox WHERE flow_group = ?1 AND position <= ?2";

/// Writes a batch into a transaction that is not committed yet.
pub(super) fn write(store: &Sqlite, transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Error> {
    let written = |source| store.failure("written", source);
    for fence in &batch.fences {
        check(transaction, *fence).map_err(written)??;
    }
    let mut tables: [Vec<(&RowKey, &Write)>; LAYOUTS.len()] = Default::default();
    for (key, write) in &batch.writes {
        tables[key.table as usize].push((key, write));
    }
    for (table, writes) in tables.iter().enumerate().filter(|(_, writes)| !writes.is_empty()) {
        put(transaction, table, writes).map_err(written)??;
    }
    for (group, consumed) in &batch.consumed {
        let mut consume = transaction.prepare_cached(CONSUME).map_err(written)?;
        consume.execute((group.0, consumed.0)).map_err(written)?;
    }
    for (group, events) in &batch.events {
        let mut publish = transaction.prepare_cached(PUBLISH).map_err(written)?;
        publish.execute((group.0, bundle::encode(events))).map_err(written)?;
    }
    Ok(())
}

fn check(transaction: &Transaction<'_>, fence: Fence) -> rusqlite::Result<Result<(), Error>> {
    let Fence { group, generation } = fence;
    let current = transaction.prepare_cached(GENERATION)?.query_row([group.0], |row| row.get(0)).optional()?;
    let current = Generation(current.unwrap_or(0));
    Ok(if current == generation { Ok(()) } else { Err(Error::Fenced { group, generation, current }) })
}

/// Writes the rows of one table; each statement is looked up once for all of them.
fn put(
    transaction: &Transaction<'_>,
    table: usize,
    writes: &[(&RowKey, &Write)],
) -> rusqlite::Result<Result<(), Error>> {
    let mut save: Option<CachedStatement<'_>> = None;
    for (key, write) in writes {
        let Write::Save { body, live } = write else { continue };
        let Ok(text) = std::str::from_utf8(body) else {
            return Ok(Err(Error::Unreadable { what: format!("{} {}", LAYOUTS[table].name, key.name) }));
        };
        let save = match &mut save {
            Some(save) => save,
            none => none.insert(transaction.prepare_cached(&SAVE[table])?),
        };
        let live = live.map(|group| group.0);
        save.execute((&*key.name, key.first, key.second, &*key.part, key.third, live, text))?;
    }
    for sql in &FORGET[table] {
        for (key, _) in writes.iter().filter(|(_, write)| matches!(write, Write::Forget)) {
            let mut forget = transaction.prepare_cached(sql)?;
            forget.execute((&*key.name, key.first, key.second, &*key.part, key.third))?;
        }
    }
    Ok(Ok(()))
}
