//! A store's content as records that any other store takes: for backups, for moving to another database, and for looking whether all is well.

use serde::{Deserialize, Serialize};

use super::{
    Cause, Error,
    layout::{LAYOUTS, Layout},
};

/// One thing that a store holds. Nodes and owners are left out: after a restore nobody owns anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A group.
    Group {
        /// Its number.
        id: i64,
        /// Its generation.
        generation: i64,
    },
    /// A row, of a machine or of the archive.
    Row {
        /// The SQL name of its table.
        table: String,
        /// The columns of its key.
        key: (String, i64, i64, String, i64),
        /// The group that must load a machine by it, if any must.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        live: Option<i64>,
        /// When it was archived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        archived_at_ms: Option<i64>,
        /// JSON as text.
        body: String,
    },
    /// Events that nobody has consumed yet. Bundles of a group are in order.
    Bundle {
        /// The group.
        group: i64,
        /// JSON as text.
        events: String,
    },
}

/// What a store says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// Where it is.
    pub place: String,
    /// The number of its newest migration.
    pub schema: i64,
    /// Bytes on disk, where it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Tables and how many rows they hold.
    pub tables: Vec<(String, i64)>,
}

impl Description {
    /// Records that the store holds.
    pub fn records(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| u64::try_from(*rows).unwrap_or(0)).sum()
    }
}

/// Why a transfer ended early.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// For a reason of the store.
    #[error(transparent)]
    Store(#[from] Error),
    /// For a reason of the other side.
    #[error(transparent)]
    Other(Cause),
    /// The store that should be filled holds something already.
    #[error("{place} is not empty: it holds {rows} in `{table}`")]
    Occupied {
        /// The store.
        place: String,
        /// A table with content.
        table: String,
        /// How much of it.
        rows: i64,
    },
    /// A record names a table that this program does not have.
    #[error("`{table}` is not a table of this program")]
    Table {
        /// The table.
        table: String,
    },
}

/// What backups and inspections need of a store.
pub trait Portable: Send + Sync {
    /// Where it is, in words that can be shown.
    fn place(&self) -> &str;

    /// Counts and sizes.
    fn describe(&self) -> Result<Description, Error>;

    /// What is wrong with the database itself, and rows that belong to nothing; nothing for a sound store.
    fn problems(&self) -> Result<Vec<String>, Error>;

    /// Hands out everything, as of one moment; goes on beside an engine that writes.
    fn dump(&self, take: &mut dyn FnMut(Record) -> Result<(), Cause>) -> Result<(), Stop>;

    /// Puts records into a store that holds none, all of them or none, and says how many.
    fn load(&self, records: &mut dyn Iterator<Item = Result<Record, Cause>>) -> Result<u64, Stop>;
}

/// A table that rows are copied from and to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copied {
    pub(super) name: &'static str,
    pub(super) layout: &'static Layout,
    pub(super) kind: Kind,
}

/// What stands beside key and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The group of a live row.
    Live,
    /// The moment of archiving.
    Moment,
    /// Nothing.
    Plain,
}

impl Copied {
    /// The column beside key and body, or what stands for none.
    pub(super) fn extra(self) -> Option<&'static str> {
        match self.kind {
            Kind::Live => Some("live"),
            Kind::Moment => self.layout.archive_moment,
            Kind::Plain => None,
        }
    }

    /// A record of this table.
    pub(super) fn record(self, key: (String, i64, i64, String, i64), extra: Option<i64>, body: String) -> Record {
        let live = extra.filter(|_| self.kind == Kind::Live);
        let archived_at_ms = extra.filter(|_| self.kind == Kind::Moment);
        Record::Row { table: self.name.to_owned(), key, live, archived_at_ms, body }
    }
}

/// Every table of rows with its archive, in the order in which they are copied.
pub(super) fn copied() -> impl Iterator<Item = Copied> {
    LAYOUTS.iter().flat_map(|layout| {
        let kind = if layout.archive_moment.is_some() { Kind::Moment } else { Kind::Plain };
        let archive = layout.archive.map(|name| Copied { name, layout, kind });
        std::iter::once(Copied { name: layout.name, layout, kind: Kind::Live }).chain(archive)
    })
}

/// The table of a record.
pub(super) fn copied_as(table: &str) -> Result<Copied, Stop> {
    copied().find(|copied| copied.name == table).ok_or_else(|| Stop::Table { table: table.to_owned() })
}

/// The tables beside those of rows.
pub(super) const OTHERS: [&str; 2] = ["flow_group", "outbox"];

/// Each counts what belongs to nothing, on any database.
pub(super) const ORPHANS: [(&str, &str); 4] = [
    (
        "attempts without a run",
        "SELECT count(*) FROM attempt AS a
         WHERE NOT EXISTS (SELECT 1 FROM run AS r
             WHERE (r.workflow, r.instance, r.run) = (a.workflow, a.instance, a.run))
         AND NOT EXISTS (SELECT 1 FROM run_archive AS r
             WHERE (r.workflow, r.instance, r.run) = (a.workflow, a.instance, a.run))",
    ),
    (
        "archived attempts without a run",
        "SELECT count(*) FROM attempt_archive AS a
         WHERE NOT EXISTS (SELECT 1 FROM run AS r
             WHERE (r.workflow, r.instance, r.run) = (a.workflow, a.instance, a.run))
         AND NOT EXISTS (SELECT 1 FROM run_archive AS r
             WHERE (r.workflow, r.instance, r.run) = (a.workflow, a.instance, a.run))",
    ),
    (
        "bundles of a group that does not exist",
        "SELECT count(*) FROM outbox WHERE flow_group NOT IN (SELECT id FROM flow_group)",
    ),
    ("groups with a generation below zero", "SELECT count(*) FROM flow_group WHERE generation < 0"),
];
