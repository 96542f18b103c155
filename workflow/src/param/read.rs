//! Definitions read from JSON: every problem is reported with its path, and what Maestro reads leniently is read so here.
//!
//! Nesting is bounded by the JSON parser, which refuses documents deeper than 128 levels.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value as Json};

use super::{Body, Definition, Definitions, InternalMode, Literal, Mode, Source, Type, number};
use crate::{
    problem::{self, Path, Problem, code},
    tag,
};

/// Reads a map of params as a workflow, a step or a run request holds it: each entry has exactly one of value and expression.
///
/// An entry with a problem is left out of the result. Null means no params.
pub fn definitions(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Definitions {
    entries(json, path, problems, Nesting::Top)
}

/// Reads one definition that must have exactly one of value and expression.
pub fn definition(name: &str, json: &Json, path: &str, problems: &mut Vec<Problem>) -> Option<Definition> {
    entry(name, json, path, problems, Nesting::Top)
}

/// Reads a map of params that may lack values, as bundled defaults, templates and the entries of a MAP do.
pub fn partial_definitions(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Definitions {
    entries(json, path, problems, Nesting::Inner)
}

/// Reads one definition that may lack its value.
pub fn partial_definition(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Option<Definition> {
    entry("", json, path, problems, Nesting::Inner)
}

/// Where a definition stands: entries of a MAP are checked later, when the layers are merged.
#[derive(Clone, Copy, PartialEq)]
enum Nesting {
    Top,
    Inner,
}

fn entries(json: &Json, path: &str, problems: &mut Vec<Problem>, nesting: Nesting) -> Definitions {
    let object = match json {
        Json::Object(object) => object,
        Json::Null => return Definitions::new(),
        _ => {
            problems.push(Problem::new(code::WRONG_TYPE, path, format!("params are an object, not {}", shape(json))));
            return Definitions::new();
        }
    };
    let mut read = Definitions::with_capacity(object.len());
    for (name, json) in object {
        if let Some(definition) = entry(name, json, &Path::At(path).key(name).to_string(), problems, nesting) {
            read.insert(Arc::from(name.as_str()), Arc::new(definition));
        }
    }
    read
}

fn entry(name: &str, json: &Json, path: &str, problems: &mut Vec<Problem>, nesting: Nesting) -> Option<Definition> {
    let Json::Object(object) = json else {
        let message = format!("a param is an object with a `type`, not {}", shape(json));
        problems.push(Problem::new(code::WRONG_TYPE, path, message).with_hint(r#"write `{"type": …, "value": …}`"#));
        return None;
    };
    let before = problems.len();
    let mut reader = Reader { object, path, problems };
    let kind = reader.kind();
    let expression = reader.text("expression");
    let literal = kind.and_then(|kind| reader.literal(kind));
    let mode = reader.word("mode", Mode::ALL, Mode::from_word, Mode::word);
    let internal_mode = reader.word("internal_mode", InternalMode::ALL, InternalMode::from_word, InternalMode::word);
    let source = reader.word("source", Source::ALL, Source::from_word, Source::word);
    let validator = reader.text("validator");
    let tags = reader.tags();
    // A null or unreadable value has said all there is to say about the body.
    if nesting == Nesting::Top && problems.len() == before && literal.is_some() == expression.is_some() {
        let message =
            format!("Param [{name}] must be defined with either a literal value or an expression for parameter");
        problems.push(Problem::new(code::PARAM_BODY, path, message));
    }
    if problems.len() > before {
        return None;
    }
    let body = match (expression, literal) {
        (Some(expression), _) => Body::Expression(expression),
        (None, Some(literal)) => Body::Literal(literal),
        (None, None) => Body::Absent,
    };
    Some(Definition { kind: kind?, body, mode, internal_mode, source, validator, tags, extra: extra(object) })
}

/// Fields that have a meaning; all others are kept as they are.
const KNOWN: [&str; 8] = ["type", "value", "expression", "mode", "internal_mode", "source", "validator", "tags"];

/// Fields that only a run adds; they are no part of a definition.
const OF_RUNS: [&str; 4] = ["evaluated_result", "evaluated_time", "info", "warn"];

fn extra(object: &Map<String, Json>) -> Map<String, Json> {
    let is_extra = |field: &&String| !KNOWN.contains(&field.as_str()) && !OF_RUNS.contains(&field.as_str());
    let kept = object.iter().filter(|(field, value)| is_extra(field) && !value.is_null());
    kept.map(|(field, value)| (field.clone(), value.clone())).collect()
}

/// One definition's object while it is read.
struct Reader<'a> {
    object: &'a Map<String, Json>,
    path: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn report(&mut self, code: &'static str, field: &str, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(code, format!("{}.{field}", self.path), message));
        self.problems.last_mut().expect("a problem was just pushed")
    }

    fn kind(&mut self) -> Option<Type> {
        if self.object.get("type").is_none_or(Json::is_null) {
            let hint = format!("add `type`, one of {}", list(Type::ALL, Type::word));
            let problem = self.report(code::MISSING_TYPE, "type", "a param needs a `type`");
            problem.hint = Some(hint);
            return None;
        }
        self.word("type", Type::ALL, Type::from_word, Type::word)
    }

    /// A text field; null is the same as absent.
    fn text(&mut self, field: &str) -> Option<Arc<str>> {
        match self.object.get(field) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(Arc::from(text.as_str())),
            Some(other) => {
                let message = format!("`{field}` is text, not {}", shape(other));
                self.report(code::WRONG_TYPE, field, message);
                None
            }
        }
    }

    fn word<T: Copy>(
        &mut self,
        field: &str,
        all: &[T],
        read: fn(&str) -> Option<T>,
        write: fn(T) -> &'static str,
    ) -> Option<T> {
        let word = self.text(field)?;
        let known = read(&word);
        if known.is_none() {
            let hint = format!("use one of {}", list(all, write));
            let code = if field == "type" { code::UNKNOWN_TYPE } else { code::UNKNOWN_WORD };
            self.report(code, field, format!("`{word}` is no known {field} of a param")).hint = Some(hint);
        }
        known
    }

    fn tags(&mut self) -> Option<tag::Tags> {
        let json = self.object.get("tags").filter(|json| !json.is_null())?;
        Some(tag::read(json, &format!("{}.tags", self.path), self.problems))
    }

    fn literal(&mut self, kind: Type) -> Option<Literal> {
        let json = self.object.get("value").filter(|json| !json.is_null())?;
        let path = format!("{}.value", self.path);
        if kind == Type::Map {
            if !json.is_object() {
                let message = format!("a MAP is an object of params, not {}", shape(json));
                self.report(code::WRONG_TYPE, "value", message);
                return None;
            }
            let nested = entries(json, &path, self.problems, Nesting::Inner);
            return Some(Literal::Map(Arc::new(nested)));
        }
        match literal(kind, json) {
            Ok(literal) => literal,
            Err(Unfit { at, message }) => {
                self.problems.push(Problem::new(code::WRONG_TYPE, format!("{path}{at}"), message));
                None
            }
        }
    }
}

fn list<T: Copy>(all: &[T], write: fn(T) -> &'static str) -> String {
    all.iter().map(|word| format!("`{}`", write(*word))).collect::<Vec<_>>().join(", ")
}

/// A value that its type cannot hold.
struct Unfit {
    /// Path below the value, e.g. `[2]`.
    at: String,
    message: String,
}

/// The literal of any type but MAP; `None` when it reads as null, as an empty text for a number does.
fn literal(kind: Type, json: &Json) -> Result<Option<Literal>, Unfit> {
    Ok(match kind {
        Type::String => Some(Literal::String(string(json)?)),
        Type::Long => long(json)?.map(Literal::Long),
        Type::Double => decimal(json)?.map(Literal::Double),
        Type::Boolean => boolean(json)?.map(Literal::Boolean),
        Type::StringArray => Some(Literal::StringArray(elements(json, |json| nullable(json, string))?)),
        Type::LongArray => {
            Some(Literal::LongArray(elements(json, |json| Ok(nullable(json, long)?.flatten().unwrap_or_default()))?))
        }
        Type::DoubleArray => {
            Some(Literal::DoubleArray(elements(json, |json| decimal(json)?.ok_or_else(|| unfit("a number", json)))?))
        }
        Type::BooleanArray => Some(Literal::BooleanArray(elements(json, |json| {
            Ok(nullable(json, boolean)?.flatten().unwrap_or_default())
        })?)),
        Type::StringMap => {
            let Json::Object(object) = json else { return Err(unfit("an object of texts", json)) };
            let mut map = IndexMap::with_capacity(object.len());
            for (key, value) in object {
                let value = nullable(value, string).map_err(|unfit| unfit.below(&problem::below(key)))?;
                map.insert(Arc::from(key.as_str()), value);
            }
            Some(Literal::StringMap(Arc::new(map)))
        }
        Type::Map => None,
    })
}

impl Unfit {
    fn below(self, at: &str) -> Self {
        Self { at: format!("{at}{}", self.at), ..self }
    }
}

fn unfit(wanted: &str, json: &Json) -> Unfit {
    let got = match json {
        Json::String(_) | Json::Number(_) | Json::Bool(_) => format!("`{json}`"),
        _ => shape(json).to_owned(),
    };
    Unfit { at: String::new(), message: format!("expected {wanted}, got {got}") }
}

fn nullable<T>(json: &Json, read: fn(&Json) -> Result<T, Unfit>) -> Result<Option<T>, Unfit> {
    if json.is_null() { Ok(None) } else { read(json).map(Some) }
}

fn elements<T>(json: &Json, read: impl Fn(&Json) -> Result<T, Unfit>) -> Result<Arc<[T]>, Unfit> {
    let Json::Array(array) = json else { return Err(unfit("an array", json)) };
    let read_at = |(index, json)| read(json).map_err(|unfit| unfit.below(&format!("[{index}]")));
    array.iter().enumerate().map(read_at).collect()
}

fn string(json: &Json) -> Result<Arc<str>, Unfit> {
    match json {
        Json::String(text) => Ok(Arc::from(text.as_str())),
        Json::Number(_) | Json::Bool(_) => Ok(Arc::from(json.to_string())),
        _ => Err(unfit("text", json)),
    }
}

fn long(json: &Json) -> Result<Option<i64>, Unfit> {
    match json {
        Json::Number(number) => truncated(number).map(Some).ok_or_else(|| unfit("a 64-bit integer", json)),
        Json::String(text) if text.trim().is_empty() => Ok(None),
        Json::String(text) => number::long(text.trim()).map(Some).ok_or_else(|| unfit("a 64-bit integer", json)),
        _ => Err(unfit("a 64-bit integer", json)),
    }
}

/// A number without its fraction, as Maestro reads `5.7` where a LONG is due.
fn truncated(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let text = number.as_str();
    if !text.contains(['.', 'e', 'E']) {
        return None;
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return whole.parse().ok();
    }
    let near = number::nearest_double(number)?.trunc();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first; the bounds are powers of two")]
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&near).then_some(near as i64)
}

fn decimal(json: &Json) -> Result<Option<Number>, Unfit> {
    match json {
        Json::Number(number) => Ok(Some(number.clone())),
        Json::String(text) if text.trim().is_empty() => Ok(None),
        Json::String(text) => number::decimal(text.trim()).map(Some).ok_or_else(|| unfit("a number", json)),
        _ => Err(unfit("a number", json)),
    }
}

fn boolean(json: &Json) -> Result<Option<bool>, Unfit> {
    match json {
        Json::Bool(value) => Ok(Some(*value)),
        Json::Number(number) => match number.as_i64() {
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            _ => Err(unfit("`true` or `false`", json)),
        },
        Json::String(text) => match text.trim() {
            "" => Ok(None),
            text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(unfit("`true` or `false`", json)),
        },
        _ => Err(unfit("`true` or `false`", json)),
    }
}

/// What a JSON value is, for messages.
fn shape(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
