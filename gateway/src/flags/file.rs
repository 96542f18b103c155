//! A file of flags, read and checked as a whole: one that is wrong in one place is not taken at all.

use std::collections::BTreeMap;

use datalogic_rs::Logic;
use serde_json::Value as Json;

/// What is wrong with a file of flags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON.
    #[error("line {line}, column {column}: {why}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What was met.
        why: String,
    },
    /// It is JSON, but not what flags look like.
    #[error("{path}: {why}")]
    Content {
        /// The place, as `flags.engine.variants`.
        path: String,
        /// What is wrong there.
        why: String,
    },
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// It is larger than flags are.
    #[error("the file has more than {max} bytes")]
    TooLarge {
        /// The limit.
        max: u64,
    },
}

/// Flags that are in force together.
#[derive(Debug)]
pub struct Flags {
    /// The content hash of their file.
    pub version: String,
    pub(crate) flags: BTreeMap<String, Flag>,
}

/// One flag.
#[derive(Debug)]
pub struct Flag {
    pub(crate) is_enabled: bool,
    pub(crate) variants: BTreeMap<String, Json>,
    pub(crate) default_variant: Option<String>,
    pub(crate) targeting: Option<Logic>,
    pub(crate) salt: Option<String>,
}

impl Flags {
    /// A flag by its name.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.get(name)
    }
}
