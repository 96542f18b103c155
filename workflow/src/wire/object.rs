//! Documents that leave out what is not set.

use serde_json::{Map, Value as Json};

/// An object under construction: absent values leave no key.
#[derive(Debug, Default)]
pub struct Object(Map<String, Json>);

impl Object {
    /// An object without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Json>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// Adds a field where there is a value.
    #[must_use]
    pub fn maybe(mut self, field: &str, value: Option<impl Into<Json>>) -> Self {
        if let Some(value) = value {
            self.0.insert(field.to_owned(), value.into());
        }
        self
    }

    /// Adds every field of another object.
    #[must_use]
    pub fn and(mut self, fields: &Map<String, Json>) -> Self {
        self.0.extend(fields.clone());
        self
    }

    /// The object.
    pub fn build(self) -> Json {
        Json::Object(self.0)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        object.build()
    }
}
