//! The embedded store: one SQLite file in WAL mode, durable at every commit.

mod checkpoint;
mod commit;
mod ownership;
mod portable;
mod readers;
mod rows;
mod schema;
mod upkeep;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use serde_json::json;
use workflow::life::{Body, RowKey, Rows};

use self::{
    checkpoint::Checkpoints,
    readers::{Lent, Readers},
    rows::View,
};
use super::{Batch, Bundle, Error, Fence, GroupId, Position, Store, bundle::decode, layout::LAYOUTS};

/// How long to wait for a lock that another process holds (a backup, a person with `sqlite3`).
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept for each connection: a few for each table.
pub(super) const STATEMENTS: usize = 128;
/// Pages of 4 KiB: one attempt in most, which is written twice and then left alone; larger pages only write their neighbours, too.
const PAGE_BYTES: i64 = 4096;
/// Page cache of the writer, in KiB (negative, as SQLite wants it). A commit in which a page was split looks through all of it.
const CACHE_KIB: i64 = -16_384;

/// Where the file is and how large it may grow.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file; its folder is made if it is missing.
    pub path: PathBuf,
    /// The largest size of the file; `None` for whatever the disk has.
    pub size_max_bytes: Option<u64>,
}

/// A store in one file.
#[derive(Debug)]
pub struct Sqlite {
    place: String,
    writer: Mutex<Connection>,
    readers: Readers,
    checkpoints: Checkpoints,
}

impl Sqlite {
    /// Opens a file, making or migrating it where needed.
    pub fn open(options: &Options) -> Result<Self, Error> {
        if let Some(folder) = options.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| Error::Folder { folder: folder.to_owned(), source })?;
        }
        let place = options.path.display().to_string();
        let opened = connect(&options.path, options.size_max_bytes);
        let mut writer = opened.map_err(|source| Error::broken(&place, "opened", source))?;
        schema::migrate(&mut writer, &place)?;
        let checkpoints =
            Checkpoints::start(&options.path).map_err(|source| Error::broken(&place, "opened", source))?;
        Ok(Self { writer: Mutex::new(writer), readers: Readers::new(place.clone()), checkpoints, place })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, act: &'static str, source: rusqlite::Error) -> Error {
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::Full { place: self.place.clone(), source: source.into() },
            _ => Error::broken(&self.place, act, source),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.read_by(self.readers.wait()?, read)
    }

    fn read_by<T>(
        &self,
        mut reader: Lent<'_>,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let view = reader.connection().transaction().map_err(|source| self.failure("read", source))?;
        read(&view)
    }
}

fn connect(path: &Path, size_max_bytes: Option<u64>) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    if let Some(bytes) = size_max_bytes {
        let pages = i64::try_from(bytes / PAGE_BYTES.unsigned_abs()).unwrap_or(i64::MAX);
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

impl Store for Sqlite {
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error> {
        let mut writer = self.writer();
        claim(&mut writer, count).map_err(|source| self.failure("written", source))
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let mut writer = self.writer();
        let written = |source| self.failure("written", source);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(written)?;
        commit::write(self, &transaction, batch)?;
        transaction.commit().map_err(written)?;
        self.checkpoints.look(&writer);
        Ok(())
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        self.read(|view| {
            look(&View(view));
            Ok(())
        })
    }

    fn view_at_once(&self, look: &mut dyn FnMut(&dyn Rows)) -> Option<Result<(), Error>> {
        self.readers.idle().map(|reader| {
            self.read_by(reader, |view| {
                look(&View(view));
                Ok(())
            })
        })
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Body)>, Error> {
        self.read(|view| {
            let first = after.map_or(0, |key| key.table as usize);
            let mut found = Vec::new();
            for layout in &LAYOUTS[first..] {
                let after = after.filter(|key| key.table == layout.table);
                let more = rows::live(view, layout, group, after, limit - found.len());
                found.extend(more.map_err(|source| self.failure("read", source))?);
                if found.len() == limit {
                    break;
                }
            }
            Ok(found)
        })
    }

    fn archive(&self, runs: usize) -> Result<usize, Error> {
        upkeep::archive(self, runs)
    }

    fn expire(&self, age: Duration, runs: usize) -> Result<usize, Error> {
        upkeep::expire(self, age, runs)
    }

    fn outbox(&self, after: &BTreeMap<GroupId, Position>, limit: usize) -> Result<Vec<Bundle>, Error> {
        let after = json!(after.iter().map(|(group, after)| (group.0, after.0)).collect::<Vec<_>>()).to_string();
        self.read(|view| {
            let bundles = outbox(view, &after, limit).map_err(|source| self.failure("read", source))?;
            bundles
                .into_iter()
                .map(|(group, position, text)| Ok(Bundle { group, position, events: decode(position, &text)? }))
                .collect()
        })
    }
}

fn claim(writer: &mut Connection, count: u32) -> rusqlite::Result<Vec<Fence>> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    ownership::divide(&transaction, count)?;
    let claim = "UPDATE flow_group SET generation = generation + 1, owner = NULL RETURNING id, generation";
    let claimed = ownership::fences(&transaction, claim, ())?;
    transaction.commit()?;
    Ok(claimed)
}

fn outbox(view: &Transaction<'_>, after: &str, limit: usize) -> rusqlite::Result<Vec<(GroupId, Position, String)>> {
    let sql = "SELECT outbox.flow_group, outbox.position, outbox.events FROM json_each(?1) AS after
        JOIN outbox ON outbox.flow_group = after.value ->> 0 AND outbox.position > after.value ->> 1
        ORDER BY outbox.position LIMIT ?2";
    let mut statement = view.prepare_cached(sql)?;
    let rows = statement
        .query_map((after, whole(limit)), |row| Ok((GroupId(row.get(0)?), Position(row.get(1)?), row.get(2)?)))?;
    rows.collect()
}

/// A limit as SQL takes it.
fn whole(limit: impl TryInto<i64>) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}
