//! Copying everything out of the database and into it, each in one transaction on a connection of its own.

use tokio_postgres::{Client, Row, Statement, Transaction, error::SqlState, types::ToSql};
use workflow::life::RowKey;

use super::{Postgres, link, rows::Stored, text};
use crate::store::{
    Cause, Error,
    portable::{Copied, Description, ORPHANS, OTHERS, Portable, Record, Stop, copied, copied_as},
};

/// Rows that are read or written at once.
const PAGE: usize = 1000;

const SCHEMA: &str = "SELECT COALESCE(max(number), 0)::int8 FROM migration";
const SIZE: &str = "SELECT pg_database_size(current_database())::int8";

const BUNDLES: &str = "SELECT flow_group, position, events FROM outbox
    WHERE (flow_group, position) > ($1, $2) ORDER BY flow_group, position LIMIT 1000";

impl Portable for Postgres {
    fn place(&self) -> &str {
        &self.place
    }

    fn describe(&self) -> Result<Description, Error> {
        self.repeat("read", async |client| {
            let schema = client.query_one(SCHEMA, &[]).await?.get(0);
            let size_bytes = match client.query_one(SIZE, &[]).await {
                Ok(row) => row.get(0),
                // CockroachDB does not know.
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_FUNCTION) => None,
                Err(error) => return Err(error),
            };
            let tables = counts(client).await?;
            Ok(Description { place: self.place.clone(), schema, size_bytes, tables })
        })
    }

    fn problems(&self) -> Result<Vec<String>, Error> {
        self.repeat("read", async |client| {
            let mut problems = Vec::new();
            for (what, sql) in ORPHANS {
                let count: i64 = client.query_one(sql, &[]).await?.get(0);
                if count > 0 {
                    problems.push(format!("{count} {what}"));
                }
            }
            Ok(problems)
        })
    }

    fn dump(&self, take: &mut dyn FnMut(Record) -> Result<(), Cause>) -> Result<(), Stop> {
        self.wait(async {
            let client = link::connect(&self.way, &self.place).await?;
            client.batch_execute(super::rows::BEGIN).await.map_err(|error| self.stop(error, "read"))?;
            let groups = client.query("SELECT id, generation FROM flow_group ORDER BY id", &[]).await;
            for row in groups.map_err(|error| self.stop(error, "read"))? {
                take(Record::Group { id: row.get(0), generation: row.get(1) }).map_err(Stop::Other)?;
            }
            for table in copied() {
                self.dump_table(&client, table, take).await?;
            }
            self.dump_outbox(&client, take).await
        })
    }

    fn load(&self, records: &mut dyn Iterator<Item = Result<Record, Cause>>) -> Result<u64, Stop> {
        self.wait(async {
            let mut client = link::connect(&self.way, &self.place).await?;
            let failed = |error| self.stop(error, "written");
            for (table, rows) in counts(&client).await.map_err(failed)? {
                if rows > 0 {
                    return Err(Stop::Occupied { place: self.place.clone(), table, rows });
                }
            }
            let transaction = client.transaction().await.map_err(failed)?;
            let (mut page, mut count) = (Page::default(), 0);
            for record in records {
                count += 1;
                let record = record.map_err(Stop::Other)?;
                if !page.takes(&record) {
                    page.write(&transaction).await?.map_err(failed)?;
                    page = Page::default();
                }
                page.records.push(record);
            }
            page.write(&transaction).await?.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(count)
        })
    }
}

impl Postgres {
    fn stop(&self, error: tokio_postgres::Error, act: &'static str) -> Stop {
        Stop::Store(link::Failure::from(error).into_error(&self.place, act))
    }

