//! A bounded pool of read-only connections.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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

    /// A connection; waits for one if all are in use.
    pub(super) fn wait(&self) -> Result<Lent<'_>, Error> {
        let mut idle = self.lock();
        while idle.connections.is_empty() && idle.lent == READERS {
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
        idle.lent += 1;
        if let Some(connection) = idle.connections.pop() {
            return Ok(Lent { readers: self, connection: Some(connection) });
        }
        drop(idle);
        let opened = self.open().inspect_err(|_| self.give(None))?;
        Ok(Lent { readers: self, connection: Some(opened) })
    }

    /// A connection that is open and not in use.
    pub(super) fn idle(&self) -> Option<Lent<'_>> {
        let mut idle = self.lock();
        let connection = idle.connections.pop()?;
        idle.lent += 1;
        Some(Lent { readers: self, connection: Some(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut idle = self.lock();
        idle.lent -= 1;
        idle.connections.extend(connection);
        drop(idle);
        self.returned.notify_one();
    }
}

/// A connection that comes back even when the reader panics.
pub(super) struct Lent<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Lent<'_> {
    pub(super) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a connection is lent until it is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.give(self.connection.take());
    }
}
