//! `segue chaos`: do the guarantees hold when nodes and database really fail?

use std::path::PathBuf;

use crate::{
    campaign, chaos,
    exit::{Exit, Failure},
    output::Output,
    signal,
};

/// Let real faults happen to a cluster of nodes under load, and check that nothing was lost and nothing done twice.
///
/// Starts a PostgreSQL of its own in a temporary folder, nodes of this program over it, and a load of runs whose steps call a server of
/// this process. Nodes are killed (kill -9) and stand still (SIGSTOP), some for longer than their lease, and the database is restarted
/// without notice, at random; whatever ends is started again. When all has ended the history is checked: every accepted run ended as its
/// definition says, no completed step was executed again, no state went back, no two nodes executed a step at once, and the database
/// took no write of a node that no longer held the run's group. Ends with 1 if any of that does not hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue chaos                       about five minutes
  segue chaos --faults 12 --runs 60 a short one
  segue chaos --seed 42 --keep /tmp/chaos
                                    the same faults again, with all logs")]
pub(crate) struct Args {
    /// Processes that share the database.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=16))]
    nodes: u16,

    /// Faults to inject.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    faults: u16,

    /// Decides which faults happen and when; by default another one each time.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Runs to start, spread over the time of the faults.
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    runs: u16,

    /// Print JSON.
    #[arg(long)]
    json: bool,

    /// Keep the logs and the database in this folder, which must not be there yet.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Lets it happen, and judges.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let seed = args.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let folder = folder(args.keep.as_ref())?;
    let options = chaos::Options {
        seed,
        nodes: usize::from(args.nodes),
        faults: usize::from(args.faults),
        runs: usize::from(args.runs),
        folder: folder.clone(),
    };
    output.say(format_args!("seed {seed}; logs in {}", folder.display()));
    let bar = campaign::bar(options.faults, "faults", output);
    let ran = tokio::select! {
        ran = chaos::run(&options, &bar) => ran,
        () = signal::to_end() => Err(Failure::new(Exit::Findings, anyhow::anyhow!("interrupted before all had ended"))),
    };
    bar.finish_and_clear();
    let is_clean = ran.as_ref().is_ok_and(chaos::Report::holds);
    if is_clean && args.keep.is_none() {
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            output.say(format_args!("{} could not be removed: {error}", folder.display()));
        }
    } else {
        output.say(format_args!("logs and database are kept in {}", folder.display()));
    }
    let report = ran?;
    if args.json {
        output.json(&report);
    } else {
        report.show(output);
    }
    Ok(if report.holds() { Exit::Success } else { Exit::Findings })
}

/// A new folder.
fn folder(keep: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    let folder = match keep {
        Some(folder) => std::path::absolute(folder).map_err(|error| Failure::new(Exit::BadInput, error))?,
        None => std::env::temp_dir().join(format!("segue-chaos-{}", uuid::Uuid::new_v4().simple())),
    };
    if folder.exists() {
        return Err(Failure::new(Exit::BadInput, anyhow::anyhow!("{} exists already", folder.display()))
            .with_hint("`--keep` names a folder to make"));
    }
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(Exit::Storage, anyhow::anyhow!("{} could not be made: {error}", folder.display()))
    })?;
    Ok(folder)
}
