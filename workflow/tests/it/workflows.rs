//! Whole definitions are accepted or refused as recorded, and mean the same.

use std::{fs, path::Path};

use serde_json::Value as Json;
use workflow::conformance::{Case, workflows};

#[test]
fn whole_definitions_mean_what_was_recorded() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let index = fs::read_to_string(cases.join("workflows/index.jsonl")).unwrap();
    let lines: Vec<Json> = index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let models = Case::read_all(&fs::read_to_string(cases.join("models.jsonl")).unwrap()).unwrap();
    let templates = workflows::RecordedTemplates::of(&models);
    assert!(lines.len() > 40, "the index has {} lines", lines.len());
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let file = line["file"].as_str().unwrap();
            let text = fs::read_to_string(cases.join(file)).unwrap();
            workflows::disagreement(line, &text, &templates).map(|why| format!("{file}\n    {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} definitions disagree:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}
