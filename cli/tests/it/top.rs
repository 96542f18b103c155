//! What a server that runs tells those who watch it.

use std::{collections::BTreeSet, process::Command};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::server::Server;

/// A server that has started a run.
fn busy(folder: &TempDir) -> Server {
    let server = Server::start(folder.path(), &[]);
    server.push_noop();
    let started = server.start_noop();
    assert!(started.starts_with("HTTP/1.1 2"), "{started}");
    server
}

fn top(arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_segue")).arg("top").args(arguments).env("NO_COLOR", "1").output().unwrap();
    let [said, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), said, told)
}

#[test]
fn every_metric_of_a_server_is_described_and_counts_have_buckets_of_their_own() {
    let folder = TempDir::new().unwrap();
    let page = busy(&folder).call("GET", "/metrics", &Json::Null);
    let named = |what: &str| -> BTreeSet<String> {
        let lines = page.lines().filter_map(|line| line.strip_prefix(what));
        lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let recorded = named("# TYPE ");
    assert_eq!(recorded.difference(&named("# HELP ")).collect::<Vec<_>>(), [] as [&String; 0]);
    for name in
        ["engine_commit_duration_seconds", "engine_groups_owned", "engine_commits_waiting", "gateway_calls_total"]
    {
        assert!(recorded.contains(name), "{name} is missing in {recorded:?}");
    }
    for (name, bound) in [
        ("engine_commit_batch_commits", "64"),
        ("engine_commit_batch_rows", "4096"),
        ("engine_commit_duration_seconds", "0.001"),
    ] {
        assert!(page.contains(&format!("{name}_bucket{{le=\"{bound}\"}}")), "{name} has no bucket {bound}: {page}");
    }
}

#[test]
fn a_look_at_a_server_gives_its_figures_as_a_table_and_as_json() {
    let folder = TempDir::new().unwrap();
    let server = busy(&folder);
    let (code, said, told) = top(&[&server.url, "--once"]);
    assert_eq!((code, told.as_str()), (0, ""), "{said}");
    for part in [&format!("{} is ready", server.url), "16 groups", "steps", "transactions", "MiB"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours in a pipe");
    let (code, said, _) = top(&[&server.url, "--json"]);
    let document: Json = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &document["is_ready"], &document["figures"]["groups"]), (0, &json!(true), &json!(16.0)));
    assert!(document["figures"]["commits_waiting"].is_number(), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_said_with_what_to_do_next() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path(), &[]);
    server.end();
    let url = server.url.clone();
    // Its port is free once the process is gone.
    drop(server);
    let (code, said, told) = top(&[&url, "--once"]);
    assert_eq!((code, said.as_str()), (4, ""));
    assert!(told.starts_with(&format!("error: {url} does not answer\n")) && told.contains("\nhint: "), "{told}");
}
