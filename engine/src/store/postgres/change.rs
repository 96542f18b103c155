//! A batch as statements: one for all rows of a table that are saved, one for all that are forgotten.

use std::{borrow::Cow, sync::LazyLock};

use tokio_postgres::types::ToSql;
use workflow::life::RowKey;

use super::text;
use crate::store::{
    Batch, Error, Write, bundle,
    layout::{LAYOUTS, Layout, layout},
};

/// Statements by table, in the order of [`Table`].
static SAVE: LazyLock<Vec<String>> = LazyLock::new(|| LAYOUTS.iter().map(save_sql).collect());
static FORGET: LazyLock<Vec<String>> =
    LazyLock::new(|| LAYOUTS.iter().map(|layout| forget_sql(layout.name, layout)).collect());
static FORGET_ARCHIVED: LazyLock<Vec<String>> =
    LazyLock::new(|| LAYOUTS.iter().map(|layout| forget_sql(layout.archive.unwrap_or(layout.name), layout)).collect());

const CONSUME: &str =
    "DELETE FROM outbox USING ROWS FROM (unnest($1::int8[]), unnest($2::int8[])) AS consumed (id, position)
    WHERE outbox.flow_group = consumed.id AND outbox.position <= consumed.position";

const PUBLISH: &str =
    "INSERT INTO outbox (flow_group, events) SELECT * FROM ROWS FROM (unnest($1::int8[]), unnest($2::text[]))";

/// One statement with its values.
pub(super) struct Change<'a> {
    pub(super) sql: &'static str,
    values: Values<'a>,
}

enum Values<'a> {
    Save { keys: Keys<'a>, lives: Vec<Option<i64>>, bodies: Vec<&'a str> },
    Forget(Keys<'a>),
    Consume { groups: Vec<i64>, positions: Vec<i64> },
    Publish { groups: Vec<i64>, events: Vec<String> },
}

/// The columns of many keys.
#[derive(Clone, Default)]
struct Keys<'a> {
    names: Vec<Cow<'a, str>>,
    firsts: Vec<i64>,
    seconds: Vec<i64>,
    parts: Vec<Cow<'a, str>>,
    thirds: Vec<i64>,
}

impl<'a> Keys<'a> {
    fn push(&mut self, key: &'a RowKey) {
        self.names.push(text::stored(&key.name));
        self.firsts.push(key.first);
        self.seconds.push(key.second);
        self.parts.push(text::stored(&key.part));
        self.thirds.push(key.third);
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![&self.names, &self.firsts, &self.seconds, &self.parts, &self.thirds]
    }
}

impl Change<'_> {
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        match &self.values {
            Values::Save { keys, lives, bodies } => {
                let mut values = keys.values();
                values.extend([lives as &(dyn ToSql + Sync), bodies]);
                values
            }
            Values::Forget(keys) => keys.values(),
            Values::Consume { groups, positions } => vec![groups, positions],
            Values::Publish { groups, events } => vec![groups, events],
        }
    }
}

/// What a batch writes, table by table.
pub(super) fn changes(batch: &Batch) -> Result<Vec<Change<'_>>, Error> {
    let mut tables: [Rows<'_>; LAYOUTS.len()] = Default::default();
    for (key, write) in &batch.writes {
        let rows = &mut tables[key.table as usize];
        match write {
            Write::Save { body, live } => {
                rows.saved.push(key);
                rows.lives.push(live.map(|group| i64::from(group.0)));
                rows.bodies.push(body_text(key, body)?);
            }
            Write::Forget => rows.forgotten.push(key),
        }
    }
    let mut changes = Vec::new();
    for (index, Rows { saved, lives, bodies, forgotten }) in tables.into_iter().enumerate() {
        if !saved.is_empty() {
            changes.push(Change { sql: &SAVE[index], values: Values::Save { keys: saved, lives, bodies } });
        }
        if !forgotten.is_empty() {
            if LAYOUTS[index].archive.is_some() {
                changes.push(Change { sql: &FORGET_ARCHIVED[index], values: Values::Forget(forgotten.clone()) });
            }
            changes.push(Change { sql: &FORGET[index], values: Values::Forget(forgotten) });
        }
    }
    if !batch.consumed.is_empty() {
        let (groups, positions) = batch.consumed.iter().map(|(group, at)| (i64::from(group.0), at.0)).unzip();
        changes.push(Change { sql: CONSUME, values: Values::Consume { groups, positions } });
    }
    if !batch.events.is_empty() {
        let (groups, events) =
            batch.events.iter().map(|(group, events)| (i64::from(group.0), bundle::encode(events))).unzip();
        changes.push(Change { sql: PUBLISH, values: Values::Publish { groups, events } });
    }
    Ok(changes)
}

#[derive(Default)]
struct Rows<'a> {
    saved: Keys<'a>,
    lives: Vec<Option<i64>>,
    bodies: Vec<&'a str>,
    forgotten: Keys<'a>,
}

/// A row that is no text, or holds a NUL, was not written by a machine.
fn body_text<'a>(key: &RowKey, body: &'a [u8]) -> Result<&'a str, Error> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| Error::Unreadable { what: format!("{} {}", layout(key.table).name, key.name) })
}

fn save_sql(layout: &Layout) -> String {
    let (name, key) = (layout.name, layout.key());
    format!(
        "INSERT INTO \"{name}\" ({key}, live, body) SELECT * FROM ROWS FROM (unnest($1::text[]), unnest($2::int8[]), \
         unnest($3::int8[]), unnest($4::text[]), unnest($5::int8[]), unnest($6::int8[]), unnest($7::text[])) \
         ON CONFLICT ({key}) DO UPDATE SET live = excluded.live, body = excluded.body"
    )
}

fn forget_sql(name: &str, layout: &Layout) -> String {
    let key = layout.key();
    format!(
        "DELETE FROM \"{name}\" WHERE ({key}) IN (SELECT * FROM ROWS FROM (unnest($1::text[]), unnest($2::int8[]), \
         unnest($3::int8[]), unnest($4::text[]), unnest($5::int8[])))"
    )
}

#[cfg(test)]
mod tests {
    use workflow::life::Table;

    use super::*;

    #[test]
    fn statements_stand_in_the_order_of_their_tables() {
        for table in Table::ALL {
            assert!(SAVE[table as usize].contains(&format!("\"{}\"", table.as_str())), "{table:?}");
        }
    }
}
