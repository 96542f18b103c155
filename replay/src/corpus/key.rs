//! Names of objects.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The list of everything that a corpus holds.
pub(super) const MANIFEST: &str = "manifest.json";

/// Encoded ids longer than this are cut and told apart by a hash: keys become file names, which have an end.
const ID_MAX_BYTES: usize = 64;

/// Bytes of a cut id that stay readable.
const ID_READABLE_BYTES: usize = 40;

/// Where a definition lies.
pub(super) fn definition(workflow: &str, sha256: &str) -> String {
    format!("definitions/{}/{sha256}.json", encoded(workflow))
}

/// Where a sample lies.
pub(super) fn sample(sha256: &str) -> String {
    format!("samples/{sha256}.json")
}

/// An id as one segment of a key: everything but letters, digits, `_`, `-` and inner dots is percent-encoded.
pub(super) fn encoded(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    for (at, byte) in id.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && at > 0) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    if encoded.len() > ID_MAX_BYTES {
        encoded.truncate(ID_READABLE_BYTES);
        encoded.push('~');
        encoded.push_str(&sha256(id.as_bytes())[..ID_MAX_BYTES - ID_READABLE_BYTES - 1]);
    }
    encoded
}

/// The hash by which content is named.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_whatever_it_holds() {
        for (id, expected) in [
            ("billing.daily_rollup-2", "billing.daily_rollup-2"),
            ("a/b c", "a%2Fb%20c"),
            ("..", "%2E."),
            ("ü%", "%C3%BC%25"),
            ("", ""),
        ] {
            assert_eq!(encoded(id), expected);
        }
    }

    #[test]
    fn long_ids_are_cut_and_stay_apart() {
        let (one, other) = (encoded(&"x".repeat(200)), encoded(&"x".repeat(201)));
        assert_eq!((one.len(), other.len()), (ID_MAX_BYTES, ID_MAX_BYTES));
        assert_ne!(one, other);
    }
}
