//! Objects written as text, field by field: rows are written far more often than read, and never looked at before.

use serde::Serialize;

/// An object under construction: absent values leave no key.
#[derive(Debug)]
pub(crate) struct Text(Vec<u8>);

/// Bytes that a row usually has.
const USUAL: usize = 1024;

impl Text {
    /// An object without fields.
    pub(crate) fn new() -> Self {
        let mut text = Vec::with_capacity(USUAL);
        text.push(b'{');
        Self(text)
    }

    /// Adds a field.
    #[must_use]
    pub(crate) fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.key(field);
        self.write(value);
        self
    }

    /// Adds a field where there is a value.
    #[must_use]
    pub(crate) fn maybe(self, field: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// Adds an object as a field, whose own fields `fill` adds.
    #[must_use]
    pub(crate) fn object(mut self, field: &str, fill: impl FnOnce(Self) -> Self) -> Self {
        self.key(field);
        self.0.push(b'{');
        let mut text = fill(self);
        text.0.push(b'}');
        text
    }

    /// Adds fields that are text already; they are not empty.
    #[must_use]
    pub(crate) fn fields(mut self, fields: &[u8]) -> Self {
        self.separate();
        self.0.extend_from_slice(fields);
        self
    }

    /// The fields only, to be added to other objects.
    pub(crate) fn into_fields(self) -> Box<[u8]> {
        self.0[1..].into()
    }

    /// The object.
    pub(crate) fn build(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn key(&mut self, field: &str) {
        self.separate();
        self.write(field);
        self.0.push(b':');
    }

    fn separate(&mut self) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
    }

    fn write(&mut self, value: impl Serialize) {
        serde_json::to_writer(&mut self.0, &value)
            .expect("stored documents have text keys only, and memory takes them");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn fields_of_one_object_can_be_added_to_another() {
        let shared = Text::new().with("b", [1, 2]).with("c", "\"quoted\"").into_fields();
        let text = Text::new().with("a", 1).maybe("x", None::<i64>).fields(&shared);
        let text = text.object("d", |text| text.object("e", |text| text)).with("f", "{").with("g", 2).build();
        let read: Json = serde_json::from_slice(&text).expect("it is JSON");
        assert_eq!(read, json!({ "a": 1, "b": [1, 2], "c": "\"quoted\"", "d": { "e": {} }, "f": "{", "g": 2 }));
        assert_eq!(Text::new().build(), b"{}");
    }
}
