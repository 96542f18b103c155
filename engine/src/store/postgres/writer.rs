//! Commits: each one round trip, made once or not at all, also when the connection breaks while it is under way.
//!
//! All statements of a commit are sent without waiting for the answers in between. The first one holds the groups against takeover, and
//! moves the writer's serial number by one; where either is not as expected it divides by zero, so that the whole transaction fails.
//! When the connection is lost the serial tells whether the commit was made. If it was not, the serial skips a number, so that what may
//! still be under way on the old connection can no longer succeed.

use std::{
    collections::{BTreeSet, HashMap},
    future::poll_fn,
    pin::Pin,
    task::Poll,
    time::Duration,
};

use futures::future::{MaybeDone, maybe_done};
use tokio_postgres::{Client, Statement, error::SqlState, types::ToSql};
use uuid::Uuid;

use super::{
    change::Change,
    link::{self, Failure, TRIES_MAX},
    way::Way,
};
use crate::store::{Error, Fence, Generation};

/// How long one commit may take before its connection is given up.
const COMMIT_MAX: Duration = Duration::from_secs(20);

/// The database ends a transaction that a broken connection left behind, so that its locks do not hold up others.
const SESSION: &str = "SET idle_in_transaction_session_timeout = 5000";

const ENLIST: &str = "INSERT INTO writer (id, serial, written_at_ms)
    VALUES ($1, $2, CAST(extract(epoch FROM now()) * 1000 AS BIGINT))
    ON CONFLICT (id) DO NOTHING";

/// Writers that have not written for a week; one of them that does write again enlists again.
const FORGET: &str =
    "DELETE FROM writer WHERE written_at_ms < CAST(extract(epoch FROM now()) * 1000 AS BIGINT) - 604800000";

const GUARD: &str = "WITH moved AS (
        UPDATE writer SET serial = $4::int8, written_at_ms = CAST(extract(epoch FROM now()) * 1000 AS BIGINT)
        WHERE id = $3 AND serial = $5::int8 RETURNING 1
    ), held AS (
        SELECT flow_group.id FROM flow_group
        JOIN ROWS FROM (unnest($1::int8[]), unnest($2::int8[])) AS fence (id, generation)
            ON flow_group.id = fence.id AND flow_group.generation = fence.generation
        FOR SHARE OF flow_group
    )
    SELECT 1 / (CASE WHEN (SELECT count(*) FROM moved) = 1 AND (SELECT count(*) FROM held) = $6::int8 THEN 1 ELSE 0 END)";

const SETTLE: &str = "UPDATE writer SET serial = CASE WHEN serial = $2::int8 THEN serial ELSE $3::int8 END WHERE id = $1 RETURNING serial";

const GENERATIONS: &str = "SELECT id, generation FROM flow_group WHERE id = ANY($1)";

/// The one connection that commits go through.
#[derive(Debug)]
pub(super) struct Writer {
    way: Way,
    place: String,
    id: String,
    /// Of the last commit that is known to be made.
    serial: i64,
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

/// Why an attempt was not made.
enum Missed {
    /// A group was taken over, or the writer's row is gone.
    Guarded,
    Failed(Failure),
}

/// Whether a commit whose connection broke was made.
enum Settled {
    Made,
    /// It was not and never will be; the serial is now this.
    NotMade(i64),
}

impl Writer {
    pub(super) fn new(way: Way, place: String) -> Self {
        let id = Uuid::from_bytes(rand::random()).to_string();
        Self { way, place, id, serial: 0, link: None }
    }

    /// Writes changes under fences whole or not at all.
    pub(super) async fn commit(&mut self, fences: &BTreeSet<Fence>, changes: &[Change<'_>]) -> Result<(), Error> {
        // Serials are only ever moved on, by every try that may have been made.
        let mut unsure: Option<i64> = None;
        let mut last = None;
        for _ in 0..TRIES_MAX {
            if let Some(next) = unsure {
                match self.settle(next).await? {
                    Some(Settled::Made) => {
                        self.serial = next;
                        return Ok(());
                    }
                    Some(Settled::NotMade(serial)) => (self.serial, unsure) = (serial, None),
                    None => continue,
                }
            }
            let next = self.serial + 1;
            let missed = match self.attempt(fences, changes, next).await? {
                Ok(()) => {
                    self.serial = next;
                    return Ok(());
                }
                Err(missed) => missed,
            };
            match missed {
                Missed::Guarded => self.judge(fences).await?,
                Missed::Failed(Failure::Lost(error)) => {
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "the connection broke during a commit; it is found out whether it was made"
                    );
                    self.link = None;
                    (unsure, last) = (Some(next), Some(Failure::Lost(error)));
                }
                Missed::Failed(conflict @ Failure::Conflict(_)) => last = Some(conflict),
                Missed::Failed(failure) => return Err(failure.into_error(&self.place, "written")),
            }
        }
        Err(match last {
            Some(failure) => failure.into_error(&self.place, "written"),
            None => Error::broken(&self.place, "written", "somebody keeps removing its writer"),
        })
    }

