//! Definitions and params of runs as JSON, with Maestro's key names and order.

use serde_json::{Map, Value as Json};

use super::{Body, Definition, Definitions, Evaluated, Literal, Param, Params, Value, number};
use crate::tag;

/// A map of definitions as a document shows it.
pub fn definitions(definitions: &Definitions) -> Json {
    definitions.iter().map(|(name, definition)| (name.to_string(), self::definition(definition))).collect()
}

/// One definition as a document shows it.
pub fn definition(definition: &Definition) -> Json {
    object(definition, None)
}

/// The params of a run or an attempt as a document shows them and a row stores them.
pub fn params(params: &Params) -> Json {
    params.iter().map(|(name, param)| (name.to_string(), self::param(param))).collect()
}

/// One param of a run or an attempt.
pub fn param(param: &Param) -> Json {
    object(&param.definition, param.evaluated.as_ref())
}

fn object(definition: &Definition, evaluated: Option<&Evaluated>) -> Json {
    let mut object = Map::new();
    let mut put = |field: &str, value: Option<Json>| {
        if let Some(value) = value {
            object.insert(field.to_owned(), value);
        }
    };
    match &definition.body {
        Body::Literal(literal) => put("value", Some(self::literal(literal))),
        Body::Expression(expression) => put("expression", Some(Json::from(&**expression))),
        Body::Absent => {}
    }
    put("type", Some(Json::from(definition.kind.word())));
    put("validator", definition.validator.as_deref().map(Json::from));
    put("tags", definition.tags.as_ref().map(tag::write));
    put("mode", definition.mode.map(|mode| Json::from(mode.word())));
    put("evaluated_result", evaluated.map(|evaluated| value(&evaluated.value)));
    put("evaluated_time", evaluated.map(|evaluated| Json::from(evaluated.at.0)));
    put("source", definition.source.map(|source| Json::from(source.word())));
    put("internal_mode", definition.internal_mode.map(|mode| Json::from(mode.word())));
    if let Some((level, text)) = evaluated.and_then(|evaluated| evaluated.note.as_ref()) {
        put(level, Some(Json::from(&**text)));
    }
    for (field, value) in &definition.extra {
        put(field, Some(value.clone()));
    }
    Json::Object(object)
}

/// A literal as its definition holds it.
pub fn literal(literal: &Literal) -> Json {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or(Json::Null, Json::from);
    match literal {
        Literal::String(text) => Json::from(&**text),
        Literal::Long(value) => Json::from(*value),
        Literal::Double(number) => Json::Number(number.clone()),
        Literal::Boolean(value) => Json::from(*value),
        Literal::StringArray(array) => array.iter().map(text).collect(),
        Literal::LongArray(array) => array.iter().copied().collect(),
        Literal::DoubleArray(array) => array.iter().cloned().map(Json::Number).collect(),
        Literal::BooleanArray(array) => array.iter().copied().collect(),
        Literal::StringMap(map) => map.iter().map(|(key, value)| (key.to_string(), text(value))).collect(),
        Literal::Map(nested) => definitions(nested),
    }
}

/// An evaluated value as plain JSON; doubles have Java's digits, and text where JSON has no number for them.
pub fn value(value: &Value) -> Json {
    let double =
        |value: &f64| number::double_json(*value).map_or_else(|| number::double_text(*value).into(), Json::Number);
    match value {
        Value::Null => Json::Null,
        Value::String(text) => Json::from(&**text),
        Value::Long(value) => Json::from(*value),
        Value::Double(value) => double(value),
        Value::Boolean(value) => Json::from(*value),
        Value::StringArray(array) => array.iter().map(|text| text.as_deref().map_or(Json::Null, Json::from)).collect(),
        Value::LongArray(array) => array.iter().copied().collect(),
        Value::DoubleArray(array) => array.iter().map(double).collect(),
        Value::BooleanArray(array) => array.iter().copied().collect(),
        Value::Map(map) => map.iter().map(|(key, value)| (key.to_string(), self::value(value))).collect(),
    }
}
