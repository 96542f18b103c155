//! `segue chaos` in small: real processes, a real database, real signals.

use std::process::Command;

use serde_json::Value as Json;

/// Repeats a run of this test.
const SEED: &str = "SEGUE_CHAOS_SEED";

#[test]
fn nothing_is_lost_or_repeated_when_nodes_and_database_fail() {
    let seed = std::env::var(SEED).unwrap_or_else(|_| rand::random::<u32>().to_string());
    println!("{SEED}={seed} repeats this run");
    let mut chaos = Command::new(env!("CARGO_BIN_EXE_segue"));
    chaos.args(["chaos", "--faults", "12", "--runs", "60", "--json", "--seed", &seed]);
    let output = chaos.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    assert_eq!(report["violations"], Json::Array(Vec::new()), "{told}");
    assert_eq!(output.status.code(), Some(0), "{told}");
    let number = |of: &str, what: &str| report[of][what].as_u64().unwrap();
    let faults = ["kills", "pauses", "restarts"].map(|kind| number("faults", kind));
    assert_eq!(faults.iter().sum::<u64>(), 12, "every fault happened: {report}");
    assert_eq!(number("runs", "started"), 60);
    assert!(number("steps", "calls") >= 60, "steps were executed: {report}");
    assert!(number("processes", "started") >= 3 + faults[0], "whatever was killed was started again: {report}");
}
