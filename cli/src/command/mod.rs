//! The commands, one file each.

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// What to do. Adding a command adds a file and a line here.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {}

impl Command {
    /// Does it.
    pub(crate) fn run(self, _output: &mut Output) -> Result<Exit, Failure> {
        match self {}
    }
}
