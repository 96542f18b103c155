//! `segue check`: would this definition be accepted, and if not, what is wrong with it and where?

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Value as Json, json};
use workflow::{
    definition::{Checked, Format, Located, Settings, check, rules::Limits, template::NoTemplates},
    problem::{Stage, catalogue},
};

use crate::{
    exit::{Exit, Failure},
    output::{Grade, Output, Snippet},
};

/// Folders within folders that are searched for definitions.
const DEPTH_MAX: usize = 32;

/// Check definitions as a push would check them: every problem at once, each where it stands.
///
/// Reads create requests and stored versions in JSON (`*.json`) and workflows in the YAML form (`*.yaml`, `*.yml`); a folder stands for all
/// of them in it. Nothing is run and nothing is stored. `segue explain CODE` says more about a problem.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue check workflow.json
  segue check definitions/ --json
  segue check definitions/ --sarif > findings.sarif")]
pub(crate) struct Args {
    /// Files and folders.
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Print one JSON object a file.
    #[arg(long, conflicts_with = "sarif")]
    json: bool,

    /// Print one SARIF log for editors and code scanning.
    #[arg(long)]
    sarif: bool,
}

/// A checked file.
struct File {
    path: PathBuf,
    text: String,
    checked: Checked,
}

/// Checks all files; ends with findings if one of them would be refused.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut paths = Vec::new();
    for path in &args.paths {
        collect(path, 0, &mut paths).map_err(|error| Failure::new(Exit::BadInput, error))?;
    }
    if paths.is_empty() {
        let asked: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::new(Exit::BadInput, anyhow::anyhow!("there are no definitions in {}", asked.join(", ")))
            .with_hint("definitions are files named `*.json`, `*.yaml` or `*.yml`"));
    }
    let files: Vec<File> = paths.into_iter().map(read).collect::<Result<_, _>>()?;
    if args.sarif {
        output.json(&sarif(&files));
    } else if args.json {
        for file in &files {
            output.json(&document(file));
        }
    } else {
        for file in &files {
            show(file, output);
        }
        summary(&files, output);
    }
    let is_refused = files.iter().any(|file| !file.checked.is_accepted());
    Ok(if is_refused { Exit::Findings } else { Exit::Success })
}

fn read(path: PathBuf) -> Result<File, Failure> {
    let bytes = fs::read(&path).with_context(|| format!("{} could not be read", path.display()));
    let bytes = bytes.map_err(|error| Failure::new(Exit::BadInput, error))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // The other files are still worth a look.
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let checked = Checked::no_text(&text, format_of(&path), valid);
            return Ok(File { path, text, checked });
        }
    };
    let limits = Limits::standard();
    let settings =
        Settings { limits: &limits, templates: &NoTemplates, environment: "check", now: crate::clock::now() };
    let checked = check(&text, format_of(&path), settings);
    Ok(File { path, text, checked })
}

fn format_of(path: &Path) -> Format {
    let is_yaml = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml"));
    if is_yaml { Format::Yaml } else { Format::Json }
}

/// A file as it is; of a folder, all definitions in it, in order of their names.
fn collect(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth >= DEPTH_MAX {
        anyhow::bail!("{} lies deeper than {DEPTH_MAX} folders", path.display());
    }
    let entries = fs::read_dir(path).with_context(|| format!("{} could not be listed", path.display()))?;
    let mut entries = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for entry in entries {
        let is_definition =
            entry.extension().is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known));
        if entry.is_dir() || is_definition {
            collect(&entry, depth + 1, found)?;
        }
    }
    Ok(())
}

fn show(file: &File, output: &mut Output) {
    for located in &file.checked.problems {
        output.snippet(&Snippet {
            grade: if located.problem.refuses() { Grade::Error } else { Grade::Warning },
            code: located.problem.code,
            title: &located.problem.message,
            label: label(located),
            path: &file.path,
            text: &file.text,
            span: located.span.clone(),
            hint: located.problem.hint.as_deref(),
        });
    }
}

/// What stands beside the underlined characters: the path, where there is one.
fn label(located: &Located) -> &str {
    if located.problem.path.is_empty() { "here" } else { &located.problem.path }
}

fn summary(files: &[File], output: &mut Output) {
    let refused = files.iter().filter(|file| !file.checked.is_accepted()).count();
    let problems: usize = files.iter().map(|file| file.checked.problems.len()).sum();
    let accepted = files.len() - refused;
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    output.line(format_args!(
        "{accepted} of {} accepted; {}",
        plural(files.len(), "definition"),
        plural(problems, "problem"),
    ));
    if problems > 0 {
        output.say("`segue explain CODE` says what a problem means and how to get rid of it");
    }
}

fn document(file: &File) -> Json {
    let problems = file.checked.problems.iter().map(|located| {
        let mut problem = json!({
            "code": located.problem.code,
            "severity": if located.problem.refuses() { "error" } else { "warning" },
            "path": located.problem.path,
            "line": located.position.line,
            "column": located.position.column,
            "message": located.problem.message,
        });
        if let Some(hint) = &located.problem.hint {
            problem["hint"] = hint.as_str().into();
        }
        problem
    });
    json!({
        "file": file.path.display().to_string(),
        "accepted": file.checked.is_accepted(),
        "workflow_id": file.checked.request.as_ref().map(|request| request.workflow.id.as_str()),
        "problems": problems.collect::<Vec<_>>(),
    })
}

/// The static analysis format that editors and code hosts read (SARIF 2.1.0).
fn sarif(files: &[File]) -> Json {
    let rules = catalogue::ENTRIES.iter().map(|entry| {
        json!({
            "id": entry.code,
            "shortDescription": { "text": entry.title },
            "fullDescription": { "text": entry.explanation },
            "help": { "text": entry.remedy },
            "defaultConfiguration": { "level": if entry.stage == Stage::Warning { "warning" } else { "error" } },
        })
    });
    let results =
        files.iter().flat_map(|file| file.checked.problems.iter().map(move |located| sarif_result(file, located)));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "segue",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn sarif_result(file: &File, located: &Located) -> Json {
    json!({
        "ruleId": located.problem.code,
        "level": if located.problem.refuses() { "error" } else { "warning" },
        "message": { "text": located.problem.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&file.path) },
            "region": {
                "startLine": located.position.line,
                "startColumn": located.position.column,
                "charOffset": file.text[..located.span.start].chars().count(),
                "charLength": file.text[located.span.clone()].chars().count(),
            },
        } }],
    })
}

/// A path as a reference relative to where the command ran, or as a URL of a file.
fn uri(path: &Path) -> String {
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "" });
    for byte in path.display().to_string().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_log_are_uris() {
        for (path, expected) in [
            ("flows/a.json", "flows/a.json"),
            ("my flows/ä#1.yaml", "my%20flows/%C3%A4%231.yaml"),
            ("/srv/a%b.json", "file:///srv/a%25b.json"),
        ] {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}
