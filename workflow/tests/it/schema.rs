//! The published schema and the reader agree: editors that complete by the one write what the other accepts.

use std::{fs, path::Path};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value as Json, json};
use workflow::definition::{read, schema};

/// The compiled schema.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn compiled() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        // Numbers keep their digits in our JSON; the validator reads them as it reads any.
        let document = schema::create_request();
        compiler.add_resource("segue.json", document).unwrap();
        let index = compiler.compile("segue.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn refusal(&self, document: &Json) -> Option<String> {
        self.schemas.validate(document, self.index).err().map(|error| format!("{error:#}"))
    }
}

/// The create requests among the recorded definitions and the demo's, by file.
fn samples() -> Vec<(String, Json)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["tests/cases/workflows", "../cli/demo/definitions"] {
        for path in fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|ending| ending == "json") {
                let json: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                found.push((path.display().to_string(), json));
            }
        }
    }
    assert!(found.len() > 40, "the samples are missing");
    found
}

#[test]
fn the_schema_accepts_every_request_that_the_reader_accepts() {
    let schema = Schema::compiled();
    let mut checked = 0;
    for (file, json) in samples() {
        // A stored version is no request.
        if json.get("metadata").is_some() || read::create_request(&json).accepted().is_err() {
            continue;
        }
        checked += 1;
        if let Some(refusal) = schema.refusal(&json) {
            panic!("{file} is refused: {refusal}");
        }
    }
    assert!(checked > 30, "only {checked} samples are requests");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = Schema::compiled();
    let with = |pointer: &str, value: Json| {
        let mut request = json!({
            "properties": { "owner": "ann", "run_strategy": "sequential" },
            "workflow": {
                "id": "w",
                "params": { "n": { "type": "LONG", "value": 1 } },
                "time_triggers": [{ "type": "CRON", "cron": "0 3 * * *" }],
                "steps": [{ "step": { "id": "a", "type": "NoOp", "transition": { "successors": {} } } }],
            },
        });
        assert_eq!(schema.refusal(&request), None);
        *request.pointer_mut(pointer).expect("the place exists") = value;
        request
    };
    let cases = [
        with("/workflow", json!("w")),
        with("/workflow", json!({ "id": "w" })),
        with("/workflow/id", json!("a b")),
        with("/workflow/steps", json!({ "a": 1 })),
        with("/workflow/steps/0", json!({ "id": "a", "type": "NoOp" })),
        with("/workflow/steps/0/step", json!({ "id": "a", "type": "NoOp", "colour": "red" })),
        with("/workflow/steps/0/step/type", json!("NoOpp")),
        with("/workflow/steps/0/step/transition", json!({ "successors": ["b"] })),
        with("/workflow/params/n", json!(5)),
        with("/workflow/params/n", json!({ "value": 1 })),
        with("/workflow/params/n", json!({ "type": "LNG", "value": 1 })),
        with("/workflow/time_triggers/0", json!({ "type": "CRONN", "cron": "0 3 * * *" })),
        with("/properties/run_strategy", json!("paralel")),
        with("/properties/run_strategy", json!(0)),
    ];
    for case in cases {
        assert!(schema.refusal(&case).is_some(), "the schema accepts {case}");
        let limits = workflow::definition::rules::Limits::standard();
        let settings = workflow::definition::Settings {
            limits: &limits,
            templates: &workflow::definition::template::NoTemplates,
            environment: "test",
            now: workflow::time::Timestamp(1_750_000_000_000),
        };
        let checked = workflow::definition::check(&case.to_string(), workflow::definition::Format::Json, settings);
        assert!(!checked.is_accepted(), "the reader accepts {case}");
    }
}
