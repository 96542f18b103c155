//! One entry, and how it is tied to the one before.

use serde::{Deserialize, Serialize};
use workflow::time::Timestamp;

use crate::{canonical::content_hash, rollout::State};

/// The form in which entries are written.
const FORM: u32 = 1;

/// What the first entry carries as the hash before it.
const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Change {
    /// The rollout moved.
    Rollout {
        /// Before.
        from: State,
        /// After.
        to: State,
        /// Content hash of the verdict bundle that it rests on.
        evidence: Option<String>,
        /// Why, for people.
        why: String,
    },
    /// Other flags are in force.
    Flags {
        /// Their version: the content hash of the file.
        version: String,
    },
    /// A file of flags was not taken; the ones before stay in force.
    FlagsRefused {
        /// What is wrong with it.
        why: String,
    },
    /// A definition came to the legacy engine only: its runs stay there until it is repaired.
    HalfPushed {
        /// The workflow.
        workflow: String,
        /// What the other engine said.
        why: String,
    },
    /// A definition that only the legacy engine had was brought to the other.
    Repaired {
        /// The workflow.
        workflow: String,
        /// The latest version, which both engines have now.
        version: i64,
    },
}

/// One change, sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The form in which it is written.
    pub form: u32,
    /// Its place, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who did it; `gateway` for what it did by itself.
    pub who: String,
    /// What.
    pub change: Change,
    /// The hash of the entry before.
    pub previous: String,
    /// SHA-256 over all of the above as canonical JSON.
    pub hash: String,
}

/// The first entry of a log that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log is broken at entry {number}: {why}")]
pub struct Broken {
    /// Its place in the file, from 1.
    pub number: u64,
    /// What is wrong.
    pub why: String,
}

impl Entry {
    /// The entry that comes after `last`.
    pub fn after(last: Option<&Entry>, at: Timestamp, who: &str, change: Change) -> Self {
        let previous = last.map_or(NOTHING_BEFORE, |last| &last.hash).to_owned();
        let number = last.map_or(1, |last| last.number + 1);
        let mut entry = Self { form: FORM, number, at, who: who.to_owned(), change, previous, hash: String::new() };
        entry.hash = entry.seal();
        entry
    }

    fn seal(&self) -> String {
        let mut document = serde_json::to_value(self).expect("entries hold nothing but text, numbers and lists");
        if let Some(fields) = document.as_object_mut() {
            fields.shift_remove("hash");
        }
        content_hash(&document)
    }
}

/// Reads a log and checks its chain; names the first entry that does not hold.
pub fn verify<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Entry>, Broken> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let broken = |why: String| Broken { number, why };
        let entry: Entry = serde_json::from_str(line).map_err(|error| broken(format!("it cannot be read: {error}")))?;
        let before = entries.last();
        if entry.form != FORM {
            return Err(broken(format!("it is written in form {}, which is not known", entry.form)));
        }
        if entry.number != number {
            return Err(broken(format!("it says that it is entry {}", entry.number)));
        }
        if entry.previous != before.map_or(NOTHING_BEFORE, |before| &before.hash) {
            return Err(broken("it does not follow the entry before".to_owned()));
        }
        if entry.hash != entry.seal() {
            return Err(broken("its content was changed".to_owned()));
        }
        entries.push(entry);
    }
    Ok(entries)
}
