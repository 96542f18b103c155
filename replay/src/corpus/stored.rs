//! The forms in which a corpus keeps things: each is tagged with its version, and read in every version that was ever written.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use super::{Error, Manifest, key};
use crate::sample::{DefinitionRef, Sample};

/// The form that this code writes.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    format: u32,
    content: &'a T,
}

#[derive(Deserialize)]
struct Read {
    format: u64,
    content: Json,
}

/// The definition's stored form and its name.
pub(super) fn definition(workflow: &str, version: i64, body: &Json) -> (DefinitionRef, Vec<u8>) {
    let bytes = write(body);
    (DefinitionRef { workflow: workflow.to_owned(), version, sha256: key::sha256(&bytes) }, bytes)
}

/// The sample's stored form and its name.
pub(super) fn sample(sample: &Sample) -> (String, Vec<u8>) {
    let bytes = write(sample);
    (key::sha256(&bytes), bytes)
}

pub(super) fn manifest(manifest: &Manifest) -> Vec<u8> {
    write(manifest)
}

pub(super) fn read_definition(key: &str, bytes: &[u8]) -> Result<Json, Error> {
    upgraded(key, bytes)
}

pub(super) fn read_sample(key: &str, bytes: &[u8]) -> Result<Sample, Error> {
    typed(key, upgraded(key, bytes)?)
}

pub(super) fn read_manifest(key: &str, bytes: &[u8]) -> Result<Manifest, Error> {
    typed(key, upgraded(key, bytes)?)
}

fn write<T: Serialize>(content: &T) -> Vec<u8> {
    serde_json::to_vec(&Written { format: FORMAT, content })
        .expect("stored forms have text keys and finite numbers only")
}

/// The content in the newest form. There is one form so far, so nothing has to be upgraded.
fn upgraded(key: &str, bytes: &[u8]) -> Result<Json, Error> {
    let read: Read = serde_json::from_slice(bytes).map_err(|error| damaged(key, &error))?;
    match read.format {
        1 => Ok(read.content),
        0 => Err(Error::Damaged { key: key.to_owned(), because: "there is no format 0".to_owned() }),
        found => Err(Error::Newer { key: key.to_owned(), found, known: FORMAT }),
    }
}

fn typed<T: DeserializeOwned>(key: &str, content: Json) -> Result<T, Error> {
    serde_json::from_value(content).map_err(|error| damaged(key, &error))
}

fn damaged(key: &str, error: &serde_json::Error) -> Error {
    Error::Damaged { key: key.to_owned(), because: error.to_string() }
}
