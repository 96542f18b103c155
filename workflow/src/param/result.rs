//! Results fitted to the declared type, and literals as values.

use std::sync::Arc;

use serde_json::{Number, Value as Json};

use super::{Error, Literal, Type, Value, number};

/// A remark on a conversion that its author may not have meant: (`info` or `warn`, text).
pub type Note = (&'static str, Arc<str>);

/// As much of an unfit result as a message shows.
const SHOWN_MAX: usize = 1000;

/// Fits a result to the declared type; a note says what was converted in passing.
pub fn fit(name: &str, kind: Type, value: Value) -> Result<(Value, Option<Note>), Error> {
    let incompatible =
        |wanted, value: &Value| Error::Incompatible { name: name.to_owned(), wanted, class: class(value) };
    let from_text = |word: &str| {
        let text = format!("Implicitly converted the evaluated result to a {word} for type String");
        Some(("warn", Arc::from(text)))
    };
    match (kind, value) {
        (Type::String, value @ Value::String(_))
        | (Type::Long, value @ Value::Long(_))
        | (Type::Double, value @ Value::Double(_))
        | (Type::Boolean, value @ Value::Boolean(_))
        | (Type::StringArray, value @ Value::StringArray(_))
        | (Type::LongArray, value @ Value::LongArray(_))
        | (Type::DoubleArray, value @ Value::DoubleArray(_))
        | (Type::BooleanArray, value @ Value::BooleanArray(_))
        | (Type::StringMap | Type::Map, value @ Value::Map(_)) => Ok((value, None)),

        (Type::String, value) => {
            let text = scalar_text(&value).ok_or_else(|| incompatible("String", &value))?;
            let note =
                format!("Implicitly converted the evaluated result to a string for type class {}", class_name(&value));
            Ok((Value::String(Arc::from(text)), Some(("info", Arc::from(note)))))
        }
        (Type::Long, Value::String(text)) => {
            let value = number::long(&text).ok_or_else(|| Error::NotALong { text: text.to_string() })?;
            Ok((Value::Long(value), from_text("long")))
        }
        (Type::Long, value) => Err(incompatible("Long", &value)),
        (Type::Double, value) => {
            let text = scalar_text(&value).unwrap_or_else(|| shown(&value));
            let decimal = number::decimal(&text).as_ref().and_then(number::nearest_double);
            let value = decimal.ok_or_else(|| Error::NotADecimal { name: name.to_owned(), text })?;
            Ok((Value::Double(value), None))
        }
        (Type::Boolean, Value::String(text)) => {
            let value =
                boolean(&text).ok_or_else(|| Error::NotABoolean { name: name.to_owned(), text: text.to_string() })?;
            Ok((Value::Boolean(value), from_text("boolean")))
        }
        (Type::Boolean, value) => Err(incompatible("Boolean", &value)),
        (Type::StringArray, value) => {
            let texts = element_texts(&value).ok_or_else(|| invalid(name, &value))?;
            let note = format!(
                "Implicitly converted the evaluated result to a string array for type class {}",
                class_name(&value)
            );
            Ok((Value::StringArray(texts), Some(("info", Arc::from(note)))))
        }
        (Type::LongArray | Type::DoubleArray | Type::BooleanArray, value) => {
            empty_array(kind, &value).map(|value| (value, None)).ok_or_else(|| invalid(name, &value))
        }
        (Type::StringMap | Type::Map, value) => {
            Err(Error::NotCastable { name: name.to_owned(), class: class_name(&value) })
        }
    }
}

/// `true` or `false` in any case.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The text of a scalar as Java writes it; `None` for anything else.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Long(value) => Some(value.to_string()),
        Value::Double(value) => Some(number::double_text(*value)),
        Value::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The text of any value inside another text: scalars as Java writes them, the rest as JSON.
pub fn text(value: &Value) -> String {
    scalar_text(value).unwrap_or_else(|| {
        let mut text = String::new();
        write_json(value, &mut text);
        text
    })
}

/// JSON as Java writes it, where a number's digits are the text that somebody reads.
fn write_json(value: &Value, out: &mut String) {
    fn list<T>(array: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
        out.push('[');
        for (index, element) in array.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(element, out);
        }
        out.push(']');
    }
    let quoted = |text: &str, out: &mut String| out.push_str(&Json::from(text).to_string());
    let double = |value: &f64, out: &mut String| {
        let text = number::double_text(*value);
        if value.is_finite() { out.push_str(&text) } else { quoted(&text, out) }
    };
    match value {
        Value::Null => out.push_str("null"),
        Value::String(text) => quoted(text, out),
        Value::Long(value) => out.push_str(&value.to_string()),
        Value::Double(value) => double(value, out),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::StringArray(array) => list(array, out, |text, out| match text {
            Some(text) => quoted(text, out),
            None => out.push_str("null"),
        }),
        Value::LongArray(array) => list(array, out, |value, out| out.push_str(&value.to_string())),
        Value::DoubleArray(array) => list(array, out, double),
        Value::BooleanArray(array) => list(array, out, |value, out| out.push_str(&value.to_string())),
        Value::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quoted(key, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
    }
}

fn element_texts(value: &Value) -> Option<Arc<[Option<Arc<str>>]>> {
    match value {
        Value::LongArray(array) => Some(array.iter().map(|value| Some(value.to_string().into())).collect()),
        Value::DoubleArray(array) => Some(array.iter().map(|value| Some(number::double_text(*value).into())).collect()),
        Value::BooleanArray(array) => Some(array.iter().map(|value| Some(value.to_string().into())).collect()),
        _ => None,
    }
}

/// An empty array read from a place without types fits every array type.
fn empty_array(kind: Type, value: &Value) -> Option<Value> {
    let is_empty = matches!(value, Value::StringArray(array) if array.is_empty());
    match kind {
        Type::LongArray if is_empty => Some(Value::LongArray(Arc::from([]))),
        Type::DoubleArray if is_empty => Some(Value::DoubleArray(Arc::from([]))),
        Type::BooleanArray if is_empty => Some(Value::BooleanArray(Arc::from([]))),
        _ => None,
    }
}

fn invalid(name: &str, value: &Value) -> Error {
    Error::InvalidResult { name: name.to_owned(), value: shown(value) }
}

fn shown(value: &Value) -> String {
    let text = text(value);
    text.chars().take(SHOWN_MAX).collect()
}

/// The Java class of a value, as messages name it.
fn class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::String(_) => "class java.lang.String",
        Value::Long(_) => "class java.lang.Long",
        Value::Double(_) => "class java.lang.Double",
        Value::Boolean(_) => "class java.lang.Boolean",
        Value::StringArray(_) => "class [Ljava.lang.String;",
        Value::LongArray(_) => "class [J",
        Value::DoubleArray(_) => "class [D",
        Value::BooleanArray(_) => "class [Z",
        Value::Map(_) => "class java.util.LinkedHashMap",
    }
}

