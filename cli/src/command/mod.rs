//! The commands, one file each.

mod check;
mod conformance;
mod explain;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// What to do. Adding a command adds a file and a line here.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Explain(explain::Args),
    Conformance(conformance::Args),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self {
            Self::Check(args) => check::run(&args, output),
            Self::Explain(args) => explain::run(&args, output),
            Self::Conformance(args) => conformance::run(&args, output),
        }
    }
}
