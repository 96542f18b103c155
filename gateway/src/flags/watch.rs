//! The file of flags, looked at again and again. What is in force changes only to something that was read whole and found right.

use std::{
    fs::File,
    io::{self, Read as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use super::file::{Error, Flags};

/// How often the file is looked at. Reading it is cheaper than most ways of being told, and works on every kind of file system.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Larger files are not flags.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// The file is as it was.
    Same,
    /// Other flags are in force now; their version.
    Taken(String),
    /// The file changed and is wrong; what was in force stays.
    Refused(Error),
}

/// The flags in force.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// What the last look read, so that a broken file is reported once.
    last: Mutex<Option<Result<String, Error>>>,
    in_force: RwLock<Option<Arc<Flags>>>,
}

impl Watch {
    /// Nothing is in force until the first look.
    pub fn new(path: PathBuf) -> Self {
        Self { path, last: Mutex::default(), in_force: RwLock::default() }
    }

    /// The flags in force; `None` before there were any.
    pub fn flags(&self) -> Option<Arc<Flags>> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the file once.
    pub fn look(&self) -> Look {
        let read = self.read();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&read) {
            return Look::Same;
        }
        *last = Some(read.clone());
        let flags = match read.and_then(|text| Flags::parse(&text)) {
            Ok(flags) => Arc::new(flags),
            Err(error) => return Look::Refused(error),
        };
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        if in_force.as_ref().is_some_and(|before| before.version == flags.version) {
            return Look::Same;
        }
        let version = flags.version.clone();
        *in_force = Some(flags);
        Look::Taken(version)
    }

    fn read(&self) -> Result<String, Error> {
        let unreadable = |error: io::Error| Error::Unreadable(error.to_string());
        let file = File::open(&self.path).map_err(unreadable)?;
        let mut text = String::new();
        file.take(FILE_MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > FILE_MAX_BYTES { Err(Error::TooLarge { max: FILE_MAX_BYTES }) } else { Ok(text) }
    }
}
