//! Crashes while recorded scenarios are played.

use serde_json::Value as Json;

use crate::golden::{fresh, play_on, scenarios};

/// Groups whose scenarios neither count calls to the outside nor depend on when a caller acts.
const CRASHABLE: [&str; 7] = ["condition", "graph", "foreach", "while", "subworkflow", "params", "timeout"];

#[test]
fn a_crash_at_any_moment_changes_no_outcome() {
    let mut wrong = Vec::new();
    let crashable = |scenario: &Json| CRASHABLE.contains(&scenario["group"].as_str().unwrap());
    for scenario in scenarios().into_iter().filter(crashable) {
        for every in [1, 2, 3, 5] {
            let mut shell = fresh();
            shell.crashes_every(every);
            let (depths, report) = play_on(shell, &scenario);
            if !depths.outcome {
                wrong.push(format!("{} crashing every {every} moments: {}", scenario["id"], report.join("\n    ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} runs surprise:\n{}", wrong.len(), wrong.join("\n"));
}
