//! Stands between a store and its database and breaks the connection at the worst moment.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    thread,
};

use tempfile::TempDir;

/// When the next commit's connection breaks.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Cut {
    /// All its statements have arrived, but not the order to commit.
    BeforeCommit = 1,
    /// It is made, but nobody is told.
    AfterCommit = 2,
}

/// A way to the database that can be cut.
pub(crate) struct Proxy {
    folder: TempDir,
    next: Arc<AtomicU8>,
    refused: Arc<AtomicUsize>,
}

/// As a simple query carries it; its tag and length are the five bytes before.
const COMMIT: &[u8] = b"COMMIT\0";
const HEADER: usize = 5;

impl Proxy {
    /// Listens in a folder of its own for what goes to `socket`.
    pub(crate) fn to(socket: &Path) -> Self {
        let folder = TempDir::with_prefix("proxy").unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let (next, refused) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
        let (socket, armed, refuse) = (socket.to_owned(), Arc::clone(&next), Arc::clone(&refused));
        // Ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let one_less = |count: usize| count.checked_sub(1);
                if refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
                    continue;
                }
                let (client, server) = (client.unwrap(), UnixStream::connect(&socket).unwrap());
                pass(client, server, Arc::clone(&armed));
            }
        });
        Self { folder, next, refused }
    }

    /// The same database by this way.
    pub(crate) fn url(&self, url: &str) -> String {
        let (_, database) = url.rsplit_once('/').unwrap();
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/{database}")
    }

    /// Breaks the connection of the next commit.
    pub(crate) fn cut(&self, cut: Cut) {
        self.next.store(cut as u8, Ordering::SeqCst);
    }

    /// Closes so many connections as soon as they are made.
    pub(crate) fn refuse(&self, count: usize) {
        self.refused.store(count, Ordering::SeqCst);
    }

    /// Whether that has happened.
    pub(crate) fn was_cut(&self) -> bool {
        self.next.load(Ordering::SeqCst) == 0
    }
}

fn pass(client: UnixStream, server: UnixStream, next: Arc<AtomicU8>) {
    let deaf = Arc::new(AtomicU8::new(0));
    let (mut from, mut to, is_deaf) = (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&deaf));
    thread::spawn(move || {
        copy(&mut from, |bytes| {
            let Some(at) = bytes.windows(COMMIT.len()).position(|window| window == COMMIT) else {
                return to.write_all(bytes).is_ok();
            };
            match next.swap(0, Ordering::SeqCst) {
                0 => to.write_all(bytes).is_ok(),
                1 => {
                    let _closed = to.write_all(&bytes[..at - HEADER]);
                    false
                }
                _ => {
                    is_deaf.store(1, Ordering::SeqCst);
                    to.write_all(bytes).is_ok()
                }
            }
        });
        close(&from, &to);
    });
    thread::spawn(move || {
        let (mut from, mut to) = (server, client);
        copy(&mut from, |bytes| {
            let is_made = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
            match deaf.load(Ordering::SeqCst) {
                0 => to.write_all(bytes).is_ok(),
                _ => !is_made,
            }
        });
        close(&from, &to);
    });
}

/// Hands over what arrives until the end, or until `each` has had enough.
fn copy(from: &mut UnixStream, mut each: impl FnMut(&[u8]) -> bool) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut bytes)
        && each(&bytes[..count])
    {}
}

fn close(one: &UnixStream, other: &UnixStream) {
    for stream in [one, other] {
        let _closed_already = stream.shutdown(Shutdown::Both);
    }
}
