//! The schema of the PostgreSQL store. Several nodes may bring it up at the same moment.

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

/// Tables of this schema that stand where `migration` would be, and whether ours is among them.
const TABLES: &str = "SELECT count(*), count(*) FILTER (WHERE table_name = 'migration')
    FROM information_schema.tables WHERE table_schema = current_schema()";

/// Brings a database to the schema of this program, or says why that cannot be.
pub(super) async fn migrate(client: &mut Client, place: &str) -> Result<(), Error> {
    let failed = |source| Failure::from(source).into_error(place, "opened");
    let tables = client.query_one(TABLES, &[]).await.map_err(failed)?;
    if tables.get::<_, i64>(0) > 0 && tables.get::<_, i64>(1) == 0 {
        return Err(Error::Foreign { place: place.to_owned() });
    }
    for _ in 0..TRIES_MAX {
        match bring_up(client, place).await {
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

async fn bring_up(client: &mut Client, place: &str) -> Result<(), Stop> {
    let stop = |source: tokio_postgres::Error| {
        if is_race(&source) { Stop::Raced } else { Stop::Failed(Failure::from(source).into_error(place, "opened")) }
    };
    client.batch_execute(MIGRATION_TABLE).await.map_err(stop)?;
    let rows = client.query("SELECT number, sha256 FROM migration ORDER BY number", &[]).await.map_err(stop)?;
    let applied: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in pending(&MIGRATIONS, &applied, place).map_err(Stop::Failed)? {
        migration.announce(&applied, place);
        let transaction = client.transaction().await.map_err(stop)?;
        let checksum = migration.checksum();
        // The key is the lock: a second node waits here and then learns that the migration is done.
        transaction.execute(RECORD, &[&migration.number, &migration.name, &checksum]).await.map_err(stop)?;
        transaction.batch_execute(migration.sql).await.map_err(stop)?;
        transaction.commit().await.map_err(stop)?;
    }
    Ok(())
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
