//! What is stored: rows of JSON under ordered keys.

use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::id::{AttemptKey, InstanceKey, RunKey, WorkflowId};

/// Which table a row stands in; the columns of a key are named after its use there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// (workflow): header of a workflow: version numbers, properties, counters, queue.
    Workflow,
    /// (workflow, version): one version's definition and metadata.
    Version,
    /// (workflow, number): one entry of a workflow's timeline.
    WorkflowTimeline,
    /// (workflow, instance, run): what a run started with; written once.
    Seed,
    /// (workflow, instance, run): what has happened to a run since.
    Run,
    /// (workflow, instance, run, step, attempt): one attempt.
    Attempt,
    /// (workflow, number, 0, step): one breakpoint.
    Breakpoint,
    /// (signal name, number): one signal instance.
    Signal,
    /// (tag): one operator-defined permit.
    Permit,
    /// (job type, 0, 0, version): one job template.
    Template,
    /// (external job id): output data of a step.
    Output,
    /// (request uuid): which instance a start request made; keeps starts idempotent.
    Start,
    /// Whatever else a machine keeps under its own name.
    Other,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 13] = [
        Self::Workflow,
        Self::Version,
        Self::WorkflowTimeline,
        Self::Seed,
        Self::Run,
        Self::Attempt,
        Self::Breakpoint,
        Self::Signal,
        Self::Permit,
        Self::Template,
        Self::Output,
        Self::Start,
        Self::Other,
    ];

    /// Its name in stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Version => "version",
            Self::WorkflowTimeline => "workflow_timeline",
            Self::Seed => "seed",
            Self::Run => "run",
            Self::Attempt => "attempt",
            Self::Breakpoint => "breakpoint",
            Self::Signal => "signal",
            Self::Permit => "permit",
            Self::Template => "template",
            Self::Output => "output",
            Self::Start => "start",
            Self::Other => "other",
        }
    }
}

/// Where a row stands. Unused columns are empty or 0; order is by column, left to right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// Which table.
    pub table: Table,
    /// First column, usually the workflow.
    pub name: Arc<str>,
    /// Second column, usually the instance.
    pub first: i64,
    /// Third column, usually the run.
    pub second: i64,
    /// Fourth column, usually the step.
    pub part: Arc<str>,
    /// Fifth column, usually the attempt.
    pub third: i64,
}

impl RowKey {
    /// A key of one name.
    pub fn named(table: Table, name: &str) -> Self {
        Self { table, name: Arc::from(name), first: 0, second: 0, part: Arc::from(""), third: 0 }
    }

    /// A workflow's header.
    pub fn workflow(id: &WorkflowId) -> Self {
        Self::named(Table::Workflow, id)
    }

    /// What a run started with.
    pub fn seed(key: &RunKey) -> Self {
        Self { table: Table::Seed, ..Self::run(key) }
    }

    /// A run.
    pub fn run(key: &RunKey) -> Self {
        Self { first: key.instance.0, second: key.run.0, ..Self::named(Table::Run, &key.workflow) }
    }

    /// An attempt.
    pub fn attempt(key: &AttemptKey) -> Self {
        Self { table: Table::Attempt, part: Arc::from(key.step.as_str()), third: key.attempt.0, ..Self::run(&key.run) }
    }
}

/// A row's content: JSON text, tagged with its version by the machine that wrote it.
pub type Body = Arc<[u8]>;

/// A row to store.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where.
    pub key: RowKey,
    /// What.
    pub body: Body,
    /// Whether its machine must be loaded after a crash (only rows that a machine is loaded by: workflow headers, runs …).
    pub is_live: bool,
}

impl Row {
    /// A row of a document that nothing waits for.
    pub fn settled(key: RowKey, document: &impl Serialize) -> Self {
        Self { key, body: body(document), is_live: false }
    }

    /// A row by which a machine is loaded after a crash.
    pub fn live(key: RowKey, document: &impl Serialize) -> Self {
        Self { key, body: body(document), is_live: true }
    }
}

/// A document as a row's content.
pub fn body(document: &impl Serialize) -> Body {
    serde_json::to_vec(document).expect("stored documents have text keys only").into()
}

/// A row's content as the type that wrote it.
pub fn parse<T: DeserializeOwned>(key: &RowKey, body: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|error| Unreadable(format!("row {key:?}: {error}")))
}

/// One end of a scan.
#[derive(Clone, Debug)]
pub enum Bound {
    /// From the table's end.
    Unbounded,
    /// From this key on.
    Included(RowKey),
    /// From the next key on.
    Excluded(RowKey),
}

/// In which direction to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// Rows that are read at once where all of a range are.
const PAGE: usize = 1_000;

/// A bounded read of neighbouring rows of one table.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Which table.
    pub table: Table,
    /// Smallest key.
    pub from: Bound,
    /// Largest key.
    pub to: Bound,
    /// Direction.
    pub order: Order,
    /// At most so many rows.
    pub limit: usize,
}

impl Scan {
    /// All rows between two keys, a page of them at a time.
    pub(crate) fn range(table: Table, from: Bound, to: Bound) -> Self {
        Self { table, from, to, order: Order::Ascending, limit: PAGE }
    }

    /// All rows of a table, a page of them at a time.
    pub(crate) fn table(table: Table) -> Self {
        Self::range(table, Bound::Unbounded, Bound::Unbounded)
    }

    /// All rows with the name of a key that has nothing but a name, a page of them at a time.
    pub(crate) fn named(key: RowKey) -> Self {
        let last = RowKey { first: i64::MAX, ..key.clone() };
        Self::range(key.table, Bound::Included(key), Bound::Included(last))
    }

    /// Hands all rows to `read`, in order; the limit is that of one read of the store.
    pub(crate) fn each(
        mut self,
        rows: &dyn Rows,
        mut read: impl FnMut(RowKey, &Body) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        loop {
            let page = rows.scan(&self)?;
            let next = page.last().filter(|_| page.len() == self.limit).map(|(last, _)| Bound::Excluded(last.clone()));
            for (key, body) in page {
                read(key, &body)?;
            }
            match (next, self.order) {
                (Some(last), Order::Ascending) => self.from = last,
                (Some(last), Order::Descending) => self.to = last,
                (None, _) => return Ok(()),
            }
        }
    }

    /// All rows of one instance, of the tables whose first columns are workflow and instance.
    pub fn instance(table: Table, key: &InstanceKey, order: Order, limit: usize) -> Self {
        let at = |first: i64| RowKey { first, ..RowKey::named(table, &key.workflow) };
        let (from, to) = (at(key.instance.0), at(key.instance.0.saturating_add(1)));
        Self { table, from: Bound::Included(from), to: Bound::Excluded(to), order, limit }
    }
}

/// The store could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the store could not be read: {0}")]
pub struct Unreadable(pub String);

/// Durable rows, read only.
pub trait Rows {
    /// One row.
    fn row(&self, key: &RowKey) -> Result<Option<Body>, Unreadable>;
    /// Neighbouring rows.
    fn scan(&self, scan: &Scan) -> Result<Vec<(RowKey, Body)>, Unreadable>;
}
