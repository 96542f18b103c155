//! `segue bench`: how fast, side by side, with the disk's own fsync beside it.

use std::path::PathBuf;

use anyhow::Context;

use crate::{
    bench,
    exit::{Exit, Failure},
    output::Output,
};

/// Measure both engines on this machine, side by side in one run, with the disk's own fsync time beside them.
///
/// The actor engine runs over SQLite with synchronous=FULL on the disk of `--dir`; the polling engine with the old stack's timing. All
/// steps are NoOp. Times are the engines' own start and end times, as clients read them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue bench
  segue bench --dir /mnt/disk --runs 40 --json
  segue bench --without-legacy --heavy --html bench.html
  segue bench --without-legacy --archived 1000000
  segue bench --without-legacy --store postgres://segue@db/bench
  segue bench language")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    subject: Option<Subject>,

    /// A folder on the disk to measure.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Measured runs of each workload, after two to warm up.
    #[arg(long, value_name = "N", default_value_t = 12)]
    runs: usize,

    /// Leave the polling engine out: its chain of 50 steps takes minutes.
    #[arg(long)]
    without_legacy: bool,

    /// Measure over a PostgreSQL or CockroachDB database, best an empty one, instead of SQLite; what is written there stays.
    #[arg(long, value_name = "URL", env = bench::STORE_VARIABLE, hide_env_values = true)]
    store: Option<String>,

    /// Measure what takes minutes and up to 2 GiB, too: a loop of 25,000 iterations, 100,000 runs that wait, their recovery.
    #[arg(long)]
    heavy: bool,

    /// Measure a step beside so many rows of ended runs, too; 10,000,000 take minutes and some GiB.
    #[arg(long, value_name = "ROWS")]
    archived: Option<usize>,

    /// Print JSON.
    #[arg(long)]
    json: bool,

    /// Write a page with all figures and a plot of latency over load.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What else can be measured.
#[derive(Debug, clap::Subcommand)]
enum Subject {
    Language(Language),
    #[command(hide = true)]
    Part(Part),
}

/// Measure one heavy part in this process, which then waits to be killed; `--heavy` starts them.
#[derive(Debug, clap::Args)]
struct Part {
    #[arg(value_name = "PART")]
    name: bench::part::Part,

    /// The folder of the store.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// A database in its place.
    #[arg(long, value_name = "URL", env = bench::STORE_VARIABLE, hide_env_values = true)]
    store: Option<String>,
}

/// Measure the language: definitions read and checked, expressions beside another language's in the same run.
///
/// Ends with findings if a bound is broken. Only an optimised build says anything (`cargo build --release`).
#[derive(Debug, clap::Args)]
struct Language {
    /// Measured samples of each figure.
    #[arg(long, value_name = "N", default_value_t = 40)]
    samples: usize,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Measures.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match &args.subject {
        Some(Subject::Language(language)) => return run_language(language, output),
        Some(Subject::Part(Part { name, dir, store })) => {
            bench::part::run(*name, dir, store.as_deref(), output).await?;
            return Ok(Exit::Success);
        }
        None => {}
    }
    let options = bench::Options {
        folder: &args.dir,
        database: args.store.as_deref(),
        runs: args.runs,
        with_legacy: !args.without_legacy,
        is_heavy: args.heavy,
        archived: args.archived,
    };
    let figures = bench::run(options, output).await?;
    if args.json {
        output.json(&figures);
    } else {
        figures.show(output);
    }
    if let Some(path) = &args.html {
        let written = std::fs::write(path, bench::html(&figures)?);
        let written = written.with_context(|| format!("{} could not be written", path.display()));
        written.map_err(|error| Failure::new(Exit::Storage, error))?;
        output.say(format_args!("wrote {}", path.display()));
    }
    Ok(Exit::Success)
}

fn run_language(args: &Language, output: &mut Output) -> Result<Exit, Failure> {
    let figures = bench::language::run(args.samples)?;
    if args.json {
        output.json(&figures);
    } else {
        figures.show(output);
    }
    Ok(if figures.hold() { Exit::Success } else { Exit::Findings })
}
