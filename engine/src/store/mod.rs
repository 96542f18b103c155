//! Where rows and events are kept, and what makes a write durable.
//!
//! A store is narrow on purpose: write a batch whole or not at all, read rows, list what must be loaded after a crash, hand out
//! events in order. Every batch names the group and generation that it was decided under, and is refused as a whole where
//! somebody else has taken one of these groups over.
//!
//! Invariant: nothing here knows what a row means.

pub mod backup;
mod batch;
mod bundle;
pub mod inspect;
mod layout;
pub mod memory;
mod merge;
mod migration;
mod ownership;
pub mod portable;
pub mod postgres;
pub mod sqlite;

use std::{collections::BTreeMap, fmt, io, path::PathBuf, time::Duration};

use workflow::{
    event::Event,
    id::RunKey,
    life::{Body, RowKey, Rows},
};

pub use batch::{Batch, Write};
pub use memory::Memory;
pub use ownership::{Cluster, Member, NodeId, Owned, Ownership};
pub use postgres::Postgres;
pub use sqlite::Sqlite;

/// A part of all machines, owned by one node at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How often a group has changed hands; a write under an older one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The right to write for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    /// The group.
    pub group: GroupId,
    /// The generation that the writer owns it in.
    pub generation: Generation,
}

/// Where a bundle of events stands in the outbox of its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub i64);

/// The events of one group in one durable batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The group.
    pub group: GroupId,
    /// Its place; the positions of a group grow, with gaps.
    pub position: Position,
    /// The events in the order in which they were published.
    pub events: Vec<Event>,
}

/// What an engine needs of a store.
pub trait Store: Ownership + Send + Sync + fmt::Debug + 'static {
    /// For a store that one process has for itself: takes all groups over without regard to leases, in the order of their numbers. Each gets
    /// its next generation, so that whoever owned it before can no longer write.
    /// `count` decides how many groups a new store has; later it stays what it was.
    fn claim(&self, count: u32) -> Result<Vec<Fence>, Error>;

    /// Writes a batch whole or not at all; durable on return.
    fn commit(&self, batch: &Batch) -> Result<(), Error>;

    /// Reads one consistent state of what is durable.
    fn view(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error>;

    /// Like [`Store::view`], in a turn of a machine: only where a row is read in some microseconds and nobody has to be waited for. `None`
    /// where that is not so, or not just now.
    fn view_at_once(&self, _look: &mut dyn FnMut(&dyn Rows)) -> Option<Result<(), Error>> {
        None
    }

    /// Like [`Store::view`], by someone who will read the rows of these runs: where reads are far away they are fetched together. What is read
    /// of others may be newer.
    fn view_runs(&self, _runs: &[RunKey], look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        self.view(look)
    }

    /// Like [`Store::view_runs`], by someone who will read these rows.
    fn view_rows(&self, _keys: &[RowKey], look: &mut dyn FnMut(&dyn Rows)) -> Result<(), Error> {
        self.view(look)
    }

    /// The rows of a group that a machine must be loaded by, in the order of their keys, after `after`.
    fn live(&self, group: GroupId, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Body)>, Error>;

    /// Moves at most so many runs that have ended, with their attempts, out of the way of those that go on; says how many. They are read as before.
    /// A store that keeps no history has nothing to move.
    fn archive(&self, _runs: usize) -> Result<usize, Error> {
        Ok(0)
    }

    /// Deletes at most so many runs that were archived longer than `age` ago; says how many.
    fn expire(&self, _age: Duration, _runs: usize) -> Result<usize, Error> {
        Ok(0)
    }

    /// Bundles of events of some groups, each after a position. What one group published comes in the order in which it was committed.
    fn outbox(&self, after: &BTreeMap<GroupId, Position>, limit: usize) -> Result<Vec<Bundle>, Error>;
}

/// What a system said about its failure.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another node took over: whoever decided this stops without writing.
    #[error("group {group} is in generation {current} and no longer in {generation}")]
    Fenced {
        /// The group.
        group: GroupId,
        /// The generation that the writer believed in.
        generation: Generation,
        /// The one that the store knows.
        current: Generation,
    },
    /// Another node took a group while this one was taken for dead.
    #[error("group {group} was taken by another node; this one held it in generation {generation}")]
    Taken {
        /// The group.
        group: GroupId,
        /// The generation that this node held it in.
        generation: Generation,
    },
    /// The store has not answered for so long that others may have taken this node's groups.
    #[error("the store has not answered within {} s, the time that this node's groups are safe from others", within.as_secs_f64())]
    Silent {
        /// How long the store was waited for.
        within: Duration,
    },
    /// What was asked of the store came to no answer; whether it was done is not known.
    #[error("an answer of the store was lost: {what}")]
    Lost {
        /// What happened.
        what: String,
    },
    /// Nothing was written; free space and start again.
    #[error("there is no space left to write to {place}")]
    Full {
        /// The file or the database.
        place: String,
        /// What the system said.
        source: Cause,
    },
    /// Nothing was written; the disk, the file system or the database is in trouble.
    #[error("{place} could not be {act}")]
    Broken {
        /// The file or the database.
        place: String,
        /// `written`, `read`, `opened`.
        act: &'static str,
        /// What the system said.
        source: Cause,
    },
    /// The database did not answer for as long as it may. Whether a commit that was under way was made is not known; the next owner of the
    /// groups finds out.
    #[error("{place} could not be reached")]
    Unreachable {
        /// The database.
        place: String,
        /// What happened last.
        source: Cause,
    },
    /// The text that should say where the store is does not.
    #[error("`{place}` is not the address of a store")]
    Address {
        /// The text, without its password.
        place: String,
        /// What is wrong with it.
        source: Cause,
    },
    /// The folder of the file could not be made.
    #[error("the folder {} could not be made", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A newer version of this program has written the store: use that version, or a copy from before.
    #[error(
        "{place} has schema {found}, this program knows schemas up to {known}: start it with the program that wrote it"
    )]
    Newer {
        /// The file.
        place: String,
        /// Its schema.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// A migration that was applied to the store is not the one that this program contains.
    #[error("{place} was migrated by another `{name}` than this program contains")]
    Altered {
        /// The file.
        place: String,
        /// The migration.
        name: String,
    },
    /// The file belongs to some other program.
    #[error("{place} is not a store of this program")]
    Foreign {
        /// The file.
        place: String,
    },
    /// A row holds what this program does not write.
    #[error("{what} cannot be stored or read back")]
    Unreadable {
        /// The row or the event.
        what: String,
    },
}

impl Error {
    fn broken(place: &str, act: &'static str, source: impl Into<Cause>) -> Self {
        Self::Broken { place: place.to_owned(), act, source: source.into() }
    }
}

/// A failure with all its causes in one line, for where only text fits.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
