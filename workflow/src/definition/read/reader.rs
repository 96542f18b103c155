//! Values of JSON read as the language means them; every problem is collected with its path, in document order.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use crate::{
    definition::{
        Parsable,
        shape::{Others, Shape},
    },
    param::number,
    problem::{Path, Problem, code, nearest},
};

/// Known words, and what one in any case stands for.
pub(super) type Words<'w, T> = (&'w [&'static str], fn(&str) -> Option<T>);

/// Collects the problems of one document.
#[derive(Debug, Default)]
pub struct Reader {
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    /// What was wrong, in document order.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes a problem.
    pub(super) fn report(&mut self, code: &'static str, path: &Path<'_>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(code, path.to_string(), message));
        self.problems.last_mut().expect("a problem was just pushed")
    }

    /// An object's fields, null ones left out and unknown ones reported; false if it is no object.
    pub(super) fn fields<'j>(
        &mut self,
        path: &Path<'_>,
        json: &'j Json,
        shape: &Shape,
        mut visit: impl FnMut(&mut Self, &Path<'_>, &'j str, &'j Json),
    ) -> bool {
        let Some(object) = self.object(path, json, shape.class) else { return false };
        for (name, value) in object {
            let at = path.key(name);
            if !shape.knows(name) && shape.others == Others::Refused {
                self.unknown_field(&at, name, shape);
            } else if !value.is_null() {
                visit(self, &at, name, value);
            }
        }
        true
    }

    fn unknown_field(&mut self, path: &Path<'_>, name: &str, shape: &Shape) {
        let message = format!("Unrecognized field \"{name}\" (class {}), not marked as ignorable", shape.class);
        let hint = match nearest(name, shape.names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known here: {}", listed(shape.names())),
        };
        self.report(code::UNKNOWN_FIELD, path, message).hint = Some(hint);
    }

    /// An object.
    pub(super) fn object<'j>(&mut self, path: &Path<'_>, json: &'j Json, class: &str) -> Option<&'j Map<String, Json>> {
        let object = json.as_object();
        if object.is_none() {
            self.wrong_type(path, json, class);
        }
        object
    }

    /// A list.
    pub(super) fn list<'j>(&mut self, path: &Path<'_>, json: &'j Json, class: &str) -> Option<&'j [Json]> {
        let list = json.as_array();
        if list.is_none() {
            self.wrong_type(path, json, class);
        }
        list.map(Vec::as_slice)
    }

    /// Text; scalars are taken as text.
    pub(super) fn text(&mut self, path: &Path<'_>, json: &Json) -> Option<Arc<str>> {
        match json {
            Json::String(text) => Some(Arc::from(text.as_str())),
            Json::Number(_) | Json::Bool(_) => Some(Arc::from(json.to_string())),
            _ => {
                self.wrong_type(path, json, "java.lang.String");
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, path: &Path<'_>, json: &Json) -> Option<Vec<Arc<str>>> {
        let list = self.list(path, json, "java.util.ArrayList<java.lang.String>")?;
        let texts = list.iter().enumerate().filter(|(_, text)| !text.is_null());
        Some(texts.filter_map(|(index, text)| self.text(&path.index(index), text)).collect())
    }

    /// A 64-bit integer; fractions are cut off, and text is read as a number.
    pub(super) fn integer(&mut self, path: &Path<'_>, json: &Json) -> Option<i64> {
        match json {
            Json::Number(written) => {
                let integer = whole(written);
                if integer.is_none() {
                    let message = format!(
                        "Numeric value ({written}) out of range of long (-9223372036854775808 - 9223372036854775807)"
                    );
                    self.report(code::WRONG_TYPE, path, message);
                }
                integer
            }
            Json::String(text) if text.trim().is_empty() => None,
            Json::String(text) => {
                let integer = number::long(text.trim());
                if integer.is_none() {
                    self.wrong_text(path, "java.lang.Long", text, "not a valid `java.lang.Long` value");
                }
                integer
            }
            _ => {
                self.wrong_type(path, json, "java.lang.Long");
                None
            }
        }
    }

    /// True or false; also as text, and as a number that is not 0.
    pub(super) fn boolean(&mut self, path: &Path<'_>, json: &Json) -> Option<bool> {
        const KNOWN: &str = r#"only "true" or "false" recognized"#;
        match json {
            Json::Bool(value) => Some(*value),
            Json::Number(number) if number.is_i64() => Some(number.as_i64() != Some(0)),
            Json::String(text) if text.trim().is_empty() => None,
            Json::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Json::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Json::String(text) => {
                self.wrong_text(path, "java.lang.Boolean", text, KNOWN);
                None
            }
            _ => {
                self.wrong_type(path, json, "java.lang.Boolean");
                None
            }
        }
    }

    /// One of some words.
    pub(super) fn word<T>(
        &mut self,
        path: &Path<'_>,
        json: &Json,
        class: &str,
        (words, meaning): Words<'_, T>,
    ) -> Option<T> {
        let text = self.text(path, json)?;
        let value = meaning(&text);
        if value.is_none() {
            let constant = text.to_uppercase();
            let message =
                format!("Cannot construct instance of `{class}`, problem: No enum constant {class}.{constant}");
            self.report(code::UNKNOWN_WORD, path, message).hint = Some(words_hint(&text, words));
        }
        value
    }

    /// A non-negative number, or text that becomes one.
    pub(super) fn parsable(&mut self, path: &Path<'_>, json: &Json) -> Option<Parsable> {
        match json {
            Json::Number(number) if number.as_str().starts_with('-') && whole(number) != Some(0) => {
                self.report(code::PARSABLE, path, "ParsableLong long value must be non-negative");
                Some(Parsable::Number(number.clone()))
            }
            Json::Number(number) => Some(Parsable::Number(number.clone())),
            Json::String(text) => Some(Parsable::Text(Arc::from(text.as_str()))),
            _ => {
                let message = format!("ParsableLong value only supports Long or String, but got {}", kind(json));
                self.report(code::PARSABLE, path, message);
                None
            }
        }
    }

    /// Notes that a value is of another type than it should be.
    pub(super) fn wrong_type(&mut self, path: &Path<'_>, json: &Json, class: &str) {
        let (kind, token) = match json {
            Json::Object(_) => ("Object", "START_OBJECT"),
            Json::Array(_) => ("Array", "START_ARRAY"),
            Json::String(_) => ("String", "VALUE_STRING"),
            Json::Bool(true) => ("Boolean", "VALUE_TRUE"),
            Json::Bool(false) => ("Boolean", "VALUE_FALSE"),
            Json::Number(number) if number.is_f64() => ("Floating-point", "VALUE_NUMBER_FLOAT"),
            Json::Number(_) => ("Integer", "VALUE_NUMBER_INT"),
            Json::Null => ("Null", "VALUE_NULL"),
        };
        let message =
            format!("Cannot deserialize value of type `{class}` from {kind} value (token `JsonToken.{token}`)");
        self.report(code::WRONG_TYPE, path, message);
    }

    fn wrong_text(&mut self, path: &Path<'_>, class: &str, text: &str, why: &str) {
        let message = format!("Cannot deserialize value of type `{class}` from String {text:?}: {why}");
        self.report(code::WRONG_TYPE, path, message);
    }
}

/// A number without its fraction; `None` if it is out of range.
fn whole(written: &Number) -> Option<i64> {
    if let Some(integer) = written.as_i64() {
        return Some(integer);
    }
    let near = written.as_f64()?.trunc();
    let is_integer_text = !written.as_str().contains(['.', 'e', 'E']);
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first; the bounds are powers of two")]
    (!is_integer_text && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&near))
        .then_some(near as i64)
}

/// What a JSON value is, in a word.
fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Words for a person: `a`, `b`.
pub(super) fn listed(words: impl IntoIterator<Item = &'static str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// What to write instead of an unknown word.
pub(super) fn words_hint(word: &str, known: &[&'static str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("use one of {}", listed(known.iter().copied())),
    }
}
