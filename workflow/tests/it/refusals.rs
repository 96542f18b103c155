//! Definitions that a real server was given and refused: the checker refuses them, too, in the recorded words.

use serde_json::Value as Json;
use workflow::{
    definition::{Checked, Format, Settings, check, rules::Limits, template::NoTemplates},
    time::Timestamp,
};

use crate::golden::scenarios;

/// Where the recorded words are of no use to anybody, ours: a broken server, a parser that speaks of classes, an answer without a reason.
const OWN_WORDS: [(&str, &str); 5] = [
    ("bad-bad-param-type", "`FLOAT` is no known type of a param"),
    ("bad-cycle", "Invalid workflow definition [bad-cycle], where DAG contains cycle"),
    ("bad-foreach-no-loop", "loop step [f] must have a param loop_params"),
    ("bad-null-step", "a step cannot be null"),
    ("bad-param-mismatch", "expected a 64-bit integer, got `\"x\"`"),
];

/// Refused only because nothing is stored under its id: a document alone does not tell.
const BY_STATE: &str = "bad-no-owner";

fn checked(body: &Json) -> Checked {
    let limits = Limits::standard();
    let now = Timestamp(1_750_000_000_000);
    let settings = Settings { limits: &limits, templates: &NoTemplates, environment: "test", now };
    check(&body.to_string(), Format::Json, settings)
}

/// The texts of a recorded refusal: each broken rule, or the one thing that stopped the server.
fn recorded(answer: &Json) -> Vec<&str> {
    let message = answer["message"].as_str().unwrap();
    match answer["errors"].as_array().filter(|_| message.ends_with("\"Validation failure\"")) {
        Some(errors) => errors.iter().map(|error| error.as_str().unwrap()).collect(),
        None => vec![message],
    }
}

#[test]
fn what_a_real_server_refused_is_refused_in_its_words() {
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for scenario in scenarios().iter().filter(|scenario| scenario["group"] == "bad-definition") {
        let id = scenario["id"].as_str().unwrap();
        for call in scenario["calls"].as_array().unwrap() {
            let (checked, expect) = (checked(&call["body"]), &call["expect"]);
            let is_refused = expect["status"].as_i64() >= Some(400) && id != BY_STATE;
            if checked.is_accepted() == is_refused {
                wrong.push(format!("{id}: it was recorded as {expect}"));
                continue;
            }
            if !is_refused {
                continue;
            }
            refused += 1;
            let own = OWN_WORDS.iter().find(|(name, _)| *name == id).map(|(_, own)| *own);
            let messages: Vec<&str> = checked.problems.iter().map(|found| found.problem.message.as_str()).collect();
            for text in recorded(&expect["body"]) {
                let is_said = |message: &&str| text.contains(*message) || own.is_some_and(|own| message.contains(own));
                if !messages.iter().any(is_said) {
                    wrong.push(format!("{id}: {text:?} was recorded, {messages:?} is said"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 40, "only {refused} calls are recorded as refused");
}
