//! The schema of the SQLite store.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::store::{
    Error,
    migration::{Migration, pending},
};

/// `Segu` in ASCII: marks a file as one of ours (`PRAGMA application_id`).
const APPLICATION: i32 = 0x5365_6775;

const MIGRATIONS: [Migration; 4] = [
    Migration { number: 1, name: "rows", sql: include_str!("../migrations/sqlite/0001_rows.sql") },
    Migration { number: 2, name: "nodes", sql: include_str!("../migrations/sqlite/0002_nodes.sql") },
    Migration { number: 3, name: "archive", sql: include_str!("../migrations/sqlite/0003_archive.sql") },
    Migration { number: 4, name: "row_ids", sql: include_str!("../migrations/sqlite/0004_row_ids.sql") },
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
    migrate_by(&MIGRATIONS, connection, place)
}

fn migrate_by(migrations: &[Migration], connection: &mut Connection, place: &str) -> Result<(), Error> {
    let broken = |source: rusqlite::Error| Error::broken(place, "opened", source);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    let is_new = !is_ours(&transaction, place)?;
    if is_new {
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(broken)?;
        transaction.execute_batch(MIGRATION_TABLE).map_err(broken)?;
    }
    let applied = applied(&transaction).map_err(broken)?;
    for migration in pending(migrations, &applied, place)? {
        migration.announce(&applied, place);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows of a table, as text.
    fn rows(connection: &Connection, table: &str) -> Vec<String> {
        let columns: String = connection
            .query_row(&format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{table}')"), (), |row| {
                row.get(0)
            })
            .unwrap();
        let mut all =
            connection.prepare(&format!("SELECT concat_ws('|', {columns}) FROM \"{table}\" ORDER BY 1")).unwrap();
        all.query_map((), |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn a_store_of_an_earlier_version_keeps_its_rows() {
        const LIVE: [&str; 6] = ["workflow", "version", "seed", "run", "attempt", "output"];
        const ARCHIVED: [&str; 3] = ["seed_archive", "run_archive", "attempt_archive"];
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_by(&MIGRATIONS[..3], &mut connection, "here").unwrap();
        for n in 0..20 {
            for table in LIVE {
                let live = (n % 2 == 0).then_some(n);
                let insert = format!("INSERT INTO \"{table}\" VALUES ('w', {n}, 1, 'p', 2, ?1, '{{\"n\":{n}}}')");
                connection.execute(&insert, [live]).unwrap();
            }
            for table in ARCHIVED {
                let age = if table == "run_archive" { ", 77" } else { "" };
                connection
                    .execute(&format!("INSERT INTO {table} VALUES ('w', {n}, 1, 'p', 2, '{{}}'{age})"), ())
                    .unwrap();
            }
        }
        let all = |connection: &Connection| {
            let tables = LIVE.into_iter().chain(ARCHIVED);
            tables.map(|table| rows(connection, table)).collect::<Vec<_>>()
        };
        let before = all(&connection);
        migrate(&mut connection, "here").unwrap();
        assert_eq!(all(&connection), before);
        let indexes = |connection: &Connection| rows(connection, "sqlite_schema").len();
        let after = indexes(&connection);
        migrate(&mut connection, "here").unwrap();
        assert_eq!(indexes(&connection), after, "a second time there is nothing to do");
    }
}
