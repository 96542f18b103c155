//! Moving what has ended out of the way, and deleting what is old, each in transactions of a bounded size.

use std::time::Duration;

use rusqlite::{Transaction, params_from_iter};
use workflow::port::Clock as _;

use super::{Sqlite, whole};
use crate::{
    clock::System,
    store::{Error, layout::archived},
};

/// A run as its tables know it: the workflow, the instance, the run.
type Run = (String, i64, i64);

const ENDED: &str = "SELECT workflow, instance, run FROM run INDEXED BY run_ended WHERE live IS NULL LIMIT ?1";

/// A run that was written again since is not old.
const OLD: &str = "SELECT workflow, instance, run FROM run_archive AS old
    WHERE archived_at_ms <= ?1 AND NOT EXISTS (
        SELECT 1 FROM run WHERE (run.workflow, run.instance, run.run) = (old.workflow, old.instance, old.run)
    )
    ORDER BY archived_at_ms LIMIT ?2";

/// Moves ended runs with their attempts into the archive.
pub(super) fn archive(store: &Sqlite, runs: usize) -> Result<usize, Error> {
    let now = System.now().0;
    store.write(|transaction| {
        let ended = select(transaction, ENDED, [whole(runs)])?;
        for run in &ended {
            for layout in archived() {
                let (name, key) = (layout.name, layout.key());
                let Some(archive) = layout.archive else { continue };
                let moment = layout.archive_moment.map(|column| format!(", {column}")).unwrap_or_default();
                let now = layout.archive_moment.map(|_| now);
                let value = if now.is_some() { ", ?4" } else { "" };
                let copy = format!(
                    "INSERT OR REPLACE INTO \"{archive}\" ({key}, body{moment}) SELECT {key}, body{value} \
                     FROM \"{name}\" WHERE (workflow, instance, run) = (?1, ?2, ?3)"
                );
                let values = [&run.0 as &dyn rusqlite::ToSql, &run.1, &run.2];
                let moment = now.as_ref().map(|now| now as &dyn rusqlite::ToSql);
                transaction.prepare_cached(&copy)?.execute(params_from_iter(values.into_iter().chain(moment)))?;
                delete(transaction, name, run)?;
            }
        }
        Ok(ended.len())
    })
}

/// Deletes archived runs that are older than `age`.
pub(super) fn expire(store: &Sqlite, age: Duration, runs: usize) -> Result<usize, Error> {
    let before = System.now().0.saturating_sub(whole(age.as_millis()));
    store.write(|transaction| {
        let old = select(transaction, OLD, (before, whole(runs)))?;
        for run in &old {
            for archive in archived().filter_map(|layout| layout.archive) {
                delete(transaction, archive, run)?;
            }
        }
        Ok(old.len())
    })
}

fn select(transaction: &Transaction<'_>, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<Run>> {
    let mut statement = transaction.prepare_cached(sql)?;
    let runs = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    runs.collect()
}

fn delete(transaction: &Transaction<'_>, name: &str, run: &Run) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM \"{name}\" WHERE (workflow, instance, run) = (?1, ?2, ?3)");
    transaction.prepare_cached(&sql)?.execute((&run.0, run.1, run.2))?;
    Ok(())
}
