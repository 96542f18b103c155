//! Which SQL table and columns hold the rows of a [`Table`], so that a person with `sqlite3` finds what they look for.
//!
//! Every table has the five columns of a [`RowKey`], named after their use there, then `live` and `body`.

use workflow::life::Table;

/// The SQL name of a table and of its five key columns.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) table: Table,
    pub(super) name: &'static str,
    pub(super) columns: [&'static str; 5],
    /// Where its rows go when their run has ended.
    pub(super) archive: Option<&'static str>,
    /// The column of the archive that says when a row came there.
    pub(super) archive_moment: Option<&'static str>,
}

impl Layout {
    /// The columns of a key, in the order of their table.
    pub(super) fn key(&self) -> String {
        self.columns.join(", ")
    }

    /// The tables that may hold a row: what is written now first, then what is archived.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.archive)
    }
}

/// In the order of [`Table`], which is also the order of recovery: workflows before their runs.
pub(super) const LAYOUTS: [Layout; 13] = [
    of(Table::Workflow, "workflow", ["workflow", "first", "second", "part", "third"]),
    of(Table::Version, "version", ["workflow", "version", "second", "part", "third"]),
    of(Table::WorkflowTimeline, "workflow_timeline", ["workflow", "number", "second", "part", "third"]),
    archive("seed_archive", of(Table::Seed, "seed", ["workflow", "instance", "run", "part", "third"])),
    Layout {
        archive_moment: Some("archived_at_ms"),
        ..archive("run_archive", of(Table::Run, "run", ["workflow", "instance", "run", "part", "third"]))
    },
    archive("attempt_archive", of(Table::Attempt, "attempt", ["workflow", "instance", "run", "step", "attempt"])),
    of(Table::Breakpoint, "breakpoint", ["workflow", "number", "second", "step", "third"]),
    of(Table::Signal, "signal", ["signal", "number", "second", "part", "third"]),
    of(Table::Permit, "permit", ["tag", "first", "second", "part", "third"]),
    of(Table::Template, "template", ["job_type", "first", "second", "version", "third"]),
    of(Table::Output, "output", ["job", "first", "second", "part", "third"]),
    of(Table::Start, "start", ["request", "first", "second", "part", "third"]),
    of(Table::Other, "other", ["name", "first", "second", "part", "third"]),
];

const fn of(table: Table, name: &'static str, columns: [&'static str; 5]) -> Layout {
    Layout { table, name, columns, archive: None, archive_moment: None }
}

const fn archive(name: &'static str, layout: Layout) -> Layout {
    Layout { archive: Some(name), ..layout }
}

/// The tables of a run, which move together when it has ended.
pub(super) fn archived() -> impl Iterator<Item = &'static Layout> {
    LAYOUTS.iter().filter(|layout| layout.archive.is_some())
}

/// The layout of a table.
pub(super) fn layout(table: Table) -> &'static Layout {
    &LAYOUTS[table as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_stand_in_the_order_of_their_tables() {
        for (index, layout) in LAYOUTS.iter().enumerate() {
            assert_eq!(layout.table as usize, index, "{}", layout.name);
        }
    }
}
