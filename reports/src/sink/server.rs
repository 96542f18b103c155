//! The server: listens, reads bounded lines, asks the conversation, keeps mails.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{
    Folder,
    conversation::{Conversation, Envelope, Reaction},
    fault::{Act, Faults},
};

/// Conversations at a time; further ones wait in the listener's queue.
const CONVERSATIONS_MAX: usize = 32;

/// Bytes of a command line (RFC 5321 asks for 512).
const LINE_MAX_BYTES: usize = 4 * 1024;

/// Bytes of a mail, as large providers have it.
const MAIL_MAX_BYTES: usize = 25 * 1024 * 1024;

/// How long a silent client is kept (RFC 5321 asks for 5 minutes).
const SILENCE_MAX: Duration = Duration::from_mins(5);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else listens there, or the address is not ours.
    #[error("no mail can be taken on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The folder cannot be made or read.
    #[error("no mail can be kept in `{}`", folder.display())]
    Folder {
        /// The folder that was asked for.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A running server. Dropping it ends it too, but only [`Sink::stop`] waits for the end.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    folder: Arc<Folder>,
    is_over: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

impl Sink {
    /// Listens on an address (port 0 takes any that is free) and keeps mails in a folder.
    pub async fn start(address: SocketAddr, folder: impl Into<PathBuf>, faults: Faults) -> Result<Self, Error> {
        let path = folder.into();
        let folder = Folder::open(&path).map_err(|source| Error::Folder { folder: path, source })?;
        let folder = Arc::new(folder);
        let listen = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (is_over, over) = watch::channel(false);
        let listening = tokio::spawn(listen_until(over, listener, Arc::clone(&folder), Arc::new(faults)));
        Ok(Self { address, folder, is_over, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has kept.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Takes no more mail, drops unfinished conversations and waits until all is at rest.
    pub async fn stop(self) {
        self.is_over.send_replace(true);
        if self.listening.await.is_err() {
            tracing::error!("the mail sink panicked");
        }
    }
}

async fn listen_until(
    mut over: watch::Receiver<bool>,
    listener: TcpListener,
    folder: Arc<Folder>,
    faults: Arc<Faults>,
) {
    let places = Arc::new(Semaphore::new(CONVERSATIONS_MAX));
    let mut conversations = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // An error means that the sink was dropped.
            _ = over.wait_for(|is_over| *is_over) => break,
            Some(_) = conversations.join_next(), if !conversations.is_empty() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let (folder, faults) = (Arc::clone(&folder), Arc::clone(&faults));
        conversations.spawn(async move {
            if let Err(error) = talk(stream, &folder, &faults).await {
                tracing::debug!(%error, "a mail conversation broke off");
            }
            drop(place);
        });
    }
    conversations.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "a mail connection could not be taken");
            // Out of file handles: another try at once would find none either.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn talk(stream: TcpStream, folder: &Arc<Folder>, faults: &Faults) -> io::Result<()> {
    // Answers are a few bytes each: waiting for more to send with them costs 40 ms a line.
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut conversation = Conversation::new(faults, MAIL_MAX_BYTES);
    let mut reaction = conversation.greeting();
    loop {
        match reaction {
            Reaction::Say(text) => say(&mut stream, &text).await?,
            Reaction::Fail(Act::Answer(code, text)) => say(&mut stream, &format!("{code} {text}")).await?,
            Reaction::Fail(Act::Hang) => return hang(&mut stream).await,
            Reaction::Fail(Act::Drop) => return Ok(()),
            Reaction::Close(text) => return say(&mut stream, &text).await,
            Reaction::ReadMail(text) => {
                say(&mut stream, &text).await?;
                let Some(mail) = read_mail(&mut stream).await? else {
                    return say(&mut stream, "552 5.3.4 the mail is too large").await;
                };
                reaction = match conversation.mail_ended() {
                    Ok(envelope) => Reaction::Say(keep(folder, envelope, mail).await),
                    Err(act) => Reaction::Fail(act),
                };
                continue;
            }
        }
        let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
        reaction = conversation.on_line(&line);
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await
}

/// Reads and says nothing until the client goes or the silence lasts too long.
async fn hang(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    let mut ignored = [0; 1024];
    while timeout(SILENCE_MAX, stream.read(&mut ignored)).await?? > 0 {}
    Ok(())
}

/// The next command without its line break; none when the client has gone.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut bounded = (&mut *stream).take(LINE_MAX_BYTES as u64);
    timeout(SILENCE_MAX, bounded.read_until(b'\n', &mut line)).await??;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a command is longer than 4 KiB or breaks off"));
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()))
}

/// A mail up to the line that is a dot, with dots at the start of lines unstuffed; none if it is too large.
async fn read_mail(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    loop {
        let from = mail.len();
        let room = MAIL_MAX_BYTES.saturating_sub(from);
        let mut bounded = (&mut *stream).take(room as u64);
        timeout(SILENCE_MAX, bounded.read_until(b'\n', &mut mail)).await??;
        match &mail[from..] {
            b".\r\n" | b".\n" => {
                mail.truncate(from);
                return Ok(Some(mail));
            }
            [.., b'\n'] if mail[from] == b'.' => drop(mail.remove(from)),
            [.., b'\n'] => {}
            _ if mail.len() >= MAIL_MAX_BYTES => return Ok(None),
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Keeps a mail and says so; a disk that is full now may have room later.
async fn keep(folder: &Arc<Folder>, envelope: Envelope, mail: Vec<u8>) -> String {
    let folder = Arc::clone(folder);
    let kept = tokio::task::spawn_blocking(move || folder.keep(&envelope, &mail)).await;
    match kept.map_err(io::Error::other).and_then(|kept| kept) {
        Ok(_) => "250 2.0.0 kept".to_owned(),
        Err(error) => {
            tracing::warn!(%error, "a mail could not be kept");
            "452 4.3.1 the mail could not be kept".to_owned()
        }
    }
}
