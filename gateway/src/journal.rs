//! A file that only grows, line by line, each line on disk before its writer goes on.
//!
//! One thread writes: all lines that wait are one write and one sync, so that many writers cost about as much as one.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use tokio::sync::{mpsc, oneshot};

/// Lines that may wait for the disk; further writers wait for a place.
const WAITING_MAX: usize = 1024;

/// Why a line is not on disk.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or read.
    #[error("opening `{path}` failed", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// A write failed. What the file holds behind the last good line is not known, so nothing more is written until it is opened again.
    #[error("writing to `{path}` failed", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The writer is gone: the process shuts down.
    #[error("`{path}` is closed", path = path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
}

/// The way to the file.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    queue: Option<mpsc::Sender<Append>>,
    writer: Option<JoinHandle<()>>,
}

struct Append {
    line: String,
    done: oneshot::Sender<Result<(), Error>>,
}

/// A place in the queue; what is sent through it stands behind everything that was sent before.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    permit: mpsc::Permit<'a, Append>,
    path: &'a Path,
}

impl Journal {
    /// Opens the file, or makes it, and gives back its lines. A last line that was not written to its end is taken off: nobody was told of it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<String>), Error> {
        let failed = |source: io::Error| Error::Open { path: path.to_owned(), source: Arc::new(source) };
        let (file, lines) = read(path).map_err(failed)?;
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let owned = path.to_owned();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(file, &owned, waiting))
            .map_err(failed)?;
        Ok((Self { path: path.to_owned(), queue: Some(queue), writer: Some(writer) }, lines))
    }

    /// Waits for a place in the queue, so that the order of lines can be decided under a lock.
    pub(crate) async fn place(&self) -> Result<Place<'_>, Error> {
        let queue = self.queue.as_ref().expect("the queue is taken only on drop");
        let permit = queue.reserve().await.map_err(|_| Error::Closed { path: self.path.clone() })?;
        Ok(Place { permit, path: &self.path })
    }
}

impl Place<'_> {
    /// Hands in a line; what comes back resolves when it is on disk.
    pub(crate) fn append(self, line: String) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (done, written) = oneshot::channel();
        let path = self.path.to_owned();
        self.permit.send(Append { line, done });
        async move { written.await.unwrap_or(Err(Error::Closed { path })) }
    }
}

impl Drop for Journal {
    /// Everything that was handed in is written first.
    fn drop(&mut self) {
        self.queue.take();
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!(path = %self.path.display(), "the writer of a journal panicked");
        }
    }
}

fn read(path: &Path) -> io::Result<(File, Vec<String>)> {
    let is_new = !path.exists();
    let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    if is_new && let Some(folder) = path.parent() {
        // A file is found again after a crash only when its folder is on disk too.
        File::open(folder)?.sync_all()?;
    }
    let bytes = std::fs::read(path)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    if whole < bytes.len() {
        tracing::warn!(path = %path.display(), bytes = bytes.len() - whole, "an unfinished last line was taken off");
        file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
        file.sync_all()?;
    }
    let text = std::str::from_utf8(&bytes[..whole]).map_err(io::Error::other)?;
    Ok((file, text.lines().map(str::to_owned).collect()))
}

fn write_all(mut file: File, path: &Path, mut waiting: mpsc::Receiver<Append>) {
    let mut failed: Option<Error> = None;
    let mut batch = Vec::with_capacity(WAITING_MAX);
    while let Some(first) = waiting.blocking_recv() {
        batch.push(first);
        while batch.len() < WAITING_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        if failed.is_none() {
            failed = write_batch(&mut file, &batch)
                .err()
                .map(|source| Error::Write { path: path.to_owned(), source: Arc::new(source) });
        }
        for Append { done, .. } in batch.drain(..) {
            // Whoever stopped waiting does not need to know.
            let _ = done.send(failed.clone().map_or(Ok(()), Err));
        }
    }
}

fn write_batch(file: &mut File, batch: &[Append]) -> io::Result<()> {
    let mut bytes = String::new();
    for Append { line, .. } in batch {
        bytes.push_str(line);
        bytes.push('\n');
    }
    file.write_all(bytes.as_bytes())?;
    file.sync_data()
}
