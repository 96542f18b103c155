//! What a run came to, in terms that all engines share.
//!
//! An outcome is made from the documents that any client could read (ours, a real server's, or a recording's) by forgetting what
//! legitimately differs from run to run: times, uuids, derived ids, numbers that depend on what ran before. What is left must be equal.
//! Runs stand under their logical path: `` for the root, `load[3]` for an iteration, `child` for a sub-workflow, `child#2` for its
//! second run.

mod attempt;
mod path;
mod place;
mod run;
mod symbol;

pub use place::step_path;
use serde_json::{Map, Value as Json};

/// The normalised outcome of one root run and everything below it; a plain JSON tree with sorted keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome(Json);

impl Outcome {
    /// Made from every run of the tree: its instance document and the documents of its attempts.
    pub fn of(runs: &[(Json, Vec<Json>)]) -> Self {
        let paths = path::Paths::of(runs.iter().map(|(instance, _)| instance));
        let mut named: Vec<(String, &(Json, Vec<Json>))> = runs.iter().map(|run| (paths.of_run(&run.0), run)).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        let mut symbols = symbol::Symbols::new(&paths);
        let mut by_path = Map::new();
        for (name, (instance, attempts)) in named {
            by_path.insert(name, run::outcome(instance, attempts, &mut symbols));
        }
        let mut whole = Map::new();
        whole.insert("status".to_owned(), root_status(&by_path));
        whole.insert("runs".to_owned(), Json::Object(by_path));
        Self(Json::Object(whole))
    }

    /// Read back from a stored sample.
    pub fn from_json(json: Json) -> Self {
        Self(json)
    }

    /// The tree.
    pub fn as_json(&self) -> &Json {
        &self.0
    }

    /// The tree, owned.
    pub fn into_json(self) -> Json {
        self.0
    }

    /// The root's status.
    pub fn status(&self) -> &str {
        self.0.get("status").and_then(Json::as_str).unwrap_or("NOTHING_RAN")
    }

    /// The tree as indented text, one value a line: what unified diffs are made of.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }
}

/// The status of the root's latest run.
fn root_status(runs: &Map<String, Json>) -> Json {
    let roots = runs.iter().filter(|(path, _)| path::is_root(path));
    let latest = roots.max_by_key(|(path, _)| path::ordinal(path));
    latest.and_then(|(_, run)| run.get("status").cloned()).unwrap_or(Json::Null)
}
