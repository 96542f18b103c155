//! Params of runs read back from their JSON: a row of ours, or a document of a running Maestro.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Body, Definition, Evaluated, Literal, Param, Params, Source, Type, Value, number, read};
use crate::{
    problem::{Problem, code},
    time::Timestamp,
};

/// Reads params of a run or an attempt as [`super::write::params`] writes them.
pub fn params(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Params {
    if !json.is_object() && !json.is_null() {
        problems.push(Problem::new(code::WRONG_TYPE, path, "params are an object"));
    }
    let object = json.as_object().into_iter().flatten();
    let read = object.filter_map(|(name, json)| {
        Some((Arc::from(name.as_str()), Arc::new(param(json, &format!("{path}.{name}"), problems)?)))
    });
    read.collect()
}

/// Reads one param of a run or an attempt.
pub fn param(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Option<Param> {
    // Old documents name sources that nobody knows any more; they say nothing that matters, but they are said.
    let is_unknown = |source: &&Json| source.as_str().is_some_and(|word| !Source::WORDS.contains(&word));
    let named = json.get("source").filter(is_unknown);
    let definition = match named {
        None => read::partial_definition(json, path, problems)?,
        Some(source) => {
            let mut known = json.clone();
            known.as_object_mut()?.shift_remove("source");
            let mut definition = read::partial_definition(&known, path, problems)?;
            definition.extra.insert("source".to_owned(), source.clone());
            definition
        }
    };
    let evaluated = evaluated(&definition, json.as_object()?, path, problems);
    Some(Param { definition: Arc::new(definition), evaluated })
}

/// What a param came to, where it came to something; a result without a time counts as evaluated long ago.
fn evaluated(
    definition: &Definition,
    object: &Map<String, Json>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Option<Evaluated> {
    let at = object.get("evaluated_time").and_then(Json::as_i64);
    let json = object.get("evaluated_result").filter(|json| at.is_some() || !json.is_null());
    // An evaluated empty array or map may have lost its result on the way through a document that drops empty values.
    let json = json.or_else(|| at.and(Some(&Json::Null)))?;
    let kind = definition.kind;
    let Some(value) = result(definition, json) else {
        let message = format!("`{json}` is no evaluated result of a {kind}");
        problems.push(Problem::new(code::WRONG_TYPE, format!("{path}.evaluated_result"), message));
        return None;
    };
    let note = ["info", "warn"].into_iter().find_map(|level| Some((level, Arc::from(object.get(level)?.as_str()?))));
    Some(Evaluated { value, at: Timestamp(at.unwrap_or_default()), note })
}

/// The value of a definition's result; entries of a MAP have no types of their own but those that were declared for them.
fn result(definition: &Definition, json: &Json) -> Option<Value> {
    let (Body::Literal(Literal::Map(entries)), Json::Object(object)) = (&definition.body, json) else {
        return value(definition.kind, json);
    };
    let entry = |(key, json): (&String, &Json)| {
        let declared = entries.get(key.as_str());
        let value = match declared {
            Some(declared) if declared.kind == Type::Map => result(declared, json),
            // Only an empty array does not tell its type by itself.
            Some(declared) if json.as_array().is_some_and(Vec::is_empty) => value(declared.kind, json),
            _ => None,
        };
        (Arc::from(key.as_str()), value.unwrap_or_else(|| plain(json)))
    };
    Some(Value::Map(Arc::new(object.iter().map(entry).collect())))
}

/// An evaluated value of a known type.
pub fn value(kind: Type, json: &Json) -> Option<Value> {
    let array = || match json {
        Json::Array(array) => Some(array.as_slice()),
        Json::Null => Some(&[][..]),
        _ => None,
    };
    Some(match kind {
        Type::String => Value::String(Arc::from(json.as_str()?)),
        Type::Long => Value::Long(json.as_i64()?),
        Type::Double => Value::Double(double(json)?),
        Type::Boolean => Value::Boolean(json.as_bool()?),
        Type::StringArray => Value::StringArray(texts(array()?)?),
        Type::LongArray => Value::LongArray(array()?.iter().map(Json::as_i64).collect::<Option<_>>()?),
        Type::DoubleArray => Value::DoubleArray(array()?.iter().map(double).collect::<Option<_>>()?),
        Type::BooleanArray => Value::BooleanArray(array()?.iter().map(Json::as_bool).collect::<Option<_>>()?),
        Type::StringMap | Type::Map => match json {
            Json::Object(object) => map(object),
            Json::Null => map(&Map::new()),
            _ => return None,
        },
    })
}

/// Plain JSON as a value, as inside a MAP, where no type is written down.
///
/// An array's type is that of its elements; an empty one counts as texts, the only type every use of an array accepts.
pub fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Double(number::nearest_double(number).unwrap_or(f64::NAN)), Value::Long),
        Json::String(text) => Value::String(Arc::from(text.as_str())),
        Json::Object(object) => map(object),
        Json::Array(array) => {
            let kinds = [Type::StringArray, Type::LongArray, Type::DoubleArray, Type::BooleanArray];
            let typed = kinds.into_iter().find_map(|kind| value(kind, json));
            typed.unwrap_or_else(|| {
                Value::StringArray(array.iter().map(|json| Some(Arc::from(json.to_string()))).collect())
            })
        }
    }
}

fn map(object: &Map<String, Json>) -> Value {
    Value::Map(Arc::new(object.iter().map(|(key, json)| (Arc::from(key.as_str()), plain(json))).collect()))
}

/// Texts and nulls.
fn texts(array: &[Json]) -> Option<Arc<[Option<Arc<str>>]>> {
    let is_text = |json: &Json| json.is_null() || json.is_string();
    array.iter().all(is_text).then(|| array.iter().map(|json| json.as_str().map(Arc::from)).collect())
}

/// A double as a number, or as one of the three texts that stand for what JSON cannot say.
fn double(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number::nearest_double(number),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}
