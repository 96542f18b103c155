//! Tags of workflows, runs, steps and params.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    problem::{Path, Problem, code},
    words::words,
};

/// Who a tag comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Namespace {
    /// The engine.
    System,
    /// A run.
    Runtime,
    /// A job template.
    JobTemplate,
    /// A notebook template.
    NotebookTemplate,
    /// The author of a definition.
    UserDefined,
    /// The platform team, through the tag endpoint.
    Platform,
}

words!(Namespace {
    System = "SYSTEM",
    Runtime = "RUNTIME",
    JobTemplate = "JOB_TEMPLATE",
    NotebookTemplate = "NOTEBOOK_TEMPLATE",
    UserDefined = "USER_DEFINED",
    Platform = "PLATFORM",
});

/// A label with free attributes; steps hold a permit of each of their tags while they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// The label.
    pub name: Arc<str>,
    /// Who it comes from.
    pub namespace: Option<Namespace>,
    /// How many steps with this tag may run at once, where the engine set one; never taken from a user.
    pub permit: Option<i64>,
    /// Everything else that was written.
    pub attributes: Map<String, Json>,
}

/// Tags in the order in which they were written; names are unique.
pub type Tags = Vec<Tag>;

/// Reads a tag list; a tag is text, or an object with a `name`.
pub fn read(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Tags {
    let Json::Array(array) = json else {
        problems.push(Problem::new(code::WRONG_TYPE, path, "tags are a list"));
        return Tags::new();
    };
    let mut tags = Tags::with_capacity(array.len());
    for (index, json) in array.iter().enumerate() {
        let list = Path::At(path);
        let at = list.index(index);
        let Some(tag) = read_one(json, &at, problems) else { continue };
        if tags.iter().any(|known| known.name == tag.name) {
            let message = "Invalid tag list as there are duplicate tag names";
            problems.push(Problem::new(code::DUPLICATE_TAG, at.to_string(), message));
        } else {
            tags.push(tag);
        }
    }
    tags
}

/// Reads one tag.
pub fn read_one(json: &Json, path: &Path<'_>, problems: &mut Vec<Problem>) -> Option<Tag> {
    let object = match json {
        Json::String(name) => {
            return Some(Tag { name: Arc::from(name.as_str()), namespace: None, permit: None, attributes: Map::new() });
        }
        Json::Object(object) => object,
        _ => {
            problems.push(Problem::new(code::WRONG_TYPE, path.to_string(), "a tag is text or an object with a `name`"));
            return None;
        }
    };
    // A tag without a name is kept with an empty one, for the rules to refuse.
    let name = object.get("name").and_then(Json::as_str).unwrap_or_default();
    let namespace = object.get("namespace").filter(|json| !json.is_null());
    let known = namespace.and_then(Json::as_str).and_then(Namespace::from_word);
    if let Some(word) = namespace.filter(|_| known.is_none()) {
        let message = format!("{word} is no tag namespace");
        let problem = Problem::new(code::UNKNOWN_WORD, path.key("namespace").to_string(), message);
        let words = Namespace::WORDS.join(", ");
        problems.push(problem.with_hint(format!("use one of {words}")));
    }
    let is_attribute = |(field, value): &(&String, &Json)| {
        !["name", "namespace", "permit"].contains(&field.as_str()) && !value.is_null()
    };
    let attributes = object.iter().filter(is_attribute);
    let attributes = attributes.map(|(field, value)| (field.clone(), value.clone())).collect();
    Some(Tag { name: Arc::from(name), namespace: known, permit: None, attributes })
}

/// Tags as a document shows them.
pub fn write(tags: &Tags) -> Json {
    tags.iter().map(write_one).collect()
}

/// One tag as a document shows it.
pub fn write_one(tag: &Tag) -> Json {
    let mut object = Map::new();
    object.insert("name".to_owned(), Json::from(&*tag.name));
    if let Some(namespace) = tag.namespace {
        object.insert("namespace".to_owned(), Json::from(namespace.word()));
    }
    if let Some(permit) = tag.permit {
        object.insert("permit".to_owned(), Json::from(permit));
    }
    object.extend(tag.attributes.clone());
    Json::Object(object)
}
