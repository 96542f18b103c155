//! What no linter knows: who may know whom, and that every file says what it is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Crates of ours that each crate may depend on; tests may know as much and no more.
const ARROWS: [(&str, &[&str]); 7] = [
    ("workflow", &[]),
    ("engine", &["workflow"]),
    ("legacy-adapter", &["workflow"]),
    ("replay", &["workflow"]),
    ("gateway", &["workflow"]),
    ("reports", &["workflow", "replay"]),
    ("cli", &["workflow", "engine", "legacy-adapter", "replay", "gateway", "reports"]),
];

/// What `workflow` must never depend on: it decides, and others act.
const IMPURE: [&str; 6] = ["tokio", "reqwest", "rusqlite", "axum", "hyper-util", "aws-sdk-s3"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names under `[dependencies]` and `[dev-dependencies]`.
fn dependencies(krate: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let manifest: BTreeMap<String, toml::Value> = toml::from_str(&text).unwrap();
    let tables = ["dependencies", "dev-dependencies"].into_iter().filter_map(|name| manifest.get(name)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn dependencies_point_to_workflow_and_only_cli_knows_engines() {
    for (krate, allowed) in ARROWS {
        let known = dependencies(krate);
        for (other, _) in ARROWS {
            let knows = known.iter().any(|name| name == other);
            assert!(!knows || allowed.contains(&other), "{krate} depends on {other}");
        }
    }
}

#[test]
fn the_language_depends_on_no_runtime() {
    let known = dependencies("workflow");
    for impure in IMPURE {
        assert!(!known.iter().any(|name| name == impure), "workflow depends on {impure}");
    }
}

#[test]
fn every_source_file_begins_with_what_it_is() {
    let is_bare = |path: &PathBuf| !fs::read_to_string(path).unwrap().starts_with("//!");
    let bare: Vec<PathBuf> = sources().into_iter().filter(is_bare).collect();
    assert!(bare.is_empty(), "without a module doc: {bare:?}");
}

#[test]
fn metrics_are_recorded_in_one_file_of_a_crate() {
    let macros = ["counter!(", "gauge!(", "histogram!("];
    let named = ["metric.rs", "process.rs"];
    let mut found = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let is_home = named.iter().any(|name| path.ends_with(Path::new("src").join(name)));
        if !is_home && macros.iter().any(|name| text.contains(name)) {
            found.push(path);
        }
    }
    assert!(found.is_empty(), "metrics are recorded where nobody describes them: {found:?}");
}

/// All source files of ours.
fn sources() -> Vec<PathBuf> {
    let mut waiting: Vec<PathBuf> = ARROWS.iter().map(|(krate, _)| root().join(krate).join("src")).collect();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}
