//! Numbered migrations that are never changed once applied, and what to do about a store that disagrees with them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Error;

/// One step of a schema.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

impl Migration {
    pub(super) fn checksum(&self) -> String {
        hex(&Sha256::digest(self.sql))
    }

    /// Tells whoever waits for it to be applied to a store that holds something.
    pub(super) fn announce(&self, applied: &[(i64, String)], place: &str) {
        if !applied.is_empty() {
            tracing::warn!(
                store = place,
                schema = self.number,
                "a newer schema is made, which takes longer in a large store"
            );
        }
    }
}

/// What is still to be applied, given the numbers and checksums of what was; or why this program must leave the store alone.
pub(super) fn pending<'a>(
    known: &'a [Migration],
    applied: &[(i64, String)],
    place: &str,
) -> Result<&'a [Migration], Error> {
    let newest = known.last().map_or(0, |migration| migration.number);
    if let Some((found, _)) = applied.iter().find(|(number, _)| *number > newest) {
        return Err(Error::Newer { place: place.to_owned(), found: *found, known: newest });
    }
    for (migration, (number, checksum)) in known.iter().zip(applied) {
        if migration.number != *number || migration.checksum() != *checksum {
            return Err(Error::Altered { place: place.to_owned(), name: migration.name.to_owned() });
        }
    }
    Ok(&known[applied.len().min(known.len())..])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(hex, "{byte:02x}");
    }
    hex
}
