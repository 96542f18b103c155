//! Whole definitions are accepted or refused as recorded, and mean the same.

use std::{fs, path::Path, sync::Arc};

use serde_json::Value as Json;
use workflow::{
    conformance::workflows,
    definition::{
        read,
        template::{Template, Templates},
    },
};

/// The job templates among the recorded documents.
struct Recorded(Vec<Arc<Template>>);

impl Recorded {
    fn read(cases: &Path) -> Self {
        let text = fs::read_to_string(cases.join("models.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let templates = lines.filter(|line| line["input"]["model"] == "JobTemplateCreateRequest");
        let read_one = |line: Json| read::stored_template(&line["input"]["json"]).accepted().unwrap().definition;
        Self(templates.filter_map(read_one).collect())
    }
}

impl Templates for Recorded {
    fn template(&self, job_type: &str, version: &str) -> Option<Arc<Template>> {
        self.0.iter().find(|known| &*known.job_type == job_type && &*known.version == version).cloned()
    }
}

#[test]
fn whole_definitions_mean_what_was_recorded() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let index = fs::read_to_string(cases.join("workflows/index.jsonl")).unwrap();
    let lines: Vec<Json> = index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let templates = Recorded::read(&cases);
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
