//! The schema of the store. Several nodes may bring it up at the same moment.

use tokio_postgres::{Client, error::SqlState};

use super::link::{Failure, TRIES_MAX};
use crate::store::{
    Error,
    migration::{Migration, pending},
};

const MIGRATIONS: [Migration; 2] = [
    Migration { number: 1, name: "rows", sql: include_str!("../migrations/postgres/0001_rows.sql") },
    Migration { number: 2, name: "archive", sql: include_str!("../migrations/postgres/0002_archive.sql") },
];

const MIGRATION_TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (
        number BIGINT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
    )";

const RECORD: &str = "INSERT INTO migration (number, name, sha256) VALUES ($1, $2, $3)";

/// Tables of this schema that stand where `migration` would be, whether ours is among them, and what the database says it is.
const TABLES: &str = "SELECT count(*), count(*) FILTER (WHERE table_name = 'migration'), version()
    FROM information_schema.tables WHERE table_schema = current_schema()";

/// How the version of a CockroachDB begins.
const COCKROACH: &str = "CockroachDB";

/// Brings a database to the schema of this program, or says why that cannot be.
pub(super) async fn migrate(client: &mut Client, place: &str) -> Result<(), Error> {
    let failed = |source| Failure::from(source).into_error(place, "opened");
    let tables = client.query_one(TABLES, &[]).await.map_err(failed)?;
    if tables.get::<_, i64>(0) > 0 && tables.get::<_, i64>(1) == 0 {
        return Err(Error::Foreign { place: place.to_owned() });
    }
    let is_cockroach = tables.get::<_, &str>(2).starts_with(COCKROACH);
    for _ in 0..TRIES_MAX {
        match bring_up(client, place, is_cockroach).await {
            // Another node was faster with one of them: look again.
            Err(Stop::Raced) => {}
            Err(Stop::Failed(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
    Err(Error::broken(place, "opened", "others kept changing its schema"))
}

enum Stop {
    Raced,
    Failed(Error),
}

async fn bring_up(client: &mut Client, place: &str, is_cockroach: bool) -> Result<(), Stop> {
    let stop = |source: tokio_postgres::Error| {
        if is_race(&source) { Stop::Raced } else { Stop::Failed(Failure::from(source).into_error(place, "opened")) }
    };
    client.batch_execute(MIGRATION_TABLE).await.map_err(stop)?;
    let rows = client.query("SELECT number, sha256 FROM migration ORDER BY number", &[]).await.map_err(stop)?;
    let applied: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in pending(&MIGRATIONS, &applied, place).map_err(Stop::Failed)? {
        migration.announce(&applied, place);
        let made = if is_cockroach { by_statement(client, migration).await } else { whole(client, migration).await };
        made.map_err(stop)?;
    }
    Ok(())
}

/// Applies a migration in one transaction.
async fn whole(client: &mut Client, migration: &Migration) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    // The key is the lock: a second node waits here and then learns that the migration is done.
    transaction.execute(RECORD, &[&migration.number, &migration.name, &migration.checksum()]).await?;
    transaction.batch_execute(migration.sql).await?;
    transaction.commit().await
}

/// Applies a migration statement by statement, each of which may be repeated: `CockroachDB` changes no schema within a transaction
/// (it commits before each change, `autocommit_before_ddl`), so a node may be killed halfway and others may be at it.
async fn by_statement(client: &Client, migration: &Migration) -> Result<(), tokio_postgres::Error> {
    for statement in repeatable(migration.sql) {
        client.batch_execute(&statement).await?;
    }
    client.execute(RECORD, &[&migration.number, &migration.name, &migration.checksum()]).await?;
    Ok(())
}

/// The statements of a migration as `CockroachDB` takes them. Its text is ordered byte by byte, and its columns cannot say so.
fn repeatable(sql: &str) -> Vec<String> {
    let lines: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let sql = lines.join("\n").replace(" COLLATE \"C\"", "");
    let sql = sql.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ");
    let sql = sql.replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ");
    sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()).map(str::to_owned).collect()
}

fn is_race(error: &tokio_postgres::Error) -> bool {
    let races = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    error.code().is_some_and(|state| races.contains(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_may_be_repeated() {
        for migration in &MIGRATIONS {
            let statements = repeatable(migration.sql);
            assert_eq!(statements.len(), migration.sql.matches("\nCREATE ").count(), "{}", migration.name);
            for statement in statements {
                let may = ["CREATE TABLE IF NOT EXISTS ", "CREATE INDEX IF NOT EXISTS "];
                assert!(may.iter().any(|may| statement.starts_with(may)), "{statement}");
                assert!(!statement.contains("COLLATE"), "{statement}");
            }
        }
    }
}
