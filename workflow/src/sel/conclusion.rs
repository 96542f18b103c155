//! What the engine makes of an evaluation: only values that a parameter can hold leave it, and failures say which expression failed.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Error, Kind, Program, Type, Value, error::Class};
use crate::param;

/// The result of a prepared program as the engine accepts it.
///
/// A pending evaluation stays [`Kind::Pending`]; every other failure is [`Kind::Invalid`] or [`Kind::Internal`] with the failure
/// itself as its cause.
pub fn conclude(program: &Program, outcome: Result<Value, Error>) -> Result<param::Value, Error> {
    let text = program.written();
    match outcome {
        Ok(value) => into_param(&value).map_err(|error| match error.kind() {
            Kind::Invalid => error.for_expression(text),
            _ => failed(text).because(error),
        }),
        Err(error) => Err(blame(text, error)),
    }
}

/// The engine's verdict on a failure to parse or evaluate the text of an expression.
pub(super) fn blame(text: &str, error: Error) -> Error {
    match error.kind() {
        Kind::Pending | Kind::Invalid | Kind::Internal => error,
        Kind::Timeout => failed(text).because(error),
        Kind::Thrown => {
            let message = format!("Expression throws an error [ERROR: {}] for expr=[{text}]", error.message());
            invalid(message).because(error)
        }
        Kind::Parse | Kind::Evaluation | Kind::Limit => {
            invalid(format!("BAD_REQUEST - Expression evaluation throws an exception for expr=[{text}]")).because(error)
        }
    }
}

impl Error {
    /// The engine's form of a failure of [`Program::parse_prepared`]: invalid, with the failure as its cause.
    #[must_use]
    pub fn of_expression(self, text: &str) -> Self {
        blame(text, self)
    }

    fn for_expression(self, text: &str) -> Self {
        invalid(format!("{} for expr=[{text}]", self.message()))
    }
}

fn invalid(message: String) -> Error {
    Error::new(Kind::Invalid, Class::InvalidExpression, message)
}

fn failed(text: &str) -> Error {
    let message = format!("Expression evaluation is failed with an exception for expr=[{text}]");
    Error::new(Kind::Internal, Class::InternalError, message)
}

/// The parameter value of a result; a null-valued STRING or MAP is null.
pub fn into_param(value: &Value) -> Result<param::Value, Error> {
    Ok(match value {
        Value::Map(entries) => param::Value::Map(Arc::new(map(entries)?)),
        Value::Unset(Type::String | Type::Map) => param::Value::Null,
        _ => scalar(value).ok_or_else(|| invalid(format!("Invalid return type [{}]", value.kind().name())))?,
    })
}

fn map(entries: &IndexMap<Arc<str>, Value>) -> Result<IndexMap<Arc<str>, param::Value>, Error> {
    let entry = |(key, value): (&Arc<str>, &Value)| {
        let value = match value {
            Value::Map(inner) => Some(param::Value::Map(Arc::new(map(inner)?))),
            other => scalar(other),
        };
        let refuse = || Error::argument(format!("Invalid type, not support having map entry value {key}"));
        Ok((Arc::clone(key), value.ok_or_else(refuse)?))
    };
    entries.iter().map(entry).collect()
}

/// A value that holds no named others.
fn scalar(value: &Value) -> Option<param::Value> {
    Some(match value {
        Value::String(text) => param::Value::String(Arc::clone(text)),
        Value::Long(number) => param::Value::Long(*number),
        Value::Double(number) => param::Value::Double(*number),
        Value::Boolean(flag) => param::Value::Boolean(*flag),
        Value::StringArray(items) => param::Value::StringArray(Arc::clone(items)),
        Value::LongArray(items) => param::Value::LongArray(Arc::clone(items)),
        Value::DoubleArray(items) => param::Value::DoubleArray(Arc::clone(items)),
        Value::BooleanArray(items) => param::Value::BooleanArray(Arc::clone(items)),
        _ => return None,
    })
}

/// The value that a program sees for a parameter's value.
pub fn of_param(value: &param::Value) -> Value {
    match value {
        param::Value::Null => Value::Null,
        param::Value::String(text) => Value::String(Arc::clone(text)),
        param::Value::Long(number) => Value::Long(*number),
        param::Value::Double(number) => Value::Double(*number),
        param::Value::Boolean(flag) => Value::Boolean(*flag),
        param::Value::StringArray(items) => Value::StringArray(Arc::clone(items)),
        param::Value::LongArray(items) => Value::LongArray(Arc::clone(items)),
        param::Value::DoubleArray(items) => Value::DoubleArray(Arc::clone(items)),
        param::Value::BooleanArray(items) => Value::BooleanArray(Arc::clone(items)),
        param::Value::Map(entries) => {
            Value::Map(Arc::new(entries.iter().map(|(key, value)| (Arc::clone(key), of_param(value))).collect()))
        }
    }
}
