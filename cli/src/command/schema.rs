//! `segue schema`: what a definition looks like, for editors.

use std::{fs, path::PathBuf};

use anyhow::Context;
use workflow::definition::schema;

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// Print the JSON Schema (draft 2020-12) of a create request, by which editors complete and check definitions.
///
/// It says what can be said of a document alone; `segue check` knows the rest. Refer to it by a `$schema` key beside `workflow`, which is
/// kept as metadata, or by the settings of your editor.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue schema > definition.schema.json
  segue schema --out definition.schema.json")]
pub(crate) struct Args {
    /// Write it to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print it in one line.
    #[arg(long)]
    compact: bool,
}

/// Prints or writes the schema.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let schema = schema::create_request();
    let text = if args.compact { schema.to_string() } else { format!("{schema:#}") };
    match &args.out {
        None => output.line(text),
        Some(path) => {
            let written =
                fs::write(path, text + "\n").with_context(|| format!("{} could not be written", path.display()));
            written.map_err(|error| Failure::new(Exit::Storage, error))?;
            output.say(format_args!("wrote {}", path.display()));
        }
    }
    Ok(Exit::Success)
}
