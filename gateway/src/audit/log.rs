//! The log as a file that grows.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use workflow::time::Timestamp;

use super::entry::{Broken, Change, Entry, verify};
use crate::journal::{self, Journal};

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The chain does not hold: somebody changed the file.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The file cannot be read or written.
    #[error("the audit log cannot be kept")]
    File(#[from] journal::Error),
}

/// The log of one gateway.
#[derive(Debug)]
pub struct Log {
    journal: Journal,
    last: Mutex<Option<Entry>>,
}

impl Log {
    /// Opens the log, checks all of it, and gives back what it holds.
    pub fn open(path: &Path) -> Result<(Self, Vec<Entry>), Error> {
        let (journal, lines) = Journal::open(path)?;
        let entries = verify(lines.iter().map(String::as_str))?;
        Ok((Self { journal, last: Mutex::new(entries.last().cloned()) }, entries))
    }

    /// Writes a change down; it is on disk when this resolves.
    pub async fn note(&self, at: Timestamp, who: &str, change: Change) -> Result<Entry, Error> {
        let place = self.journal.place().await?;
        let (entry, written) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = Entry::after(last.as_ref(), at, who, change);
            let line = serde_json::to_string(&entry).expect("entries hold nothing but text, numbers and lists");
            let written = place.append(line);
            *last = Some(entry.clone());
            (entry, written)
        };
        written.await?;
        Ok(entry)
    }
}
