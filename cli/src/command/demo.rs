//! `segue demo`: the whole way once, for real, on this machine.

use std::path::PathBuf;

use crate::{
    demo,
    exit::{Exit, Failure},
    output::Output,
};

/// Show the whole way on embedded defaults: a small production on the old engine, its runs captured to a corpus on S3, replayed on both
/// engines, a verdict, a report by mail, and a gateway that shifts traffic and goes back. Nothing to configure, under a minute.
///
/// Everything it makes lies in `--dir`. Exit code 1 if something differs, as it must with `--inject`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue demo
  segue demo --inject retry-lost       a wrong engine is caught, named and shown
  segue demo --runs 1000 --dir /tmp/demo")]
pub(crate) struct Args {
    /// Runs of the production.
    #[arg(long, value_name = "N", default_value_t = 312)]
    runs: usize,

    /// What all random choices follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Make the new engine wrong on purpose; `segue replay --corpus x --inject list` lists the ways.
    #[arg(long, value_name = "NAME")]
    inject: Option<String>,

    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "segue-demo")]
    dir: PathBuf,

    /// A mail server (`host:port`, in the clear) instead of the sink in process that keeps `.eml` files.
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,

    /// Whom to mail the report.
    #[arg(long, value_name = "ADDRESS", default_value = "team@localhost.localdomain")]
    mail_to: String,
}

/// Tells the story.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let plan = demo::Plan {
        runs: args.runs,
        seed: args.seed,
        defect: args.inject.as_deref().map(super::replay::defect).transpose()?,
        folder: args.dir.clone(),
        smtp: args.smtp.clone(),
        mail_to: args.mail_to.clone(),
    };
    demo::run(&plan, output).await
}