    /// The connection, made anew where there is none.
    async fn link(&mut self) -> Result<&mut Link, Error> {
        for _ in 0..TRIES_MAX {
            if self.link.as_ref().is_some_and(|link| !link.client.is_closed()) {
                break;
            }
            let client = link::connect(&self.way, &self.place).await?;
            self.link = match self.enlist(&client).await.map_err(Failure::from) {
                Ok(()) => Some(Link { client, statements: HashMap::new() }),
                Err(Failure::Lost(_) | Failure::Conflict(_)) => None,
                Err(failure) => return Err(failure.into_error(&self.place, "written")),
            };
        }
        self.link.as_mut().ok_or_else(|| Error::Unreachable {
            place: self.place.clone(),
            source: "its connections keep breaking".into(),
        })
    }

    /// Makes the row that carries the serial, once.
    async fn enlist(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        client.batch_execute(SESSION).await?;
        if self.serial == 0 {
            client.batch_execute(FORGET).await?;
            client.execute(ENLIST, &[&self.id, &self.serial]).await?;
        }
        Ok(())
    }

    async fn attempt(
        &mut self,
        fences: &BTreeSet<Fence>,
        changes: &[Change<'_>],
        next: i64,
    ) -> Result<Result<(), Missed>, Error> {
        let (id, before) = (self.id.clone(), self.serial);
        let link = self.link().await?;
        let groups: Vec<i64> = fences.iter().map(|fence| i64::from(fence.group.0)).collect();
        let generations: Vec<i64> = fences.iter().map(|fence| fence.generation.0).collect();
        let count = i64::try_from(fences.len()).unwrap_or(i64::MAX);
        let guard: [&(dyn ToSql + Sync); 6] = [&groups, &generations, &id, &next, &before, &count];
        let made = tokio::time::timeout(COMMIT_MAX, link.transact(&guard, changes)).await;
        Ok(match made {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Err(Missed::Guarded),
            Ok(Err(error)) => Err(Missed::Failed(error.into())),
            Err(elapsed) => Err(Missed::Failed(Failure::Lost(elapsed.into()))),
        })
    }

    /// Whether the commit with this serial was made; `None` where the connection broke again.
    async fn settle(&mut self, unsure: i64) -> Result<Option<Settled>, Error> {
        let id = self.id.clone();
        let skipped = unsure + 1;
        let link = self.link().await?;
        let row = match link.client.query_opt(SETTLE, &[&id, &unsure, &skipped]).await {
            Ok(row) => row,
            Err(error) => match Failure::from(error) {
                Failure::Lost(_) => {
                    self.link = None;
                    return Ok(None);
                }
                Failure::Conflict(_) => return Ok(None),
                failure => return Err(failure.into_error(&self.place, "written")),
            },
        };
        let serial = row.map_or(skipped, |row| row.get::<_, i64>(0));
        Ok(Some(if serial == unsure { Settled::Made } else { Settled::NotMade(skipped) }))
    }

    /// Says which group was taken over; where none was the writer's row was removed and is made again.
    async fn judge(&mut self, fences: &BTreeSet<Fence>) -> Result<(), Error> {
        let (place, id, serial) = (self.place.clone(), self.id.clone(), self.serial);
        let link = self.link().await?;
        let groups: Vec<i64> = fences.iter().map(|fence| i64::from(fence.group.0)).collect();
        let asked = async {
            let rows = link.client.query(GENERATIONS, &[&groups]).await?;
            link.client.execute(ENLIST, &[&id, &serial]).await?;
            Ok(rows)
        };
        let rows = match asked.await.map_err(|error: tokio_postgres::Error| Failure::from(error)) {
            Ok(rows) => rows,
            // The commit is tried again, is refused again, and comes back here.
            Err(Failure::Lost(_) | Failure::Conflict(_)) => return Ok(()),
            Err(failure) => return Err(failure.into_error(&place, "read")),
        };
        let current: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for Fence { group, generation } in fences.iter().copied() {
            let current = Generation(current.get(&i64::from(group.0)).copied().unwrap_or(0));
            if current != generation {
                return Err(Error::Fenced { group, generation, current });
            }
        }
        Ok(())
    }
}

impl Link {
    /// Prepares what was not prepared on this connection yet.
    async fn prepare(&mut self, sql: &'static str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// One transaction in one round trip: everything is sent before the first answer is awaited.
    async fn transact(
        &mut self,
        guard: &[&(dyn ToSql + Sync)],
        changes: &[Change<'_>],
    ) -> Result<(), tokio_postgres::Error> {
        let mut statements = vec![(self.prepare(GUARD).await?, guard.to_vec())];
        for change in changes {
            statements.push((self.prepare(change.sql).await?, change.values()));
        }
        let client = &self.client;
        let mut sent: Vec<Sent<'_>> = vec![maybe_done(Box::pin(client.batch_execute("BEGIN")))];
        for (statement, values) in &statements {
            let run = async move { client.execute(statement, values).await.map(|_| ()) };
            sent.push(maybe_done(Box::pin(run)));
        }
        sent.push(maybe_done(Box::pin(client.batch_execute("COMMIT"))));
        in_order(sent).await
    }
}

type Sent<'a> = MaybeDone<Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send + 'a>>>;

/// Sends all, then waits for all. The first failure is the reason of those after it.
async fn in_order(mut sent: Vec<Sent<'_>>) -> Result<(), tokio_postgres::Error> {
    poll_fn(|context| {
        // A request is sent when it is polled for the first time.
        for request in &mut sent {
            let _asked_again_below = Pin::new(request).poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut all = Ok(());
    for request in &mut sent {
        Pin::new(&mut *request).await;
        all = all.and(Pin::new(request).take_output().unwrap_or(Ok(())));
    }
    all
}
