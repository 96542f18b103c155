//! Definitions and params of runs as JSON, with Maestro's key names and order.
//!
//! They are written as text without being built as documents first: every commit of a step writes them.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value as Json;

use super::{Body, Definition, Definitions, Evaluated, Literal, Param, Params, Value, number};
use crate::tag;

/// A map of definitions as a document shows it.
pub fn definitions(definitions: &Definitions) -> Json {
    document(definitions)
}

/// One definition as a document shows it.
pub fn definition(definition: &Definition) -> Json {
    document(definition)
}

/// The params of a run or an attempt as a document shows them and a row stores them.
pub fn params(params: &Params) -> Json {
    document(params)
}

/// One param of a run or an attempt.
pub fn param(param: &Param) -> Json {
    document(param)
}

/// A literal as its definition holds it.
pub fn literal(literal: &Literal) -> Json {
    document(literal)
}

/// An evaluated value as plain JSON; doubles have Java's digits, and text where JSON has no number for them.
pub fn value(value: &Value) -> Json {
    document(value)
}

fn document(value: &impl Serialize) -> Json {
    serde_json::to_value(value).expect("keys are texts, and numbers that JSON does not know are texts")
}

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(self, None, serializer)
    }
}

impl Serialize for Param {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(&self.definition, self.evaluated.as_ref(), serializer)
    }
}

fn object<S: Serializer>(
    definition: &Definition,
    evaluated: Option<&Evaluated>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    match &definition.body {
        Body::Literal(literal) => object.serialize_entry("value", literal)?,
        Body::Expression(expression) => object.serialize_entry("expression", &**expression)?,
        Body::Absent => {}
    }
    object.serialize_entry("type", definition.kind.word())?;
    if let Some(validator) = &definition.validator {
        object.serialize_entry("validator", &**validator)?;
    }
    if let Some(tags) = &definition.tags {
        object.serialize_entry("tags", &tag::write(tags))?;
    }
    if let Some(mode) = definition.mode {
        object.serialize_entry("mode", mode.word())?;
    }
    if let Some(evaluated) = evaluated {
        object.serialize_entry("evaluated_result", &evaluated.value)?;
        object.serialize_entry("evaluated_time", &evaluated.at.0)?;
    }
    if let Some(source) = definition.source {
        object.serialize_entry("source", source.word())?;
    }
    if let Some(mode) = definition.internal_mode {
        object.serialize_entry("internal_mode", mode.word())?;
    }
    if let Some((level, text)) = evaluated.and_then(|evaluated| evaluated.note.as_ref()) {
        object.serialize_entry(level, &**text)?;
    }
    for (field, value) in &definition.extra {
        object.serialize_entry(field, value)?;
    }
    object.end()
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(text) => serializer.serialize_str(text),
            Self::Long(value) => serializer.serialize_i64(*value),
            Self::Double(number) => number.serialize(serializer),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::StringArray(array) => serializer.collect_seq(array.iter().map(Option::as_deref)),
            Self::LongArray(array) => serializer.collect_seq(array.iter()),
            Self::DoubleArray(array) => serializer.collect_seq(array.iter()),
            Self::BooleanArray(array) => serializer.collect_seq(array.iter()),
            Self::StringMap(map) => serializer.collect_map(map.iter().map(|(key, text)| (&**key, text.as_deref()))),
            Self::Map(nested) => nested.serialize(serializer),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::String(text) => serializer.serialize_str(text),
            Self::Long(value) => serializer.serialize_i64(*value),
            Self::Double(value) => Double(*value).serialize(serializer),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::StringArray(array) => serializer.collect_seq(array.iter().map(Option::as_deref)),
            Self::LongArray(array) => serializer.collect_seq(array.iter()),
            Self::DoubleArray(array) => {
                let mut list = serializer.serialize_seq(Some(array.len()))?;
                for value in array.iter() {
                    list.serialize_element(&Double(*value))?;
                }
                list.end()
            }
            Self::BooleanArray(array) => serializer.collect_seq(array.iter()),
            Self::Map(map) => serializer.collect_map(map.iter().map(|(key, value)| (&**key, value))),
        }
    }
}

/// A number with Java's digits.
struct Double(f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match number::double_json(self.0) {
            Some(number) => number.serialize(serializer),
            None => serializer.serialize_str(&number::double_text(self.0)),
        }
    }
}