fn class_name(value: &Value) -> &'static str {
    class(value).trim_start_matches("class ")
}

/// A literal as a value, without interpolation; `None` for a MAP, whose entries must be evaluated, and for a DOUBLE beyond binary64.
pub fn of_literal(literal: &Literal) -> Option<Value> {
    Some(match literal {
        Literal::String(text) => Value::String(Arc::clone(text)),
        Literal::Long(value) => Value::Long(*value),
        Literal::Double(decimal) => Value::Double(number::nearest_double(decimal)?),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::StringArray(array) => Value::StringArray(Arc::clone(array)),
        Literal::LongArray(array) => Value::LongArray(Arc::clone(array)),
        Literal::DoubleArray(array) => {
            Value::DoubleArray(array.iter().map(number::nearest_double).collect::<Option<_>>()?)
        }
        Literal::BooleanArray(array) => Value::BooleanArray(Arc::clone(array)),
        Literal::StringMap(map) => {
            let value = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::String);
            Value::Map(Arc::new(map.iter().map(|(key, text)| (Arc::clone(key), value(text))).collect()))
        }
        Literal::Map(_) => return None,
    })
}

/// The literal that a value of a declared type is written as; `None` where none can say it.
pub fn to_literal(kind: Type, value: &Value) -> Option<Literal> {
    let decimal = |value: &f64| -> Option<Number> { number::double_json(*value) };
    Some(match value {
        Value::Null => return None,
        Value::String(text) => Literal::String(Arc::clone(text)),
        Value::Long(value) => Literal::Long(*value),
        Value::Double(value) => Literal::Double(decimal(value)?),
        Value::Boolean(value) => Literal::Boolean(*value),
        Value::StringArray(array) => Literal::StringArray(Arc::clone(array)),
        Value::LongArray(array) => Literal::LongArray(Arc::clone(array)),
        Value::DoubleArray(array) => Literal::DoubleArray(array.iter().map(decimal).collect::<Option<_>>()?),
        Value::BooleanArray(array) => Literal::BooleanArray(Arc::clone(array)),
        Value::Map(map) if kind == Type::StringMap => {
            let text = |value: &Value| if *value == Value::Null { None } else { Some(Arc::from(text(value))) };
            Literal::StringMap(Arc::new(map.iter().map(|(key, value)| (Arc::clone(key), text(value))).collect()))
        }
        Value::Map(map) => {
            let entry = |(key, value): (&Arc<str>, &Value)| {
                let kind = kind_of(value)?;
                Some((Arc::clone(key), Arc::new(super::Definition::literal(kind, to_literal(kind, value)?))))
            };
            Literal::Map(Arc::new(map.iter().filter_map(entry).collect()))
        }
    })
}

/// The type that declares a value best; `None` for null.
pub fn kind_of(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Null => return None,
        Value::String(_) => Type::String,
        Value::Long(_) => Type::Long,
        Value::Double(_) => Type::Double,
        Value::Boolean(_) => Type::Boolean,
        Value::StringArray(_) => Type::StringArray,
        Value::LongArray(_) => Type::LongArray,
        Value::DoubleArray(_) => Type::DoubleArray,
        Value::BooleanArray(_) => Type::BooleanArray,
        Value::Map(_) => Type::Map,
    })
}
