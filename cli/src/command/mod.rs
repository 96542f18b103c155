//! The commands, one file each.

mod conformance;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// What to do. Adding a command adds a file and a line here.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Conformance(conformance::Args),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self {
            Self::Conformance(args) => conformance::run(&args, output),
        }
    }
}
