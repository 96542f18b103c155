//! The commands, one file each.

mod bench;
mod capture;
mod chaos;
mod check;
mod conformance;
mod demo;
mod explain;
pub(crate) mod replay;
pub(crate) mod report;
mod rollout;
mod run;
mod schema;
mod serve;
mod store;
mod top;

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// What to do. Adding a command adds a file and a line here.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Top(top::Args),
    Store(store::Args),
    Run(run::Args),
    Check(check::Args),
    Capture(capture::Args),
    Replay(replay::Args),
    Report(report::Args),
    Rollout(rollout::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Conformance(conformance::Args),
    Bench(bench::Args),
    Chaos(chaos::Args),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self {
            Self::Demo(args) => demo::run(&args, output).await,
            Self::Serve(args) => serve::run(&args, output).await,
            Self::Top(args) => top::run(&args, output).await,
            Self::Run(args) => run::run(&args, output).await,
            Self::Capture(args) => capture::run(&args, output).await,
            Self::Rollout(args) => rollout::run(&args, output).await,
            Self::Replay(args) => replay::run(&args, output).await,
            Self::Report(args) => report::run(&args, output).await,
            Self::Check(args) => check::run(&args, output),
            Self::Store(args) => store::run(&args, output),
            Self::Explain(args) => explain::run(&args, output),
            Self::Schema(args) => schema::run(&args, output),
            Self::Bench(args) => bench::run(&args, output).await,
            Self::Chaos(args) => chaos::run(&args, output).await,
            Self::Conformance(args) => conformance::run(&args, output),
        }
    }
}
