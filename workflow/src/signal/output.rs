//! A signal that a step sends.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::value::value_to_json;
use crate::definition::SignalValue;

/// A signal with evaluated params.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Its name; absent when the job left it out.
    pub name: Option<Arc<str>>,
    /// What others match on.
    pub params: IndexMap<Arc<str>, SignalValue>,
    /// What is kept on the step.
    pub payload: Map<String, Json>,
}

impl Output {
    /// Of an evaluated map param. `is_param` says whether a key was declared as a param; without a declaration, texts and whole
    /// numbers are params and everything else is payload.
    pub fn of_map(map: &Map<String, Json>, is_param: Option<&dyn Fn(&str) -> bool>) -> Self {
        let mut output = Self::default();
        for (key, value) in map {
            if key == "name" {
                output.name = value.as_str().map(Arc::from);
                continue;
            }
            let value_as_param = match value {
                Json::String(text) => Some(SignalValue::String(text.as_str().into())),
                other => other.to_string().parse().ok().map(SignalValue::Long),
            };
            match value_as_param.filter(|_| is_param.is_none_or(|is_param| is_param(key))) {
                Some(param) => drop(output.params.insert(key.as_str().into(), param)),
                None => drop(output.payload.insert(key.clone(), value.clone())),
            }
        }
        output
    }

    /// As a document; empty parts are absent.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        if let Some(name) = &self.name {
            object.insert("name".to_owned(), Json::from(&**name));
        }
        if !self.params.is_empty() {
            let params = self.params.iter().map(|(name, value)| (name.to_string(), value_to_json(value)));
            object.insert("params".to_owned(), Json::Object(params.collect()));
        }
        if !self.payload.is_empty() {
            object.insert("payload".to_owned(), Json::Object(self.payload.clone()));
        }
        Json::Object(object)
    }
}
