//! `segue store`: look after what is kept.

use std::path::{Path, PathBuf};

use engine::store::{
    backup,
    inspect::inspect,
    portable::{Description, Stop},
};
use indicatif::ProgressBar;

use crate::{
    campaign::bar,
    exit::{Exit, Failure},
    output::Output,
    stores::{self, Opened, Place},
};

/// Check, back up, restore, migrate or describe a store, also while an engine works on it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue store info --data /var/lib/segue
  segue store check --store postgres://segue@db.example.org/segue
  segue store backup --data /var/lib/segue monday.backup
  segue store restore --store postgres://segue@db.example.org/segue monday.backup

A backup of one kind of store can be restored into the other. Passwords are best given by the variable SEGUE_STORE.")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read everything and tell what is wrong; exit code 1 if something is.
    Check {
        #[command(flatten)]
        place: Place,
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Save everything, as of one moment, to a file that must not exist yet.
    Backup {
        #[command(flatten)]
        place: Place,
        /// The file to write.
        file: PathBuf,
    },
    /// Fill an empty store from a backup, all or nothing.
    Restore {
        #[command(flatten)]
        place: Place,
        /// The file to read.
        file: PathBuf,
    },
    /// Bring a store to the schema of this program; engines do so themselves when they start.
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Tell where it is, its schema, its size and what it holds.
    Info {
        #[command(flatten)]
        place: Place,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Looks after a store.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match &args.action {
        Action::Check { place, json } => check(&place.open_existing()?, *json, output),
        Action::Backup { place, file } => save(&place.open_existing()?, file, output),
        Action::Restore { place, file } => restore(place, file, output),
        Action::Migrate { place } => {
            let described = describe(&place.open()?)?;
            output.line(format_args!("{} has schema {}", described.place, described.schema));
            Ok(Exit::Success)
        }
        Action::Info { place, json } => info(&place.open_existing()?, *json, output),
    }
}

fn check(store: &Opened, json: bool, output: &mut Output) -> Result<Exit, Failure> {
    let described = describe(store)?;
    let bar = progress(&described, "records read", output);
    let findings = inspect(store.portable(), &mut || bar.inc(1)).map_err(stopped)?;
    bar.finish_and_clear();
    if json {
        output.json(&serde_json::json!({
            "place": described.place,
            "records": findings.records,
            "problems": findings.problems,
            "untold": findings.untold,
        }));
    } else if findings.is_sound() {
        output.line(format_args!("{} is sound: {} read", described.place, records(findings.records)));
    } else {
        for problem in &findings.problems {
            output.line(problem);
        }
        if findings.untold > 0 {
            output.line(format_args!("and {} more", findings.untold));
        }
        output
            .say(format_args!("{} is not sound; restore a backup, or ask for help with this output", described.place));
    }
    Ok(if findings.is_sound() { Exit::Success } else { Exit::Findings })
}

fn save(store: &Opened, file: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let bar = progress(&describe(store)?, "records saved", output);
    let saved = backup::save(store.portable(), file, &mut || bar.inc(1)).map_err(unsaved)?;
    bar.finish_and_clear();
    output.line(format_args!("{}: {}", file.display(), records(saved)));
    Ok(Exit::Success)
}

fn restore(place: &Place, file: &Path, output: &mut Output) -> Result<Exit, Failure> {
    // Before anything is made: a backup that is no good leaves no store behind.
    let expected = backup::verify(file).map_err(unsaved)?;
    let store = place.open()?;
    let bar = bar(usize::try_from(expected).unwrap_or(usize::MAX), "records restored", output);
    let restored = backup::restore(store.portable(), file, &mut || bar.inc(1)).map_err(unsaved)?;
    bar.finish_and_clear();
    output.line(format_args!("{}: {}", store.portable().place(), records(restored)));
    Ok(Exit::Success)
}

fn info(store: &Opened, json: bool, output: &mut Output) -> Result<Exit, Failure> {
    let described = describe(store)?;
    if json {
        output.json(&described);
        return Ok(Exit::Success);
    }
    output.heading(&described.place);
    let Description { schema, size_bytes, tables, .. } = described;
    let size = size_bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
    output.line(format_args!("schema {schema}{size}"));
    let cluster = store.store().cluster().map_err(stores::failure)?;
    for node in &cluster.nodes {
        let owned = cluster.groups.iter().filter(|group| group.owner.as_ref() == Some(&node.node)).count();
        let state = if node.lease.is_zero() { "dead" } else { "alive" };
        output.line(format_args!(
            "node {} at {}: {state}, owns {owned} of {}",
            node.node,
            node.address,
            cluster.groups.len()
        ));
    }
    output.table(&["table", "rows"], tables.into_iter().map(|(table, rows)| vec![table, rows.to_string()]));
    Ok(Exit::Success)
}

fn describe(store: &Opened) -> Result<Description, Failure> {
    store.portable().describe().map_err(stores::failure)
}

fn progress(described: &Description, what: &str, output: &Output) -> ProgressBar {
    bar(usize::try_from(described.records()).unwrap_or(usize::MAX), what, output)
}

fn records(count: u64) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{count} records") }
}

fn stopped(stop: Stop) -> Failure {
    match stop {
        Stop::Store(error) => stores::failure(error),
        Stop::Occupied { .. } => Failure::new(Exit::BadInput, stop)
            .with_hint("restore into a new folder or an empty database; what is there is left as it is"),
        Stop::Table { .. } => {
            Failure::new(Exit::BadInput, stop).with_hint("a newer version of segue saved this backup")
        }
        Stop::Other(_) => Failure::new(Exit::Storage, stop),
    }
}

fn unsaved(error: backup::Error) -> Failure {
    match error {
        backup::Error::Store(stop) => stopped(stop),
        backup::Error::Damaged { .. } => {
            Failure::new(Exit::BadInput, error).with_hint("nothing was restored; use another backup")
        }
        backup::Error::Exists { .. } => {
            Failure::new(Exit::BadInput, error).with_hint("name a file that does not exist yet")
        }
        backup::Error::File { .. } => Failure::new(Exit::Storage, error),
    }
}
