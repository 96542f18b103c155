//! A folder, served as S3 within this process.
//!
//! The server in use checks a condition and writes in two steps, and names its temporary files by a counter that each process begins
//! anew. So every request to a folder holds a lock on a file in it: writers exclude each other and readers, in whatever process they are.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;

use super::{Error, in_process};

/// The bucket: a subfolder, beside which the server keeps its own notes.
pub(super) const BUCKET: &str = "corpus";

/// The file that is locked.
const LOCK: &str = ".lock";

/// Requests are signed and checked as on any server; nobody else can reach this one.
const KEY: &str = "in-process";

/// A folder that holds a corpus.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// What a request is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Read,
    Write,
}

/// Held while a request is under way.
#[derive(Debug)]
pub(super) struct Guard {
    /// `None` where a folder may only be read, so that nobody writes.
    _lock: Option<File>,
}

impl Folder {
    /// A folder that must exist.
    pub(super) fn existing(path: &Path) -> Result<Self, Error> {
        if path.join(BUCKET).is_dir() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(Error::FolderMissing(path.to_owned()))
        }
    }

    /// A folder that is made where it is missing, and can be written.
    pub(super) fn writable(path: &Path) -> Result<Self, Error> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path.join(BUCKET)).map_err(|source| folder.error(source))?;
        folder.probe(1).map_err(|source| folder.error(source))?;
        Ok(folder)
    }

    /// A client of the server over this folder.
    pub(super) async fn client(&self) -> Result<Client, Error> {
        // The server begins by removing temporary files, which may be those of another process.
        let _guard = self.guard(Intent::Write).await?;
        let files = FileSystem::new(&self.path).map_err(|error| self.error(io::Error::other(format!("{error:?}"))))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, KEY));
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(in_process::way_to(service.build()))
            .endpoint_url("http://localhost")
            .force_path_style(true)
            .region(Region::new("local"))
            .credentials_provider(Credentials::new(KEY, KEY, None, None, "in process"))
            .retry_config(RetryConfig::disabled())
            .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(aws_sdk_s3::config::ResponseChecksumValidation::WhenRequired);
        Ok(Client::from_conf(config.build()))
    }

    /// Waits for the lock; a writer's excludes everybody.
    pub(super) async fn guard(&self, intent: Intent) -> Result<Guard, Error> {
        let folder = self.clone();
        let locked = tokio::task::spawn_blocking(move || folder.lock(intent)).await;
        locked.unwrap_or_else(|join| Err(self.error(io::Error::other(join))))
    }

    fn lock(&self, intent: Intent) -> Result<Guard, Error> {
        let path = self.path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = match file {
            Ok(file) => file,
            Err(error) if is_read_only(&error) => return Ok(Guard { _lock: None }),
            Err(error) => return Err(self.error(error)),
        };
        let locked = match intent {
            Intent::Read => file.lock_shared(),
            Intent::Write => file.lock(),
        };
        locked.map_err(|source| self.error(source))?;
        Ok(Guard { _lock: Some(file) })
    }

    /// Why the server could not write so many bytes, as far as the file system tells; the server itself keeps it to itself.
    pub(super) fn diagnose(&self, bytes: usize) -> Option<Error> {
        self.probe(bytes).err().map(|source| self.error(source))
    }

    fn probe(&self, bytes: usize) -> io::Result<()> {
        let path = self.path.join(format!(".probe.{}", std::process::id()));
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0; bytes])?;
            file.sync_all()
        });
        let removed = fs::remove_file(&path);
        written.and(removed)
    }

    fn error(&self, source: io::Error) -> Error {
        let path = self.path.clone();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { path, source },
            _ if is_read_only(&source) => Error::NotWritable { path, source },
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Error::NotWritable { path, source },
            _ => Error::Folder { path, source },
        }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
