//! Samples for tests, and the stored form that must stay readable.

use replay::{
    corpus::{Addition, Corpus, Location, definition_ref},
    sample::{Deed, Kept, Lineage, RecordedAct, RecordedResult, Redaction, Sample, Shape},
};
use serde_json::{Value as Json, json};
use workflow::{
    definition::read,
    port::StandIn,
    time::{Millis, Timestamp},
};

/// A push of a workflow with one job after another.
pub(crate) fn definition(workflow: &str) -> Json {
    json!({
        "properties": { "owner": "ann" },
        "workflow": { "id": workflow, "time_triggers": [{ "cron": "0 3 * * *" }], "steps": [
            { "step": { "id": "load", "type": "Notebook", "transition": { "successors": { "check": "true" } } } },
            { "step": { "id": "check", "type": "NoOp" } },
        ] },
        "is_active": true,
    })
}

/// A sample with something in every field.
pub(crate) fn addition(workflow: &str, number: i64) -> Addition {
    let body = definition(workflow);
    let read = read::create_request(&definition("etl")).value.expect("the definition is valid");
    let mut result = StandIn::success();
    result.took = Millis(1_500);
    result.outputs.insert("rows".to_owned(), json!({ "type": "LONG", "value": 5 }));
    let sample = Sample {
        workflow: workflow.to_owned(),
        version: 3,
        definitions: vec![definition_ref(workflow, 3, &body)],
        at: Timestamp(1_700_000_000_000),
        start: json!({ "initiator": { "type": "MANUAL" }, "run_params": { "day": { "type": "LONG", "value": number } } }),
        acts: vec![RecordedAct { after: Millis(20), is_after_end: false, deed: Deed::Stop }],
        stand_ins: vec![RecordedResult { path: "load".to_owned(), attempt: 1, result }],
        outcome: json!({ "status": "SUCCEEDED", "runs": { "": { "params": { "x": 1.10 } } } }),
        took: Millis(2_000),
        shape: Shape::of(&read.workflow, "SUCCEEDED", None, 2),
        lineage: Lineage {
            engine: "legacy".to_owned(),
            captured_from: "http://maestro.example".to_owned(),
            captured_at: Timestamp(1_700_000_100_000),
            run: format!("{workflow}/{number}/1"),
            initiator: json!({ "type": "TIME", "depth": 0 }),
            redactions: vec![Redaction { pattern: "bearer-token".to_owned(), places: 2 }],
        },
    };
    Addition { sample, definitions: vec![body] }
}

/// A sample as if it had been read from a corpus.
pub(crate) fn kept(number: i64) -> Kept {
    let Addition { sample, definitions } = addition("etl", number);
    Kept { id: format!("sample-{number}"), sample, definitions }
}

/// The corpus of format 1 that was written by the first version of this code.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/corpus-1");

#[tokio::test]
async fn the_first_format_stays_readable() {
    // Opened through a copy: a server over a folder leaves files in it.
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    copy(GOLDEN.as_ref(), folder.path());
    let corpus = Corpus::open(&Location::folder(folder.path())).await.expect("the golden corpus is there");
    let contents = corpus.contents().await.expect("the manifest is readable");
    let ids = contents.manifest.samples.keys().map(String::as_str);
    let kept = corpus.load(ids).await.expect("all objects are readable");
    let expected = addition("etl/daily", 7);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].sample, expected.sample);
    assert_eq!(kept[0].definitions, expected.definitions);
}

#[tokio::test]
async fn what_is_written_today_is_the_first_format() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let corpus = Corpus::open_or_create(&Location::folder(folder.path())).await.expect("the folder is writable");
    corpus.add(&[addition("etl/daily", 7)]).await.expect("there is room");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        copy(&folder.path().join("corpus"), &std::path::Path::new(GOLDEN).join("corpus"));
    }
    let written = files(&folder.path().join("corpus"));
    assert!(written.len() == 3);
    assert_eq!(written, files(&std::path::Path::new(GOLDEN).join("corpus")));
}

/// Every file below a folder with its content, by path.
fn files(folder: &std::path::Path) -> std::collections::BTreeMap<String, String> {
    let mut found = std::collections::BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("the folder is readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").display().to_string();
                found.insert(name, std::fs::read_to_string(&path).expect("it is text"));
            }
        }
    }
    found
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for (name, content) in files(from) {
        let target = to.join(name);
        std::fs::create_dir_all(target.parent().expect("a file lies in a folder")).expect("the folder is writable");
        std::fs::write(target, content).expect("the folder is writable");
    }
}
