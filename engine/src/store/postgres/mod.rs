//! The store that many nodes share: PostgreSQL, or CockroachDB, whose SQL all of this keeps to.
//!
//! Invariant: no advisory locks, no notifications, no session state that a pooled connection could lose.

mod change;
mod gathered;
mod link;
mod ownership;
mod portable;
mod rows;
mod schema;
mod text;
mod upkeep;
mod wait;
mod way;
mod writer;

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use tokio::runtime::{self, EnterGuard, Runtime};
use workflow::{
    id::RunKey,
    life::{Body, RowKey, Rows},
};

use self::{
    link::{Failure, TRIES_MAX},
    rows::{Stored, View},
    way::Way,
    writer::Writer,
};
use super::{Batch, Bundle, Error, Fence, GroupId, Position, Store, bundle, layout::LAYOUTS};

/// Reads that may go on at once; more wait.
const READERS: usize = 8;
/// Threads that serve connections. They only pass bytes on.
const THREADS: usize = 1;

const OUTBOX: &str = "SELECT outbox.flow_group, outbox.position, outbox.events
    FROM ROWS FROM (unnest($1::int8[]), unnest($2::int8[])) AS after (id, position)
    JOIN outbox ON outbox.flow_group = after.id AND outbox.position > after.position
    ORDER BY outbox.position LIMIT $3::int8";

/// A store in a database.
pub struct Postgres {
    place: String,
    way: Way,
    writer: Mutex<Writer>,
    readers: Pool,
    runtime: Background,
}

impl Postgres {
    /// Connects to a database by its URL (`postgres://user:password@host:port/name?sslmode=…`), making or migrating its tables where needed.
    pub fn open(url: &str) -> Result<Self, Error> {
        Self::open_within(url, Duration::ZERO)
    }

    /// The same, waiting so long for a database that does not answer yet.
    pub fn open_within(url: &str, away_max: Duration) -> Result<Self, Error> {
        let way = Way::of(url)?;
        let place = link::place(&way.config);
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("database")
            .enable_all()
            .build()
            .map_err(|source| Error::broken(&place, "opened", source))?;
        let runtime = Background(Some(runtime));
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(way.config.clone(), way.tls.clone(), manager);
        let readers = Pool::builder(manager).max_size(READERS).build();
        let readers = readers.map_err(|source| Error::broken(&place, "opened", source))?;
        {
            let _within = runtime.enter();
            wait::wait(async {
                let mut client = link::connect_within(&way, &place, away_max).await?;
                schema::migrate(&mut client, &place).await
            })?;
        }
        let writer = Mutex::new(Writer::new(way.clone(), place.clone()));
        Ok(Self { place, way, writer, readers, runtime })
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let _within = self.runtime.enter();
        wait::wait(work)
    }

    async fn reader(&self) -> Result<Object, Error> {
        // Bounded by `connect`: it waits for the database to come back, and the pool then connects at once.
        for _ in 0..TRIES_MAX {
            match self.readers.get().await {
                Ok(client) => return Ok(client),
                Err(PoolError::Backend(_)) => drop(link::connect(&self.way, &self.place).await?),
                Err(error) => return Err(Error::broken(&self.place, "read", error)),
            }
        }
        Err(Error::Unreachable { place: self.place.clone(), source: "its connections keep breaking".into() })
    }

    /// Does what can be done twice, until it succeeds or it is clear that it will not.
    fn repeat<T>(
        &self,
        act: &'static str,
        mut work: impl AsyncFnMut(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        self.wait(async {
            let mut last = None;
            for _ in 0..TRIES_MAX {
                let client = self.reader().await?;
                match work(&client).await.map_err(Failure::from) {
                    Ok(done) => return Ok(done),
                    Err(failure @ (Failure::Lost(_) | Failure::Conflict(_))) => last = Some(failure),
                    Err(failure) => return Err(failure.into_error(&self.place, act)),
                }
            }
            let last = last.unwrap_or_else(|| Failure::Refused("it was never asked".into()));
            Err(last.into_error(&self.place, act))
        })
    }
}

impl Store for Postgres {
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error> {
        super::Ownership::divide(self, count)?;
        self.repeat("written", async |client| Ok(ownership::fences(&client.query(ownership::CLAIM, &[]).await?)))
    }

    fn commit(&self, batch: &Batch) -> Result<(), Error> {
        let changes = change::changes(batch)?;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait(writer.commit(&batch.fences, &changes))
    }

    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        let lent = Lent(Some(self.wait(self.reader())?));
        let Some(client) = &lent.0 else { return Ok(()) };
        let view = View { store: self, client, has_begun: Cell::new(false) };
        look(&view);
        if !view.has_begun.get() || self.wait(client.batch_execute("COMMIT")).is_ok() {
            lent.give_back();
        }
        Ok(())
    }

    fn view_runs(&self, runs: &[RunKey], look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        look(&gathered::runs(self, runs)?);
        Ok(())
    }

    fn view_rows(&self, keys: &[RowKey], look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        look(&gathered::rows(self, keys)?);
        Ok(())
    }

    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Body)>, Error> {
        let first = after.map_or(0, |key| key.table as usize);
        let (group, page) = (i64::from(group.0), i64::try_from(limit).unwrap_or(i64::MAX));
        self.repeat("read", async |client| {
            let mut found = Vec::new();
            for layout in &LAYOUTS[first..] {
                let start = RowKey { first: i64::MIN, ..RowKey::named(layout.table, "") };
                let from = Stored::of(after.filter(|key| key.table == layout.table).unwrap_or(&start));
                let columns = layout.key();
                let sql = format!(
                    "SELECT {columns}, body FROM \"{}\" WHERE live = $6 AND ({columns}) > ($1, $2, $3, $4, $5) \
                     ORDER BY {columns} LIMIT $7",
                    layout.name
                );
                let statement = client.prepare_cached(&sql).await?;
                let mut values = from.values().to_vec();
                values.extend([&group as &(dyn tokio_postgres::types::ToSql + Sync), &page]);
                let rows = client.query(&statement, &values).await?;
                found.extend(rows.iter().map(|row| (rows::key(layout.table, row), rows::body(row, 5))));
                if found.len() >= limit {
                    found.truncate(limit);
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
        let groups: Vec<i64> = after.keys().map(|group| i64::from(group.0)).collect();
        let positions: Vec<i64> = after.values().map(|position| position.0).collect();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.repeat("read", async |client| {
            let statement = client.prepare_cached(OUTBOX).await?;
            client.query(&statement, &[&groups, &positions, &limit]).await
        })?;
        let bundle = |row: &tokio_postgres::Row| {
            let (group, position) = (row.get::<_, i64>(0), Position(row.get(1)));
            let events = bundle::decode(position, row.get(2))?;
            Ok(Bundle { group: GroupId(u32::try_from(group).unwrap_or(u32::MAX)), position, events })
        };
        rows.iter().map(bundle).collect()
    }
}

/// A connection whose transaction may be open. It goes back to the pool only when it is not: otherwise, as after a panic of whoever looked, it is
/// closed, lest its old state be shown to the next.
struct Lent(Option<Object>);

impl Lent {
    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Threads that are left to end by themselves: a store may be dropped, or not come about, on a thread that runs tasks, where waiting
/// for the end of threads is not allowed.
struct Background(Option<Runtime>);

impl Background {
    fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
