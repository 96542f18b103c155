//! A bounded pool of read-only connections.

use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use crate::store::Error;

/// Reads that may go on at once; more wait. Readers never wait for the writer.
const READERS: usize = 4;

/// Opens connections when they are first needed.
#[derive(Debug)]
pub(super) struct Readers {
    place: String,
    idle: Mutex<Idle>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Connection>,
    lent: usize,
}

impl Readers {
    pub(super) fn new(place: String) -> Self {
        Self { place, idle: Mutex::default(), returned: Condvar::new() }
    }

    /// Hands a connection to `read`, waiting for one if all are in use.
    pub(super) fn with<T>(&self, read: impl FnOnce(&mut Connection) -> T) -> Result<T, Error> {
        let mut lent = Lent { readers: self, connection: Some(self.take()?) };
        let connection = lent.connection.as_mut().expect("a connection is lent until it is dropped");
        Ok(read(connection))
    }

    fn take(&self) -> Result<Connection, Error> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while idle.connections.is_empty() && idle.lent == READERS {
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
        idle.lent += 1;
        if let Some(connection) = idle.connections.pop() {
            return Ok(connection);
        }
        drop(idle);
        self.open().inspect_err(|_| self.give(None))
    }

    fn open(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(&self.place, flags)?;
            connection.busy_timeout(super::BUSY)?;
            connection.set_prepared_statement_cache_capacity(super::STATEMENTS);
            Ok(connection)
        };
        open().map_err(|source: rusqlite::Error| Error::broken(&self.place, "opened", source))
    }

    fn give(&self, connection: Option<Connection>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.lent -= 1;
        idle.connections.extend(connection);
        drop(idle);
        self.returned.notify_one();
    }
}

/// Comes back even when the reader panics.
struct Lent<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.give(self.connection.take());
    }
}
