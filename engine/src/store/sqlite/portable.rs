//! Copying everything out of the file and into it.

use rusqlite::{Row, Transaction, TransactionBehavior};

use super::Sqlite;
use crate::store::{
    Cause, Error,
    portable::{Copied, Description, ORPHANS, OTHERS, Portable, Record, Stop, copied, copied_as},
};

impl Portable for Sqlite {
    fn place(&self) -> &str {
        &self.place
    }

    fn describe(&self) -> Result<Description, Error> {
        self.read(|view| describe(view, &self.place).map_err(|source| self.failure("read", source)))
    }

    fn problems(&self) -> Result<Vec<String>, Error> {
        self.read(|view| problems(view).map_err(|source| self.failure("read", source)))
    }

    fn dump(&self, take: &mut dyn FnMut(Record) -> Result<(), Cause>) -> Result<(), Stop> {
        let mut other = None;
        self.read(|view| {
            let dumped = dump(view, &mut |record| match take(record) {
                Ok(()) => true,
                Err(cause) => {
                    other = Some(cause);
                    false
                }
            });
            dumped.map_err(|source| self.failure("read", source))
        })?;
        other.map_or(Ok(()), |cause| Err(Stop::Other(cause)))
    }

    fn load(&self, records: &mut dyn Iterator<Item = Result<Record, Cause>>) -> Result<u64, Stop> {
        let mut writer = self.writer();
        let written = |source| self.failure("written", source);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(written)?;
        for (table, rows) in describe(&transaction, &self.place).map_err(written)?.tables {
            if rows > 0 {
                return Err(Stop::Occupied { place: self.place.clone(), table, rows });
            }
        }
        let mut count = 0;
        for record in records {
            put(&transaction, record.map_err(Stop::Other)?)?.map_err(written)?;
            count += 1;
        }
        transaction.commit().map_err(written)?;
        Ok(count)
    }
}

fn describe(view: &Transaction<'_>, place: &str) -> rusqlite::Result<Description> {
    let one = |sql: &str| view.query_row(sql, (), |row| row.get::<_, i64>(0));
    let names = copied().map(|copied| copied.name).chain(OTHERS);
    let tables = names.map(|name| Ok((name.to_owned(), one(&format!("SELECT count(*) FROM \"{name}\""))?)));
    Ok(Description {
        place: place.to_owned(),
        schema: one("SELECT max(number) FROM migration")?,
        size_bytes: Some(one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")?),
        tables: tables.collect::<rusqlite::Result<_>>()?,
    })
}

fn problems(view: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    let mut check = view.prepare("PRAGMA integrity_check")?;
    let said = check.query_map((), |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut problems: Vec<_> = said.into_iter().filter(|line| line != "ok").collect();
    for (what, sql) in ORPHANS {
        let count: i64 = view.query_row(sql, (), |row| row.get(0))?;
        if count > 0 {
            problems.push(format!("{count} {what}"));
        }
    }
    Ok(problems)
}

fn dump(view: &Transaction<'_>, take: &mut dyn FnMut(Record) -> bool) -> rusqlite::Result<()> {
    let groups = |row: &Row<'_>| Ok(Record::Group { id: row.get(0)?, generation: row.get(1)? });
    if !each(view, "SELECT id, generation FROM flow_group ORDER BY id", groups, take)? {
        return Ok(());
    }
    for table in copied() {
        let (name, key, extra) = (table.name, table.layout.key(), table.extra().unwrap_or("NULL"));
        let sql = format!("SELECT {key}, {extra}, body FROM \"{name}\" ORDER BY {key}");
        let record = |row: &Row<'_>| {
            let key = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(table.record(key, row.get(5)?, row.get(6)?))
        };
        if !each(view, &sql, record, take)? {
            return Ok(());
        }
    }
    let bundle = |row: &Row<'_>| Ok(Record::Bundle { group: row.get(0)?, events: row.get(1)? });
    each(view, "SELECT flow_group, events FROM outbox ORDER BY position", bundle, take).map(|_| ())
}

/// Hands out what a statement finds until nobody wants more; says whether somebody does.
fn each(
    view: &Transaction<'_>,
    sql: &str,
    record: impl Fn(&Row<'_>) -> rusqlite::Result<Record>,
    take: &mut dyn FnMut(Record) -> bool,
) -> rusqlite::Result<bool> {
    let mut statement = view.prepare(sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        if !take(record(row)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn put(transaction: &Transaction<'_>, record: Record) -> Result<rusqlite::Result<()>, Stop> {
    let (sql, row) = match record {
        Record::Group { id, generation } => {
            let sql = "INSERT INTO flow_group (id, generation) VALUES (?1, ?2)";
            return Ok(transaction.execute(sql, (id, generation)).map(|_| ()));
        }
        Record::Bundle { group, events } => {
            let sql = "INSERT INTO outbox (flow_group, events) VALUES (?1, ?2)";
            return Ok(transaction.execute(sql, (group, events)).map(|_| ()));
        }
        Record::Row { table, key, live, archived_at_ms, body } => {
            let table = copied_as(&table)?;
            (insert(table), (key.0, key.1, key.2, key.3, key.4, body, live.or(archived_at_ms)))
        }
    };
    let run = || transaction.prepare_cached(&sql)?.execute(row).map(|_| ());
    Ok(run())
}

fn insert(table: Copied) -> String {
    let (name, key) = (table.name, table.layout.key());
    match table.extra() {
        Some(extra) => format!("INSERT INTO \"{name}\" ({key}, body, {extra}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        // Nothing stands beside a plain row, but the statement takes as many values as the others.
        None => format!("INSERT INTO \"{name}\" ({key}, body) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 IS NULL"),
    }
}
