//! `segue conformance`: do we agree with recorded facts about the language?

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value as Json;
use workflow::{
    conformance::{Adapter, Case, adapter, workflows},
    definition::template::Templates,
};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

/// The row of whole definitions, and the folder with them and their index.
const WORKFLOWS: &str = "workflows";

/// The case file that holds the job templates which whole definitions name.
const MODELS: &str = "models.jsonl";

/// Check the language against recorded facts: every known case file (`*.jsonl`) of a folder, and its definitions under `workflows/`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with the case files.
    dir: PathBuf,

    /// Print the first N disagreements.
    #[arg(long, value_name = "N", default_value_t = 0)]
    failures: usize,

    /// Print counts as JSON.
    #[arg(long)]
    json: bool,
}

/// How many cases there are and how many agree; kinds are those of errors, where a case states one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Tally {
    cases: usize,
    passed: usize,
    kinds: usize,
    kinds_agreed: usize,
}

/// What a folder of case files came to.
#[derive(Debug, Default, Serialize)]
struct Report {
    #[serde(flatten)]
    total: Tally,
    files: IndexMap<String, Tally>,
    #[serde(skip)]
    disagreements: Vec<String>,
    #[serde(skip)]
    unknown: Vec<String>,
}

/// Runs all cases; ends with findings unless all of them agree.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let report = report(&args.dir).map_err(|error| {
        Failure::new(Exit::BadInput, error)
            .with_hint("give the folder that holds the case files, such as `workflow/tests/cases`")
    })?;
    if args.json {
        output.json(&report);
    } else {
        print(&report, output);
    }
    for disagreement in report.disagreements.iter().take(args.failures) {
        output.say(disagreement);
    }
    let Tally { cases, passed, kinds, kinds_agreed } = report.total;
    Ok(if passed == cases && kinds_agreed == kinds { Exit::Success } else { Exit::Findings })
}

fn report(dir: &Path) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for path in case_files(dir)? {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let Some(adapter) = adapter(&name) else {
            report.unknown.push(name);
            continue;
        };
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let cases = Case::read_all(&text).with_context(|| format!("cannot read the cases of {}", path.display()))?;
        report.add(name, &cases, adapter);
    }
    let index = dir.join(WORKFLOWS).join("index.jsonl");
    if index.is_file() {
        report.add_definitions(dir, &index)?;
    }
    anyhow::ensure!(!report.files.is_empty(), "{} holds no known case file", dir.display());
    Ok(report)
}

/// The job templates among the recorded documents; none where there are no documents.
fn templates(dir: &Path) -> anyhow::Result<impl Templates> {
    let path = dir.join(MODELS);
    let text = if path.is_file() {
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?
    } else {
        String::new()
    };
    let cases = Case::read_all(&text).with_context(|| format!("cannot read the cases of {}", path.display()))?;
    Ok(workflows::RecordedTemplates::of(&cases))
}

fn case_files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.with_context(|| format!("cannot list {}", dir.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    Ok(paths)
}

impl Report {
    fn add(&mut self, file: String, cases: &[Case], adapter: Adapter) {
        let mut tally = Tally::default();
        for case in cases {
            let finding = case.check(adapter);
            tally.cases += 1;
            tally.kinds += usize::from(finding.kind_agrees.is_some());
            tally.kinds_agreed += usize::from(finding.kind_agrees == Some(true));
            match (finding.disagreement, finding.kind_agrees) {
                (Some(why), _) => self.disagreements.push(format!("{file}: {}\n  {why}", case.id)),
                (None, kind_agrees) => {
                    tally.passed += 1;
                    if kind_agrees == Some(false) {
                        self.disagreements.push(format!("{file}: {}\n  another kind of error than stated", case.id));
                    }
                }
            }
        }
        self.total.add(tally);
        self.files.insert(file, tally);
    }

    /// Checks whole definitions: a line of the index names a file, from `dir`, and what it means.
    fn add_definitions(&mut self, dir: &Path, index: &Path) -> anyhow::Result<()> {
        let templates = templates(dir)?;
        let text = fs::read_to_string(index).with_context(|| format!("cannot read {}", index.display()))?;
        let mut tally = Tally::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = || format!("line {} of {}", number + 1, index.display());
            let line: Json = serde_json::from_str(line).with_context(|| format!("{} is not JSON", at()))?;
            let file = line["file"].as_str().with_context(|| format!("{} names no file", at()))?;
            let path = dir.join(file);
            let definition = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            tally.cases += 1;
            match workflows::disagreement(&line, &definition, &templates) {
                Some(why) => self.disagreements.push(format!("{WORKFLOWS}: {file}\n  {why}")),
                None => tally.passed += 1,
            }
        }
        self.total.add(tally);
        self.files.insert(WORKFLOWS.to_owned(), tally);
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.passed += other.passed;
        self.kinds += other.kinds;
        self.kinds_agreed += other.kinds_agreed;
    }

    fn row(self, name: &str) -> Vec<String> {
        let numbers = [self.cases, self.passed, self.kinds, self.kinds_agreed];
        std::iter::once(name.to_owned()).chain(numbers.map(|number| number.to_string())).collect()
    }
}

fn print(report: &Report, output: &mut Output) {
    let rows = report.files.iter().map(|(name, tally)| tally.row(name)).chain([report.total.row("total")]);
    output.table(&["file", "cases", "passed", "error kinds", "kinds agreeing"], rows.collect::<Vec<_>>());
    if !report.unknown.is_empty() {
        output.say(format!("passed over, as this version knows no such cases: {}", report.unknown.join(", ")));
    }
}
