//! Text as one argument of a POSIX shell.

/// In single quotes; those inside are closed, escaped and opened again.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
