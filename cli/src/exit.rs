//! What the process says of itself when it ends.

use std::process::ExitCode;

/// Every exit code, with what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Nothing to do.
    Success = 0,
    /// It worked and found something: a disagreement, a failed check, a run that did not succeed. Read the output.
    Findings = 1,
    /// The arguments are wrong (clap says this code itself). Read `--help`.
    Usage = 2,
    /// An input is wrong: a definition, a flag file, a configuration. Mend the place that the message names.
    BadInput = 3,
    /// A service could not be reached or refused: S3, SMTP, an engine's address. Nothing was lost; try again.
    Unreachable = 4,
    /// The disk is full, or a store is damaged or newer than this program. What was acknowledged is safe.
    Storage = 5,
    /// Something that cannot happen happened. Please report it with the output of `-v -v`.
    Defect = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that could not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process ends with.
    pub(crate) exit: Exit,
    /// What was attempted and why it failed.
    pub(crate) error: anyhow::Error,
    /// What to do next, in a sentence.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hint: None }
    }

    /// The same failure, with what to do next.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
