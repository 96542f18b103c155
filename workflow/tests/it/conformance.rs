//! Every case file beside this test agrees with us, line by line.

use std::{fs, path::Path};

use workflow::conformance::{Case, adapter};

/// Checks one file of `tests/cases`; a failure lists the first disagreements.
#[track_caller]
fn check(file: &str) {
    check_except(file, &[]);
}

/// Checks one file whose cases agree but for these, which must not.
#[track_caller]
fn check_except(file: &str, known: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(format!("{file}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let adapter = adapter(file).unwrap_or_else(|| panic!("no adapter for {file}"));
    let cases = Case::read_all(&text).unwrap();
    assert!(!cases.is_empty(), "{file} has no cases");
    let findings = cases.iter().map(|case| (case, case.check(adapter)));
    let wrong: Vec<_> = findings
        .filter_map(|(case, finding)| {
            let kind = (finding.kind_agrees == Some(false)).then(|| "another kind of error".to_owned());
            let why = finding.disagreement.or(kind);
            match (why, known.contains(&case.id.as_str())) {
                (Some(_), true) | (None, false) => None,
                (Some(why), false) => Some(format!("{}\n    {why}", case.id)),
                (None, true) => Some(format!("{}\n    it agrees now: take it off the list", case.id)),
            }
        })
        .collect();
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} cases of {file} disagree:\n{shown}", wrong.len(), cases.len());
}

#[test]
fn dags() {
    check("dag");
}

#[test]
fn retries_are_counted_and_delayed_as_recorded() {
    check("retry");
}

#[test]
fn run_strategies_queue_and_stop_as_recorded() {
    check("run_strategy");
}

#[test]
fn iterations_of_foreach() {
    check("foreach");
}

#[test]
fn statuses() {
    check("status");
}

#[test]
fn documents_are_written_as_they_were_read() {
    check("models");
}

#[test]
fn restarts() {
    check("restart");
}

#[test]
fn timelines() {
    check("timeline");
}

#[test]
fn time_triggers_fire_as_recorded() {
    check("cron");
}

#[test]
fn ids_are_derived_as_recorded() {
    check("ids");
}

#[test]
fn pages_lie_as_recorded() {
    check("pagination");
}

#[test]
fn signals_match_as_recorded() {
    check("signal_match");
}

#[test]
fn urls_are_let_through_as_recorded() {
    check("http");
}

#[test]
fn jobs_are_commanded_as_recorded() {
    // Its input lacks the timeout that its result speaks of; `runtime::notebook` has a test of its own for it.
    let without_timeout =
        "kubernetes.NotebookParamsBuilderTest.testBuildNotebookParamsWithStepTimeoutSpecified.de845dfe";
    check_except("kubernetes", &[without_timeout]);
}

#[test]
fn literals() {
    check("literal");
}

#[test]
fn param_functions() {
    check("param_ext");
}

#[test]
fn timeouts_are_read_as_recorded() {
    check("duration");
}

#[test]
fn rules_are_broken_with_the_recorded_words() {
    check("validation");
}

#[test]
fn params() {
    check("params");
}

#[test]
fn expressions_come_to_what_was_recorded() {
    check("sel");
}

#[test]
fn yaml_stands_for_what_was_recorded() {
    check("dsl");
}
