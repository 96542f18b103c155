//! The schema of the SQLite store.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::store::{
    Error,
    migration::{Migration, pending},
};

/// `Segu` in ASCII: marks a file as one of ours (`PRAGMA application_id`).
const APPLICATION: i32 = 0x5365_6775;

const MIGRATIONS: [Migration; 3] = [
    Migration { number: 1, name: "rows", sql: include_str!("../migrations/sqlite/0001_rows.sql") },
    Migration { number: 2, name: "nodes", sql: include_str!("../migrations/sqlite/0002_nodes.sql") },
    Migration { number: 3, name: "archive", sql: include_str!("../migrations/sqlite/0003_archive.sql") },
];

const MIGRATION_TABLE: &str = "
    CREATE TABLE migration (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        applied_at TEXT NOT NULL
    ) STRICT";

/// Brings a store to the schema of this program, or says why that cannot be.
pub(super) fn migrate(connection: &mut Connection, place: &str) -> Result<(), Error> {
    let broken = |source: rusqlite::Error| Error::broken(place, "opened", source);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let is_new = !is_ours(&transaction, place)?;
    if is_new {
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(broken)?;
        transaction.execute_batch(MIGRATION_TABLE).map_err(broken)?;
    }
    let applied = applied(&transaction).map_err(broken)?;
    for migration in pending(&MIGRATIONS, &applied, place)? {
        transaction.execute_batch(migration.sql).map_err(broken)?;
        transaction
            .execute(
                "INSERT INTO migration (number, name, sha256, applied_at) VALUES (?1, ?2, ?3, datetime('now'))",
                (migration.number, migration.name, migration.checksum()),
            )
            .map_err(broken)?;
    }
    transaction.commit().map_err(broken)
}

/// Whether the file was made by this program; a file with foreign tables is refused.
fn is_ours(connection: &Connection, place: &str) -> Result<bool, Error> {
    let broken = |source: rusqlite::Error| Error::broken(place, "opened", source);
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(broken)?;
    if application == APPLICATION {
        return Ok(true);
    }
    let table: Option<String> = connection
        .query_row("SELECT name FROM sqlite_schema LIMIT 1", (), |row| row.get(0))
        .optional()
        .map_err(broken)?;
    match table {
        Some(_) => Err(Error::Foreign { place: place.to_owned() }),
        None => Ok(false),
    }
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = connection.prepare("SELECT number, sha256 FROM migration ORDER BY number")?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
