//! Moving what has ended out of the way, and deleting what is old, each in transactions of a bounded size.

use std::{sync::LazyLock, time::Duration};

use super::Postgres;
use crate::store::{
    Error,
    layout::{Layout, archived},
};

/// Moves all tables of some runs in one statement. A run that is being written at this moment is left for the next time; one that is
/// written again afterwards comes back and counts.
static ARCHIVE: LazyLock<String> = LazyLock::new(|| {
    let mut sql = String::from(
        "WITH ended AS MATERIALIZED (
            SELECT workflow, instance, run FROM run WHERE live IS NULL LIMIT $1::int8 FOR UPDATE SKIP LOCKED
        )",
    );
    for layout in archived() {
        sql.push_str(&move_sql(layout));
    }
    sql + " SELECT count(*) FROM ended"
});

/// A run that was written again since is not old.
static EXPIRE: LazyLock<String> = LazyLock::new(|| {
    let mut sql = String::from(
        "WITH old AS MATERIALIZED (
            SELECT workflow, instance, run FROM run_archive AS found
            WHERE NOT EXISTS (
                SELECT 1 FROM run
                WHERE (run.workflow, run.instance, run.run) = (found.workflow, found.instance, found.run)
            ) AND archived_at_ms <= CAST(extract(epoch FROM now()) * 1000 AS BIGINT) - $2::int8
            ORDER BY archived_at_ms LIMIT $1::int8
        )",
    );
    for name in archived().filter_map(|layout| layout.archive) {
        sql.push_str(&format!(
            ", {name}_gone AS (
                DELETE FROM \"{name}\" USING old WHERE (\"{name}\".workflow, \"{name}\".instance, \"{name}\".run)
                    = (old.workflow, old.instance, old.run) RETURNING 1
            )"
        ));
    }
    sql + " SELECT count(*) FROM old"
});

fn move_sql(layout: &Layout) -> String {
    let (name, key) = (layout.name, layout.key());
    let archive = layout.archive.unwrap_or(name);
    let (moment, now, again) = match layout.archive_moment {
        Some(column) => (
            format!(", {column}"),
            ", CAST(extract(epoch FROM now()) * 1000 AS BIGINT)",
            format!(", {column} = excluded.{column}"),
        ),
        None => (String::new(), "", String::new()),
    };
    format!(
        ", {name}_moved AS (
            DELETE FROM \"{name}\" USING ended WHERE (\"{name}\".workflow, \"{name}\".instance, \"{name}\".run)
                = (ended.workflow, ended.instance, ended.run)
            RETURNING \"{name}\".*
        ), {name}_kept AS (
            INSERT INTO \"{archive}\" ({key}, body{moment}) SELECT {key}, body{now} FROM {name}_moved
            ON CONFLICT ({key}) DO UPDATE SET body = excluded.body{again} RETURNING 1
        )"
    )
}

pub(super) fn archive(store: &Postgres, runs: usize) -> Result<usize, Error> {
    let limit = i64::try_from(runs).unwrap_or(i64::MAX);
    store.repeat("written", async |client| {
        let statement = client.prepare_cached(&ARCHIVE).await?;
        let row = client.query_one(&statement, &[&limit]).await?;
        Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(0))
    })
}

pub(super) fn expire(store: &Postgres, age: Duration, runs: usize) -> Result<usize, Error> {
    let (limit, age_ms) = (i64::try_from(runs).unwrap_or(i64::MAX), i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    store.repeat("written", async |client| {
        let statement = client.prepare_cached(&EXPIRE).await?;
        let row = client.query_one(&statement, &[&limit, &age_ms]).await?;
        Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(0))
    })
}
