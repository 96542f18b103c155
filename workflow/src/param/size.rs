//! How large the params of a run may be.

use super::{Body, Error, Literal, Params, Value, write};

/// Characters of JSON that the params of one run, of one step, or one step's output data may take.
pub const JSON_MAX: usize = 750_000;

/// The fields of a param that are always short: type, mode, source, times.
const FIXED: usize = 400;

/// JSON writes one byte as `\u0000` at worst.
const ESCAPED: usize = 6;

/// Refuses params whose JSON is longer than `most` characters.
pub fn check(params: &Params, most: usize) -> Result<(), Error> {
    // Writing the JSON just to count it would cost more than evaluating: nearly always a rough upper bound will do.
    if bound(params) <= most {
        return Ok(());
    }
    let size = write::params(params).to_string().encode_utf16().count();
    if size <= most { Ok(()) } else { Err(Error::TooLarge { size, most }) }
}

/// At least as many characters as the JSON has.
fn bound(params: &Params) -> usize {
    let one = |(name, param): (&super::Name, &std::sync::Arc<super::Param>)| {
        let definition = &param.definition;
        let body = match &definition.body {
            Body::Literal(literal) => of_literal(literal),
            Body::Expression(expression) => text(expression),
            Body::Absent => 0,
        };
        let tags =
            definition.tags.iter().flatten().map(|tag| crate::tag::write_one(tag).to_string().len() + 1).sum::<usize>();
        let validator = definition.validator.as_deref().map_or(0, text);
        let extra: usize = definition.extra.iter().map(|(name, value)| text(name) + value.to_string().len()).sum();
        FIXED + text(name) + body + tags + validator + extra + param.value().map_or(0, of_value)
    };
    params.iter().map(one).sum()
}

fn text(text: &str) -> usize {
    text.len() * ESCAPED + 4
}

fn of_literal(literal: &Literal) -> usize {
    match literal {
        Literal::String(value) => text(value),
        Literal::Long(_) | Literal::Boolean(_) => 24,
        Literal::Double(decimal) => decimal.as_str().len(),
        Literal::StringArray(array) => array.iter().map(|value| 4 + value.as_deref().map_or(0, text)).sum(),
        Literal::LongArray(array) => array.len() * 24,
        Literal::DoubleArray(array) => array.iter().map(|decimal| decimal.as_str().len() + 2).sum(),
        Literal::BooleanArray(array) => array.len() * 8,
        Literal::StringMap(map) => {
            map.iter().map(|(key, value)| 8 + text(key) + value.as_deref().map_or(0, text)).sum()
        }
        // Rare enough to be written out.
        Literal::Map(_) => write::literal(literal).to_string().len(),
    }
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Long(_) | Value::Double(_) | Value::Boolean(_) => 32,
        Value::String(value) => text(value),
        Value::StringArray(array) => array.iter().map(|value| 8 + value.as_deref().map_or(0, text)).sum(),
        Value::LongArray(array) => array.len() * 24,
        Value::DoubleArray(array) => array.len() * 32,
        Value::BooleanArray(array) => array.len() * 8,
        Value::Map(map) => map.iter().map(|(key, value)| 8 + text(key) + of_value(value)).sum(),
    }
}
