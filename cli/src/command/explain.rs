//! `segue explain`: what a problem's code means, and how to get rid of it.

use serde_json::json;
use workflow::problem::catalogue::{ENTRIES, Entry, entry};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// Explain a problem's code: what it means, an example, and what to do. Without a code, list them all.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The code, as `segue check` and the API show it.
    code: Option<String>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints one entry of the catalogue, or a table of all.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Some(code) = &args.code else {
        list(args.json, output);
        return Ok(Exit::Success);
    };
    let Some(found) = entry(code) else {
        let known = workflow::problem::nearest(code, ENTRIES.iter().map(|entry| entry.code));
        let failure = Failure::new(Exit::BadInput, anyhow::anyhow!("there is no code `{code}`"));
        return Err(failure.with_hint(match known {
            Some(near) => format!("did you mean `{near}`? `segue explain` lists all codes"),
            None => "`segue explain` lists all codes".to_owned(),
        }));
    };
    if args.json {
        output.json(&document(found));
    } else {
        output.heading(format_args!("{}  {}", found.code, found.title));
        output.line(format_args!("\n{}\n", found.explanation));
        output.line("For example:");
        output.line(indented(found.example));
        output.line(format_args!("\nWhat to do: {}", found.remedy));
    }
    Ok(Exit::Success)
}

fn list(as_json: bool, output: &mut Output) {
    if as_json {
        output.json(&ENTRIES.iter().map(document).collect::<Vec<_>>());
    } else {
        output.table(
            &["CODE", "PROBLEM"],
            ENTRIES.iter().map(|entry| vec![entry.code.to_owned(), entry.title.to_owned()]),
        );
    }
}

fn document(entry: &Entry) -> serde_json::Value {
    json!({
        "code": entry.code,
        "title": entry.title,
        "explanation": entry.explanation,
        "example": entry.example,
        "remedy": entry.remedy,
    })
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
