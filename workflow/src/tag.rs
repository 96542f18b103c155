//! Tags of workflows, runs, steps and params.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::problem::Problem;

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
        problems.push(Problem::new("tag.shape", path, "tags are a list"));
        return Tags::new();
    };
    let mut tags = Tags::with_capacity(array.len());
    for (index, json) in array.iter().enumerate() {
        let at = format!("{path}[{index}]");
        let Some(tag) = read_one(json, &at, problems) else { continue };
        if tags.iter().any(|known| known.name == tag.name) {
            let message = "[tag list definition] cannot contain duplicate tag names";
            problems.push(Problem::new("tag.duplicate", at, message));
        } else {
            tags.push(tag);
        }
    }
    tags
}

fn read_one(json: &Json, path: &str, problems: &mut Vec<Problem>) -> Option<Tag> {
    let nameless = |problems: &mut Vec<Problem>| {
        problems.push(Problem::new("tag.shape", path, "a tag is text or an object with a `name`"));
        None
    };
    let object = match json {
        Json::String(name) => {
            return Some(Tag { name: Arc::from(name.as_str()), namespace: None, permit: None, attributes: Map::new() });
        }
        Json::Object(object) => object,
        _ => return nameless(problems),
    };
    let Some(name) = object.get("name").and_then(Json::as_str) else { return nameless(problems) };
    let namespace = object.get("namespace").filter(|json| !json.is_null());
    let known = namespace.and_then(|json| Namespace::deserialize(json).ok());
    if let Some(word) = namespace.filter(|_| known.is_none()) {
        problems.push(Problem::new(
            "tag.namespace",
            format!("{path}.namespace"),
            format!("{word} is no tag namespace"),
        ));
    }
    let attributes = object.iter().filter(|(field, _)| !["name", "namespace", "permit"].contains(&field.as_str()));
    let attributes = attributes.map(|(field, value)| (field.clone(), value.clone())).collect();
    Some(Tag { name: Arc::from(name), namespace: known, permit: None, attributes })
}

/// Tags as a document shows them.
pub fn write(tags: &Tags) -> Json {
    let one = |tag: &Tag| {
        let mut object = Map::new();
        object.insert("name".to_owned(), Json::from(&*tag.name));
        if let Some(namespace) = tag.namespace {
            object.insert("namespace".to_owned(), serde_json::to_value(namespace).unwrap_or_default());
        }
        if let Some(permit) = tag.permit {
            object.insert("permit".to_owned(), Json::from(permit));
        }
        object.extend(tag.attributes.clone());
        Json::Object(object)
    };
    tags.iter().map(one).collect()
}
