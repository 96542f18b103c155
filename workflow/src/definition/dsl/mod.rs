//! The YAML form of a definition, turned into a create request.
//!
//! The result is the JSON of the request, to be read like any other, with the place in the YAML text of every part of it; so
//! problems that are found later are shown where they were written.

mod job;
mod param;
mod transition;
mod workflow;

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::{
    source::{
        Place, Places,
        yaml::{Key, Node, Value},
    },
    template::Templates,
};
use crate::problem::{Path, Problem, code, nearest};

pub use param::params;
pub use transition::edges;

/// A request made from YAML.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The request; `None` where the document is no workflow at all.
    pub request: Option<Json>,
    /// Where its parts were written.
    pub places: Places,
    /// What is wrong with the YAML form.
    pub problems: Vec<Problem>,
}

/// Turns a document into a request.
pub fn convert(root: &Node, templates: &dyn Templates) -> Converted {
    let mut converter = Converter { templates, places: Places::new(), problems: Vec::new() };
    converter.places.insert(String::new(), Place { key: 0..0, value: root.span.clone() });
    let request = workflow::request(&mut converter, root);
    Converted { request, places: converter.places, problems: converter.problems }
}

/// Collects problems and places while a document is converted.
struct Converter<'t> {
    templates: &'t dyn Templates,
    places: Places,
    problems: Vec<Problem>,
}

impl Converter<'_> {
    /// Notes where a part of the request was written.
    fn place(&mut self, path: &Path<'_>, key: &Range<usize>, node: &Node) {
        self.places.insert(path.to_string(), Place { key: key.clone(), value: node.span.clone() });
    }

    fn report(&mut self, code: &'static str, path: &Path<'_>, node: &Node, message: impl Into<String>) -> &mut Problem {
        let written = path.to_string();
        self.places.entry(written.clone()).or_insert_with(|| Place { key: 0..0, value: node.span.clone() });
        self.problems.push(Problem::new(code, written, message));
        self.problems.last_mut().expect("a problem was just pushed")
    }

    /// The entries of a map.
    fn map<'n>(&mut self, path: &Path<'_>, node: &'n Node) -> Option<&'n [(Key, std::sync::Arc<Node>)]> {
        let Value::Map(entries) = &node.value else {
            self.report(code::WRONG_TYPE, path, node, "expected a map here");
            return None;
        };
        Some(entries)
    }

    /// The elements of a list.
    fn list<'n>(&mut self, path: &Path<'_>, node: &'n Node) -> Option<&'n [std::sync::Arc<Node>]> {
        let Value::List(list) = &node.value else {
            self.report(code::WRONG_TYPE, path, node, "expected a list here");
            return None;
        };
        Some(list)
    }

    /// A field that is taken over as it is, with the places of all that it holds.
    fn copy(&mut self, object: &mut Map<String, Json>, path: &Path<'_>, name: &str, key: &Key, node: &Node) {
        if node.is_null() {
            return;
        }
        self.places_below(&path.key(name), &key.span, node);
        object.insert(name.to_owned(), node.to_json());
    }

    fn places_below(&mut self, path: &Path<'_>, key: &Range<usize>, node: &Node) {
        self.place(path, key, node);
        match &node.value {
            Value::Scalar(_) => {}
            Value::List(list) => {
                for (index, node) in list.iter().enumerate() {
                    self.places_below(&path.index(index), &(0..0), node);
                }
            }
            Value::Map(entries) => {
                for (key, node) in entries {
                    self.places_below(&path.key(&key.name), &key.span, node);
                }
            }
        }
    }

    /// A field whose scalar becomes text.
    fn copy_text(&mut self, object: &mut Map<String, Json>, path: &Path<'_>, name: &str, key: &Key, node: &Node) {
        self.place(&path.key(name), &key.span, node);
        match text(node) {
            Some(text) => {
                object.insert(name.to_owned(), Json::from(text));
            }
            None if node.is_null() => {}
            None => {
                self.report(code::WRONG_TYPE, &path.key(name), node, format!("`{}` is a text", key.name));
            }
        }
    }

    /// Points out a param that looks like a field of the JSON form.
    fn suspect(&mut self, path: &Path<'_>, key: &Key, node: &Node, fields: &[&'static str], elsewhere: &[&str]) {
        let name = key.name.as_str();
        let message = if elsewhere.contains(&name) {
            format!("`{name}` is a param here: definitions in YAML have no such field")
        } else if let Some(meant) =
            nearest(name, fields.iter().copied()).filter(|meant| name.len() > 3 && *meant != name)
        {
            format!("`{name}` is a param here; did you mean the field `{meant}`?")
        } else {
            return;
        };
        self.place(path, &key.span, node);
        self.problems.push(Problem::new(code::LOOKS_LIKE_FIELD, path.to_string(), message));
    }
}

/// A scalar as text.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(Json::String(text)) => Some(text.clone()),
        Value::Scalar(Json::Null) | Value::List(_) | Value::Map(_) => None,
        Value::Scalar(scalar) => Some(scalar.to_string()),
    }
}
