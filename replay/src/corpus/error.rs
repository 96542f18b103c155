//! What can go wrong with a corpus, and what to do about it.

use std::{io, path::PathBuf};

/// Why a corpus could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text names no place.
    #[error("`{0}` names no corpus")]
    Location(String),
    /// The server does not answer.
    #[error("the corpus at {location} could not be reached")]
    Unreachable {
        /// Where.
        location: String,
        /// Why.
        source: Cause,
    },
    /// There is no such bucket.
    #[error("the bucket of {location} does not exist")]
    BucketMissing {
        /// Where.
        location: String,
    },
    /// The server refuses these credentials, or there are none.
    #[error("access to {location} was denied")]
    AccessDenied {
        /// Where.
        location: String,
        /// What the server said.
        source: Cause,
    },
    /// The server knows no conditional writes, so that two writers could lose each other's samples.
    #[error("the server of {location} knows no conditional writes")]
    NoConditionalWrites {
        /// Where.
        location: String,
    },
    /// There is no such folder.
    #[error("there is no corpus in the folder {0}")]
    FolderMissing(PathBuf),
    /// The folder may not be written.
    #[error("the folder {path} is not writable")]
    NotWritable {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no room.
    #[error("there is no room left for the folder {path}")]
    DiskFull {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder failed in another way.
    #[error("the folder {path} could not be used")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else wrote the manifest each time.
    #[error("the manifest of {location} was changed by others {tries} times while it was being changed")]
    Contended {
        /// Where.
        location: String,
        /// How often it was tried.
        tries: u32,
    },
    /// An object that another one names is not there.
    #[error("{key} is missing in the corpus")]
    Missing {
        /// Which object.
        key: String,
    },
    /// A newer version of this program wrote it.
    #[error("{key} has format {found}, and this version reads formats up to {known}")]
    Newer {
        /// Which object.
        key: String,
        /// Its format.
        found: u64,
        /// The newest that this code knows.
        known: u32,
    },
    /// It is not what its name promises.
    #[error("{key} is damaged: {because}")]
    Damaged {
        /// Which object.
        key: String,
        /// In which way.
        because: String,
    },
    /// The server failed in another way.
    #[error("the server failed to {verb} {key}")]
    Server {
        /// What was tried.
        verb: &'static str,
        /// With which object.
        key: String,
        /// What it said.
        source: Cause,
    },
}

/// What a client library reports.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Location(_) => "name a folder, or a bucket as `s3://bucket/prefix`",
            Self::Unreachable { .. } => "check the endpoint's URL and that the server runs",
            Self::BucketMissing { .. } => "create the bucket, or correct its name",
            Self::AccessDenied { .. } => {
                "give credentials by `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` or a profile that may read and write there"
            }
            Self::NoConditionalWrites { .. } => "use a server that knows `If-Match` on writes, or a folder",
            Self::FolderMissing(_) => "capture some runs into it first, or correct the path",
            Self::NotWritable { .. } => "choose another folder, or change its owner or mode",
            Self::DiskFull { .. } => "make room, or choose another folder",
            Self::Folder { .. } => "check the folder and its file system",
            Self::Contended { .. } => "try again when fewer captures run at once",
            Self::Missing { .. } | Self::Damaged { .. } => {
                "capture the runs again into a new corpus, or restore the object"
            }
            Self::Newer { .. } => "use a newer version of this program",
            Self::Server { .. } => "try again; if it stays, look into the server's log",
        }
    }
}
