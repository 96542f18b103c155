//! The embedded store: one SQLite file in WAL mode, durable at every commit.

mod ownership;
mod readers;
mod schema;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Params, Row, ToSql, Transaction, TransactionBehavior, params_from_iter,
};
use serde_json::json;
use workflow::life::{Body, Bound, Order, RowKey, Rows, Scan, Table, Unreadable};

use self::readers::Readers;
use super::{
    Batch, Bundle, Error, Fence, Generation, GroupId, Position, Store, Write,
    bundle::{decode, encode},
    layout::{LAYOUTS, Layout, layout},
};

/// How long to wait for a lock that another process holds (a backup, a person with `sqlite3`).
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept for each connection: a few for each table.
pub(super) const STATEMENTS: usize = 128;
/// Pages of 8 KiB; attempts of a few KiB then fit into a leaf.
const PAGE_BYTES: i64 = 8192;
/// The log goes back into the file about every 32 MiB; more often costs the writer, less often costs readers and disk.
const CHECKPOINT_PAGES: i64 = 4096;
/// Page cache of the writer, in KiB (negative, as SQLite wants it).
const CACHE_KIB: i64 = -65_536;

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
        Ok(Self { writer: Mutex::new(writer), readers: Readers::new(place.clone()), place })
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
        self.readers.with(|connection| {
            let view = connection.transaction().map_err(|source| self.failure("read", source))?;
            read(&view)
        })?
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
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
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
        for fence in &batch.fences {
            check(&transaction, *fence).map_err(written)??;
        }
        for (key, write) in &batch.writes {
            put(&transaction, key, write).map_err(written)??;
        }
        for (group, consumed) in &batch.consumed {
            run(&transaction, CONSUME, (group.0, consumed.0)).map_err(written)?;
        }
        for (group, events) in &batch.events {
            run(&transaction, PUBLISH, (group.0, encode(events))).map_err(written)?;
        }
        transaction.commit().map_err(written)
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        self.read(|view| {
            look(&View(view));
            Ok(())
        })
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<RowKey>, Error> {
        self.read(|view| {
            let first = after.map_or(0, |key| key.table as usize);
            let mut keys = Vec::new();
            for layout in &LAYOUTS[first..] {
                let after = after.filter(|key| key.table == layout.table);
                let more = live(view, layout, group, after, limit - keys.len());
                keys.extend(more.map_err(|source| self.failure("read", source))?);
                if keys.len() == limit {
                    break;
                }
            }
            Ok(keys)
        })
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

const PUBLISH: &str = "INSERT INTO outbox (flow_group, events) VALUES (?1, ?2)";

const CONSUME: &str = "DELETE FROM outbox WHERE flow_group = ?1 AND position <= ?2";

fn claim(writer: &mut Connection, count: u32) -> rusqlite::Result<Vec<Fence>> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    ownership::divide(&transaction, count)?;
    let claim = "UPDATE flow_group SET generation = generation + 1, owner = NULL RETURNING id, generation";
    let claimed = ownership::fences(&transaction, claim, ())?;
    transaction.commit()?;
    Ok(claimed)
}

fn check(transaction: &Transaction<'_>, fence: Fence) -> rusqlite::Result<Result<(), Error>> {
    let Fence { group, generation } = fence;
    let current = transaction
        .prepare_cached("SELECT generation FROM flow_group WHERE id = ?1")?
        .query_row([group.0], |row| row.get(0))
        .optional()?;
    let current = Generation(current.unwrap_or(0));
    Ok(if current == generation { Ok(()) } else { Err(Error::Fenced { group, generation, current }) })
}

fn put(transaction: &Transaction<'_>, key: &RowKey, write: &Write) -> rusqlite::Result<Result<(), Error>> {
    let layout = layout(key.table);
    let at: [&dyn ToSql; 5] = [&&*key.name, &key.first, &key.second, &&*key.part, &key.third];
    match write {
        Write::Save { body, live } => {
            let Ok(text) = std::str::from_utf8(body) else {
                return Ok(Err(Error::Unreadable { what: format!("{} {}", layout.name, key.name) }));
            };
            let live = live.map(|group| group.0);
            let values = params_from_iter(at.into_iter().chain([&live as &dyn ToSql, &text]));
            run(transaction, &save_sql(layout), values)?;
        }
        Write::Forget => run(transaction, &forget_sql(layout), at)?,
    }
    Ok(Ok(()))
}

