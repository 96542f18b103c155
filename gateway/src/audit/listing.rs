//! The log as people read it.

use std::{fmt::Write as _, path::Path, sync::Arc};

use super::{
    entry::{Change, Entry, verify},
    log::Error,
};
use crate::journal;

/// Reads and checks a log without opening it for writing.
pub fn read(path: &Path) -> Result<Vec<Entry>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| journal::Error::Open { path: path.to_owned(), source: Arc::new(source) })?;
    // A line without its end is being written, or was when the process died.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(verify(whole.lines())?)
}

/// One line an entry, oldest first: number, time, who, what, and on which evidence.
pub fn list(entries: &[Entry]) -> String {
    let mut text = String::new();
    for Entry { number, at, who, change, .. } in entries {
        let _ = writeln!(text, "{number:>5}  {at}  {who}  {}", told(change));
    }
    text
}

fn told(change: &Change) -> String {
    match change {
        Change::Rollout { from, to, evidence, why } => {
            let evidence = evidence.as_ref().map(|hash| format!(", on evidence {}", short(hash))).unwrap_or_default();
            format!("{from} → {to}{evidence}: {why}")
        }
        Change::Flags { version } => format!("flags {} are in force", short(version)),
        Change::FlagsRefused { why } => format!("flags were not taken: {why}"),
        Change::HalfPushed { workflow, why } => format!("{workflow} is on the legacy engine only: {why}"),
        Change::Repaired { workflow, version } => format!("{workflow} version {version} is now on all engines"),
    }
}

/// Enough of a hash for people to tell two apart.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
