//! Param values of signals: whole numbers and texts.

use serde_json::Value as Json;

use crate::definition::SignalValue;

/// A value of another type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SignalParamValue value only supports Long or String. It does not support the type: {0}")]
pub struct NotSupported(pub &'static str);

/// Reads a value; fractions are cut off.
#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, which is what is wanted")]
pub fn value_from_json(json: &Json) -> Result<SignalValue, NotSupported> {
    match json {
        Json::String(text) => Ok(SignalValue::String(text.as_str().into())),
        Json::Number(number) => {
            let whole = number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(f64::MAX) as i64);
            Ok(SignalValue::Long(whole))
        }
        Json::Null => Err(NotSupported("null")),
        Json::Bool(_) => Err(NotSupported("boolean")),
        Json::Array(_) => Err(NotSupported("array")),
        Json::Object(_) => Err(NotSupported("object")),
    }
}

/// As a document.
pub fn value_to_json(value: &SignalValue) -> Json {
    match value {
        SignalValue::Long(number) => Json::from(*number),
        SignalValue::String(text) => Json::from(&**text),
    }
}
