//! When a result agrees with a case.

use serde_json::Value as Json;

use super::{Case, Failure, Finding};

/// Fields that say when something ran; they were removed from the cases.
const VOLATILE: [&str; 2] = ["evaluated_time", "request_time"];

/// Compares with the `error` of a case.
pub(super) fn failure(expected: &Json, outcome: &Result<Json, Failure>) -> Finding {
    let field = |name: &str| expected.get(name).and_then(Json::as_str);
    match outcome {
        Ok(result) => Finding {
            disagreement: Some(format!("expected a failure, got {result}")),
            kind_agrees: field("class").map(|_| false),
        },
        Err(failure) => {
            let wanted = field("message_contains").filter(|part| !failure.text.contains(part));
            Finding {
                disagreement: wanted.map(|part| format!("expected a failure with {part:?}, got {:?}", failure.text)),
                kind_agrees: field("class").map(|class| class == "*" || class == failure.kind),
            }
        }
    }
}

/// Compares with the `expect` of a case.
pub(super) fn result(case: &Case, outcome: &Result<Json, Failure>) -> Finding {
    if let Some(names) = case.line.get("expect_vars") {
        return Finding { disagreement: set_difference(names, outcome), kind_agrees: None };
    }
    let expected = case.line.get("expect").unwrap_or(&Json::Null);
    let disagreement = match outcome {
        Err(failure) => Some(format!("expected {expected}, got the failure {}: {}", failure.kind, failure.text)),
        Ok(result) if has_sets(case) => difference(&sorted(expected, false), &sorted(result, false), "$"),
        Ok(result) => difference(expected, result, "$"),
    };
    Finding { disagreement, kind_agrees: None }
}

/// Whether the case says that its alerting lists are sets.
fn has_sets(case: &Case) -> bool {
    case.line.get("note").and_then(Json::as_str).is_some_and(|note| note.contains("alerting objects are sets"))
        || case.input("model") == "DefaultAlerting"
}

/// The same document with the lists inside of alerting objects sorted; a document that is one has a `type_configs` itself.
fn sorted(json: &Json, is_alerting: bool) -> Json {
    let is_alerting = is_alerting || json.get("type_configs").is_some();
    match json {
        Json::Object(object) => {
            let fields =
                object.iter().map(|(key, value)| (key.clone(), sorted(value, is_alerting || key == "alerting")));
            Json::Object(fields.collect())
        }
        Json::Array(list) => {
            let mut list: Vec<Json> = list.iter().map(|element| sorted(element, is_alerting)).collect();
            if is_alerting {
                list.sort_by_key(Json::to_string);
            }
            Json::Array(list)
        }
        scalar => scalar.clone(),
    }
}

/// The first place where `got` is not what was expected. Key order does not matter, list order does.
pub(super) fn difference(expected: &Json, got: &Json, path: &str) -> Option<String> {
    let differs = || Some(format!("{path}: expected {expected}, got {got}"));
    match (expected, got) {
        // Stands for any text that has it.
        (Json::Object(left), Json::String(text)) if left.len() == 1 && left.contains_key("contains") => {
            let is_in = left["contains"].as_str().is_some_and(|part| text.contains(part));
            if is_in { None } else { differs() }
        }
        (Json::Object(left), Json::Object(right)) => {
            let tolerance = left.get("tolerance").and_then(Json::as_f64);
            let skipped = |key: &str| VOLATILE.contains(&key) || (key == "tolerance" && tolerance.is_some());
            for (key, value) in left.iter().filter(|(key, _)| !skipped(key)) {
                let inner = format!("{path}.{key}");
                let Some(other) = right.get(key) else {
                    return Some(format!("{inner}: expected {value}, got nothing"));
                };
                if tolerance.is_some_and(|most| is_near(value, other, most)) {
                    continue;
                }
                if let Some(found) = difference(value, other, &inner) {
                    return Some(found);
                }
            }
            // A type without a value fixes only the type.
            if left.len() == 1 && left.get("type").is_some_and(Json::is_string) && right.contains_key("value") {
                return None;
            }
            let extra = right.iter().find(|(key, _)| !left.contains_key(*key) && !VOLATILE.contains(&key.as_str()));
            extra.map(|(key, value)| format!("{path}.{key}: expected nothing, got {value}"))
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            pairs.into_iter().find_map(|(index, (a, b))| difference(a, b, &format!("{path}[{index}]")))
        }
        (Json::Number(left), Json::Number(right)) => {
            let same = left == right || (left.is_f64() == right.is_f64() && left.as_f64() == right.as_f64());
            if same { None } else { differs() }
        }
        _ if expected == got => None,
        _ => differs(),
    }
}

/// Whether two numbers, or the numbers of two lists, lie no further apart than `most`.
fn is_near(expected: &Json, got: &Json, most: f64) -> bool {
    match (expected, got) {
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| is_near(a, b, most))
        }
        _ => expected.as_f64().zip(got.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= most),
    }
}

/// How a list differs from another whose order does not matter.
fn set_difference(expected: &Json, outcome: &Result<Json, Failure>) -> Option<String> {
    let set = |list: &Json| {
        let mut items: Vec<String> = list.as_array().into_iter().flatten().map(Json::to_string).collect();
        items.sort();
        items
    };
    match outcome {
        Err(failure) => Some(format!("expected {expected}, got the failure {}: {}", failure.kind, failure.text)),
        Ok(got) if set(got) == set(expected) => None,
        Ok(got) => Some(format!("expected the set {expected}, got {got}")),
    }
}
