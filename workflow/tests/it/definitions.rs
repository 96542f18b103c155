//! Definitions as files: what a person sees of their problems, and that nothing is lost on the way in and out.

use std::{fmt::Write, fs, path::Path};

use serde_json::Value as Json;
use workflow::{
    definition::{Format, Settings, check, read, rules::Limits, schema, template::NoTemplates, write},
    problem::catalogue,
    time::Timestamp,
};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The recorded definitions in JSON, by file name.
fn recorded() -> Vec<(String, Json)> {
    let files = fs::read_dir(folder().join("tests/cases/workflows")).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| (path.display().to_string(), serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()))
        .collect()
}

/// The problems of a text as a list for people.
fn listing(text: &str, format: Format) -> String {
    let limits = Limits::standard();
    let now = Timestamp(1_750_000_000_000);
    let settings = Settings { limits: &limits, templates: &NoTemplates, environment: "test", now };
    let mut lines = String::new();
    for found in check(text, format, settings).problems {
        let (position, problem) = (found.position, &found.problem);
        let shown = text[found.span].lines().next().unwrap_or_default();
        writeln!(lines, "{}:{} {} {problem}", position.line, position.column, problem.code).unwrap();
        writeln!(lines, "    {shown}").unwrap();
        if let Some(hint) = &problem.hint {
            writeln!(lines, "    = {hint}").unwrap();
        }
    }
    lines
}

#[test]
fn every_problem_of_a_json_file_is_shown_where_it_stands() {
    let text = r#"{
  "properties": {"owner": "ann", "run_strategy": "paralel"},
  "workflow": {
    "id": "bad id",
    "timeout": "soon",
    "params": {"a__b": {"type": "LONG", "value": 1}, "c": {"type": "LNG", "value": 1}},
    "steps": [
      {"step": {"id": "a", "type": "NoOpp", "transitions": {}}},
      {"stpe": {"id": "b", "type": "NoOp"}}
    ]
  }
}"#;
    insta::assert_snapshot!(listing(text, Format::Json));
}

#[test]
fn broken_rules_and_warnings_of_a_json_file_are_shown_together() {
    let text = r#"{
  "properties": {"owner": "ann", "step_concurrency": 0},
  "workflow": {
    "id": "w",
    "time_triggers": [{"type": "CRON", "cron": "0 99 * * *"}],
    "steps": [
      {"step": {"id": "a", "type": "NoOp", "timeout": "1.5 hours", "transition": {"successors": {"bb": "true"}}}},
      {"step": {"id": "b", "type": "NoOp", "retry_policy": {"error_retry_limit": 100}}},
      {"foreach": {"id": "f", "concurrency": 0, "steps": [],
        "params": {"loop_params": {"type": "MAP", "value": {"i": {"type": "LONG_ARRAY", "value": [1]}}}}}}
    ]
  }
}"#;
    insta::assert_snapshot!(listing(text, Format::Json));
}

#[test]
fn a_failing_start_is_shown_at_the_expression() {
    let text = r#"{"properties": {"owner": "ann"}, "workflow": {"id": "w",
  "params": {"a": {"type": "LONG", "expression": "1 +"}, "b": {"type": "LONG", "expression": "nowhere + 1"}},
  "steps": [{"step": {"id": "a", "type": "NoOp"}}]}}"#;
    insta::assert_snapshot!(listing(text, Format::Json));
}

