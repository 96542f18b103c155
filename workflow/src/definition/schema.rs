//! The JSON Schema (draft 2020-12) of a create request, made from the same shapes as the reader's.

use serde_json::{Map, Value as Json, json};

use super::shape::{CREATE_REQUEST, Holds, Need, Others, RULES, Shape, WRAPPERS};
use crate::param::Type;

/// The schema.
pub fn create_request() -> Json {
    let mut definitions = Map::new();
    define(&CREATE_REQUEST, &mut definitions);
    definitions.insert("step_wrapper".to_owned(), wrapper());
    definitions.insert("param".to_owned(), param());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Create request of a workflow version",
        "$ref": "#/$defs/create_request",
        "$defs": definitions,
    })
}

/// Adds a shape and all that it refers to.
fn define(shape: &'static Shape, definitions: &mut Map<String, Json>) {
    if definitions.contains_key(shape.name) {
        return;
    }
    // Taken before its fields are looked at: steps nest.
    definitions.insert(shape.name.to_owned(), Json::Null);
    let properties: Map<String, Json> = shape
        .fields
        .iter()
        .map(|field| {
            let mut schema = value(field.holds, definitions);
            if let Some(object) = schema.as_object_mut() {
                object.insert("description".to_owned(), Json::from(field.says));
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> =
        shape.fields.iter().filter(|field| field.need == Need::Required).map(|field| field.name).collect();
    let mut schema = json!({ "description": shape.says, "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if shape.others == Others::Refused {
        schema["additionalProperties"] = json!(false);
    }
    definitions.insert(shape.name.to_owned(), schema);
}

fn refer(shape: &'static Shape, definitions: &mut Map<String, Json>) -> Json {
    define(shape, definitions);
    json!({ "$ref": format!("#/$defs/{}", shape.name) })
}

fn value(holds: Holds, definitions: &mut Map<String, Json>) -> Json {
    match holds {
        Holds::Anything => json!({}),
        Holds::Text => json!({ "type": ["string", "number", "boolean", "null"] }),
        Holds::Matching(pattern) => json!({ "type": "string", "pattern": pattern, "maxLength": 128 }),
        Holds::Integer(i64::MIN, _) => json!({ "type": ["integer", "null"] }),
        Holds::Integer(least, most) => json!({ "type": ["integer", "null"], "minimum": least, "maximum": most }),
        Holds::Boolean => json!({ "type": ["boolean", "null"] }),
        Holds::Parsable => json!({ "type": ["number", "string", "null"], "minimum": 0 }),
        Holds::TextOrInteger => json!({ "type": ["string", "number"] }),
        Holds::Word(words) => json!({ "type": "string", "pattern": any_case(words) }),
        Holds::List(element) => json!({ "type": ["array", "null"], "items": value(*element, definitions) }),
        Holds::Map(element) => {
            json!({ "type": ["object", "null"], "additionalProperties": value(*element, definitions) })
        }
        Holds::Object(shape) => refer(shape, definitions),
        Holds::TextOr(shape) => json!({ "anyOf": [{ "type": "string" }, refer(shape, definitions)] }),
        Holds::RunStrategy(shape) => json!({ "anyOf": [
            { "type": "string", "pattern": any_case(RULES) },
            { "type": "integer", "minimum": 1, "maximum": 1000 },
            refer(shape, definitions),
        ] }),
        Holds::Step => {
            for (_, shape) in &WRAPPERS {
                define(shape, definitions);
            }
            json!({ "$ref": "#/$defs/step_wrapper" })
        }
        Holds::Tagged(kinds) => {
            let kinds: Vec<Json> = kinds.iter().map(|(_, shape)| refer(shape, definitions)).collect();
            json!({ "oneOf": kinds })
        }
        Holds::Param => json!({ "$ref": "#/$defs/param" }),
    }
}

/// A pattern that any of some words matches, in any case.
fn any_case(words: &[&str]) -> String {
    let one = |word: &&str| {
        let letters = word.chars().map(|letter| match letter {
            letter if letter.is_ascii_alphabetic() => {
                format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase())
            }
            letter => letter.to_string(),
        });
        letters.collect::<String>()
    };
    format!("^({})$", words.iter().map(one).collect::<Vec<_>>().join("|"))
}

fn wrapper() -> Json {
    let entries = WRAPPERS.iter().map(|(word, shape)| {
        let reference = json!({ "$ref": format!("#/$defs/{}", shape.name) });
        ((*word).to_owned(), reference)
    });
    json!({
        "description": "A step: an object with exactly one key that says its kind.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": entries.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

fn param() -> Json {
    let types: Vec<&str> = Type::ALL.iter().map(|kind| kind.word()).collect();
    json!({
        "description": "A param: a literal value or a SEL expression, with its type. Further fields are kept.",
        "type": "object",
        "properties": {
            "value": { "description": "A literal; texts may refer to other params as `${name}`." },
            "expression": { "type": ["string", "null"], "description": "A SEL program." },
            "type": { "type": "string", "pattern": any_case(&types), "description": "What it holds." },
            "mode": { "type": ["string", "null"], "description": "Who may change it." },
            "validator": { "type": ["string", "null"], "description": "Kept, never evaluated." },
            "tags": { "type": ["array", "null"], "description": "Labels." },
        },
        "required": ["type"],
    })
}