    async fn dump_table(
        &self,
        client: &Client,
        table: Copied,
        take: &mut dyn FnMut(Record) -> Result<(), Cause>,
    ) -> Result<(), Stop> {
        let failed = |error| self.stop(error, "read");
        let statement = client.prepare(&page_sql(table)).await.map_err(failed)?;
        let start = RowKey { first: i64::MIN, ..RowKey::named(table.layout.table, "") };
        let mut after = Stored::of(&start);
        loop {
            let rows = client.query(&statement, &after.values()).await.map_err(failed)?;
            for row in &rows {
                let key = super::rows::key(table.layout.table, row);
                let plain = (key.name.to_string(), key.first, key.second, key.part.to_string(), key.third);
                take(table.record(plain, row.get(5), row.get(6))).map_err(Stop::Other)?;
                after = Stored::of(&key);
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
    }

    async fn dump_outbox(
        &self,
        client: &Client,
        take: &mut dyn FnMut(Record) -> Result<(), Cause>,
    ) -> Result<(), Stop> {
        let (mut group, mut position) = (i64::MIN, i64::MIN);
        loop {
            let rows: Vec<Row> =
                client.query(BUNDLES, &[&group, &position]).await.map_err(|error| self.stop(error, "read"))?;
            for row in &rows {
                (group, position) = (row.get(0), row.get(1));
                take(Record::Bundle { group, events: row.get(2) }).map_err(Stop::Other)?;
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
    }
}

async fn counts(client: &Client) -> Result<Vec<(String, i64)>, tokio_postgres::Error> {
    let mut counts = Vec::new();
    for name in copied().map(|copied| copied.name).chain(OTHERS) {
        let row = client.query_one(&format!("SELECT count(*) FROM \"{name}\""), &[]).await?;
        counts.push((name.to_owned(), row.get(0)));
    }
    Ok(counts)
}

fn page_sql(table: Copied) -> String {
    let (name, key, extra) = (table.name, table.layout.key(), table.extra().unwrap_or("NULL::int8"));
    format!(
        "SELECT {key}, {extra}, body FROM \"{name}\" WHERE ({key}) > ($1, $2, $3, $4, $5) ORDER BY {key} LIMIT {PAGE}"
    )
}

/// Records of one kind that are written at once.
#[derive(Default)]
struct Page {
    records: Vec<Record>,
}

impl Page {
    fn takes(&self, record: &Record) -> bool {
        let is_alike = match (self.records.first(), record) {
            (None, _)
            | (Some(Record::Group { .. }), Record::Group { .. })
            | (Some(Record::Bundle { .. }), Record::Bundle { .. }) => true,
            (Some(Record::Row { table: mine, .. }), Record::Row { table, .. }) => mine == table,
            _ => false,
        };
        is_alike && self.records.len() < PAGE
    }

    async fn write(&self, transaction: &Transaction<'_>) -> Result<Result<(), tokio_postgres::Error>, Stop> {
        let sql = match self.records.first() {
            None => return Ok(Ok(())),
            Some(Record::Group { .. }) => "INSERT INTO flow_group (id, generation) VALUES ($1, $2)".to_owned(),
            Some(Record::Bundle { .. }) => "INSERT INTO outbox (flow_group, events) VALUES ($1, $2)".to_owned(),
            Some(Record::Row { table, .. }) => insert(copied_as(table)?),
        };
        Ok(async {
            let statement = transaction.prepare(&sql).await?;
            // Sent together, awaited together: one round trip a page.
            let writes = self.records.iter().map(|record| write(transaction, &statement, record));
            futures::future::try_join_all(writes).await.map(|_| ())
        }
        .await)
    }
}

async fn write(
    transaction: &Transaction<'_>,
    statement: &Statement,
    record: &Record,
) -> Result<u64, tokio_postgres::Error> {
    match record {
        Record::Group { id, generation } => transaction.execute(statement, &[id, generation]).await,
        Record::Bundle { group, events } => transaction.execute(statement, &[group, events]).await,
        Record::Row { key, live, archived_at_ms, body, .. } => {
            let (name, part, extra) = (text::stored(&key.0), text::stored(&key.3), live.or(*archived_at_ms));
            let mut values: Vec<&(dyn ToSql + Sync)> = vec![&name, &key.1, &key.2, &part, &key.4, body];
            if statement.params().len() > values.len() {
                values.push(&extra);
            }
            transaction.execute(statement, &values).await
        }
    }
}

fn insert(table: Copied) -> String {
    let (name, key) = (table.name, table.layout.key());
    match table.extra() {
        Some(extra) => format!("INSERT INTO \"{name}\" ({key}, body, {extra}) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        None => format!("INSERT INTO \"{name}\" ({key}, body) VALUES ($1, $2, $3, $4, $5, $6)"),
    }
}
