//! Kept runs on S3: one versioned, content-addressed format, in a bucket or in a folder.
//!
//! `definitions/<workflow id>/<sha256>.json`, `samples/<sha256>.json`, and `manifest.json`, which is only written under the condition that
//! nobody else has written it since it was read. A folder is served as S3 within the process, so that there is one way to do things.

mod error;
mod folder;
mod in_process;
mod key;
mod library;
mod location;
mod manifest;
mod server;
mod store;
mod stored;

pub use error::{Cause, Error};
pub use library::{Addition, Contents, Corpus, definition_ref};
pub use location::Location;
pub use manifest::{Entry, Manifest};
pub use stored::FORMAT;
