//! The runtime DAG as documents have it: `{step: {predecessors?, successors?: {step: condition}}}`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{Dag, Edge, Error, Node};
use crate::id::StepId;

impl Dag {
    /// Reads a document, keeping its order. Neighbours that it does not define belong to no run and are dropped.
    pub fn from_json(json: &Json) -> Result<Self, Error> {
        let object = json.as_object().ok_or_else(|| malformed("", "an object"))?;
        let positions: IndexMap<&str, ()> = object.keys().map(|key| (key.as_str(), ())).collect();
        let position = |step: &str| positions.get_index_of(step);
        let nodes = object.iter().map(|(step, json)| Ok((StepId::from(step.as_str()), node(step, json, position)?)));
        Ok(Self::of(nodes.collect::<Result<_, Error>>()?))
    }

    /// Writes the document; empty parts are left out.
    pub fn to_json(&self) -> Json {
        let node = |node: &Node| {
            let mut object = Map::new();
            if !node.predecessors.is_empty() {
                let ids = node.predecessors.iter().map(|&position| Json::from(self.id(position).as_str()));
                object.insert("predecessors".to_owned(), ids.collect());
            }
            if !node.successors.is_empty() {
                let edge = |edge: &Edge| (self.id(edge.to).to_string(), Json::from(edge.condition.as_deref()));
                object.insert("successors".to_owned(), Json::Object(node.successors.iter().map(edge).collect()));
            }
            Json::Object(object)
        };
        Json::Object(self.nodes().map(|(id, entry)| (id.to_string(), node(entry))).collect())
    }
}

fn node(step: &str, json: &Json, position: impl Fn(&str) -> Option<usize>) -> Result<Node, Error> {
    let object = json.as_object().ok_or_else(|| malformed(step, "an object"))?;
    let mut node = Node::default();
    match object.get("predecessors") {
        None | Some(Json::Null) => {}
        Some(list) => {
            for id in list.as_array().ok_or_else(|| malformed(step, "a list of predecessors"))? {
                node.predecessors.extend(position(id.as_str().ok_or_else(|| malformed(step, "a step id"))?));
            }
        }
    }
    match object.get("successors") {
        None | Some(Json::Null) => {}
        Some(map) => {
            for (next, json) in map.as_object().ok_or_else(|| malformed(step, "successors with their conditions"))? {
                let condition = condition(step, json)?;
                node.successors.extend(position(next).map(|to| Edge { to, condition }));
            }
        }
    }
    Ok(node)
}

fn condition(step: &str, json: &Json) -> Result<Option<Arc<str>>, Error> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(Arc::from(text.as_str()))),
        _ => Err(malformed(step, "a condition as text")),
    }
}

fn malformed(place: &str, expected: &'static str) -> Error {
    Error::Malformed { place: place.to_owned(), expected }
}