#[test]
fn problems_of_a_yaml_file_are_shown_where_they_stand() {
    let text = "workflow:
  id: nightly
  owner: ann
  run_strategy: paralel
  'n<double>': 5
  timout: 60
  jobs:
    - job:
        id: a
        type: sleeep
        transition: [\"WHEN x THEN b\"]
        retry_policy: {error_retry_limit: 5}
    - job: {id: b, type: NoOp, transition: [c]}
";
    insta::assert_snapshot!(listing(text, Format::Yaml));
}

#[test]
fn documents_that_are_none_are_refused_at_once() {
    let first = |text: &str, format| listing(text, format).lines().next().unwrap_or_default().to_owned();
    let deep = "[".repeat(100_000);
    for (text, format, expected) in [
        ("", Format::Json, "1:1 E0001"),
        ("", Format::Yaml, "1:1 E0002"),
        (deep.as_str(), Format::Json, "1:128 E0003"),
        (deep.as_str(), Format::Yaml, "1:256 E0003"),
        ("\u{feff}{\"é\": ü}", Format::Json, "1:7 E0001"),
        ("{\r\n  \"a\": 1,\r\n}", Format::Json, "3:1 E0001"),
        ("workflow:\r\n\tid: a", Format::Yaml, "2:"),
        ("\0\u{1}\u{7f}", Format::Json, "1:1 E0001"),
        (&" ".repeat(5 << 20), Format::Json, "1:1 E0304"),
    ] {
        let shown = first(text, format);
        assert!(shown.starts_with(expected), "{:.40}: {shown}", text.escape_debug().to_string());
    }
    let marked = "\u{feff}{\"properties\": {\"owner\": \"a\"}, \"workflow\": {\"id\": \"w\", \"steps\": [{\"step\": {\"id\": \"s\", \"type\": \"NoOp\"}}]}}";
    assert_eq!(listing(marked, Format::Json), "");
}

#[test]
fn what_cannot_be_read_in_a_run_is_pointed_out_before() {
    let text = r#"{"properties": {"owner": "ann"}, "workflow": {"id": "w", "steps": [
  {"step": {"id": "a", "type": "NoOp", "params": {
     "n": {"type": "LONG", "expression": "x == \"é\" +"},
     "m": {"type": "MAP", "value": {"k": {"type": "STRING", "value": "${ day }/${day}/$${ day }"}}}},
   "transition": {"successors": {"b": "n >"}}}},
  {"while": {"id": "b", "condition": "i < (3", "steps": [{"step": {"id": "c", "type": "NoOp"}}],
     "params": {"loop_params": {"type": "MAP", "value": {"i": {"type": "LONG", "value": 0}}}}}}
]}}"#;
    insta::assert_snapshot!(listing(text, Format::Json));
    let text = "workflow:
  id: w
  owner: ann
  '!day': \"RUN_DATE +\"
  jobs:
    - job: {id: a, type: NoOp, transition: ['IF day > THEN b', OTHERWISE c]}
    - job: {id: b, type: NoOp}
    - job: {id: c, type: NoOpp}
";
    insta::assert_snapshot!(listing(text, Format::Yaml));
}

#[test]
fn a_syntax_error_names_its_line_and_column() {
    let shown = listing("{\"workflow\": {\n  \"id\": \"a\",\n}}", Format::Json);
    assert_eq!(shown.lines().next(), Some("3:1 E0001 trailing comma"), "{shown}");
}

#[test]
fn what_was_read_is_written_without_loss() {
    for (file, json) in recorded() {
        let Some(request) = read::create_request(&json).value else { continue };
        let once = write::create_request(&request);
        let again = read::create_request(&once).accepted().unwrap_or_else(|problems| panic!("{file}: {problems:?}"));
        assert_eq!(again, request, "{file}");
        assert_eq!(write::create_request(&again).to_string(), once.to_string(), "{file}");
    }
}

#[test]
fn the_checked_in_schema_is_up_to_date() {
    let path = folder().join("schema/definition.schema.json");
    let expected = format!("{:#}\n", schema::create_request());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap();
    assert!(stored == expected, "the schema is stale: run this test with UPDATE_SCHEMA=1");
}

#[test]
fn codes_in_the_source_are_explained() {
    let mut folders = vec![folder().join("src")];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices("Problem::new(\"") {
                let code = text[at + 14..].split('"').next().unwrap();
                assert!(catalogue::entry(code).is_some(), "{code} in {} is not explained", path.display());
            }
        }
    }
}
