//! Moving the log back into the file, on a thread of its own: commits go on beside it.
//!
//! SQLite would do it within a commit, and whatever waits for that commit would wait for megabytes of writing and two more fsyncs.
//! Under load without a pause the log cannot begin anew, since commits keep coming in behind what was moved; so when it has become very
//! long, the writer moves the rest itself, which is little by then.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, ErrorCode, MAIN_DB, wal::CheckpointMode};

/// Pages in the log that are not in the file yet at which they are moved: 4 MiB. With more, commits beside it wait longer.
const PAGES: i32 = 1024;
/// Pages in the log at which the writer makes room itself: 64 MiB.
const PAGES_MAX: i32 = 16 * PAGES;

/// The thread that moves pages.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// `None` when it is to end.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread for a file that is open already.
    pub(super) fn start(path: &Path) -> Result<Self, super::super::Cause> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(super::BUSY)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // One that waits is enough: it will move what has come in by then.
        let (wake, woken) = sync_channel(1);
        let work = move || move_pages(&connection, &woken);
        let thread = thread::Builder::new().name("checkpoints".to_owned()).spawn(work)?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// Looks at the log after a commit.
    pub(super) fn look(&self, writer: &Connection) {
        // A log that cannot be moved now will be after another commit; what it holds is durable.
        let Ok((pages, moved)) = writer.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::NOOP) else { return };
        if pages >= PAGES_MAX {
            passive(writer);
        } else if pages - moved >= PAGES
            && let Some(wake) = &self.wake
            && let Err(TrySendError::Disconnected(())) = wake.try_send(())
        {
            passive(writer);
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that moves the log into the file panicked");
        }
    }
}

fn move_pages(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        passive(connection);
    }
}

/// Without waiting for anybody.
fn passive(connection: &Connection) {
    match connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE) {
        // Somebody else is moving it.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
        Err(error) => tracing::warn!(%error, "the log could not be moved into the file and will be later"),
        Ok(_) => {}
    }
}