fn run(transaction: &Transaction<'_>, sql: &str, values: impl Params) -> rusqlite::Result<()> {
    transaction.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn save_sql(layout: &Layout) -> String {
    let (name, key) = (layout.name, layout.key());
    format!(
        "INSERT INTO \"{name}\" ({key}, live, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT DO UPDATE SET live = excluded.live, body = excluded.body"
    )
}

fn forget_sql(layout: &Layout) -> String {
    let (name, key) = (layout.name, layout.key());
    format!("DELETE FROM \"{name}\" WHERE ({key}) = (?1, ?2, ?3, ?4, ?5)")
}

fn live(
    view: &Transaction<'_>,
    layout: &Layout,
    group: GroupId,
    after: Option<&RowKey>,
    limit: usize,
) -> rusqlite::Result<Vec<RowKey>> {
    let (name, key) = (layout.name, layout.key());
    let start = RowKey { first: i64::MIN, ..RowKey::named(layout.table, "") };
    let after = after.unwrap_or(&start);
    let sql = format!(
        "SELECT {key} FROM \"{name}\" \
         WHERE live = ?1 AND ({key}) > (?2, ?3, ?4, ?5, ?6) \
         ORDER BY {key} LIMIT ?7"
    );
    let mut statement = view.prepare_cached(&sql)?;
    let values = (group.0, &*after.name, after.first, after.second, &*after.part, after.third, whole(limit));
    let rows = statement.query_map(values, |row| self::key(layout.table, row))?;
    rows.collect()
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

/// Rows as one read transaction sees them.
struct View<'a>(&'a Transaction<'a>);

impl Rows for View<'_> {
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable> {
        let layout = layout(key.table);
        let sql = format!("SELECT body FROM \"{}\" WHERE ({}) = (?1, ?2, ?3, ?4, ?5)", layout.name, layout.key());
        let read = || {
            let mut statement = self.0.prepare_cached(&sql)?;
            let at = (&*key.name, key.first, key.second, &*key.part, key.third);
            statement.query_row(at, |row| body(row, 0)).optional()
        };
        read().map_err(unreadable)
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable> {
        let layout = layout(scan.table);
        let (name, columns) = (layout.name, layout.key());
        let mut values: Vec<&dyn ToSql> = Vec::with_capacity(11);
        let from = bound(layout, &scan.from, ">=", ">", &mut values);
        let to = bound(layout, &scan.to, "<=", "<", &mut values);
        let order = match scan.order {
            Order::Ascending => columns.clone(),
            Order::Descending => layout.columns.map(|column| format!("{column} DESC")).join(", "),
        };
        let limit = whole(scan.limit);
        values.push(&limit);
        let sql = format!("SELECT {columns}, body FROM \"{name}\" WHERE {from} AND {to} ORDER BY {order} LIMIT ?");
        let read = || {
            let mut statement = self.0.prepare_cached(&sql)?;
            let rows = statement.query_map(&*values, |row| Ok((key(scan.table, row)?, body(row, 5)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(unreadable)
    }
}

fn bound<'a>(
    layout: &Layout,
    bound: &'a Bound,
    included: &str,
    excluded: &str,
    values: &mut Vec<&'a dyn ToSql>,
) -> String {
    let (operator, key) = match bound {
        Bound::Unbounded => return "TRUE".to_owned(),
        Bound::Included(key) => (included, key),
        Bound::Excluded(key) => (excluded, key),
    };
    let at: [&dyn ToSql; 5] = [&key.name, &key.first, &key.second, &key.part, &key.third];
    values.extend(at);
    format!("({}) {operator} (?, ?, ?, ?, ?)", layout.key())
}

fn key(table: Table, row: &Row<'_>) -> rusqlite::Result<RowKey> {
    let text = |index| Ok::<Arc<str>, rusqlite::Error>(Arc::from(row.get_ref(index)?.as_str()?));
    Ok(RowKey { table, name: text(0)?, first: row.get(1)?, second: row.get(2)?, part: text(3)?, third: row.get(4)? })
}

fn body(row: &Row<'_>, index: usize) -> rusqlite::Result<Body> {
    Ok(Arc::from(row.get_ref(index)?.as_bytes()?))
}

/// A limit as SQL takes it.
fn whole(limit: impl TryInto<i64>) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn unreadable(error: rusqlite::Error) -> Unreadable {
    Unreadable(error.to_string())
}
