//! Who owns, pushes, starts or stops something.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A person or a service, with whatever else its client said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: Arc<str>,
    /// Further fields of the object form; `None` when only the name was given.
    pub extra: Option<Map<String, Json>>,
}

impl User {
    /// A user that is only a name.
    pub fn named(name: &str) -> Self {
        Self { name: Arc::from(name), extra: None }
    }

    /// In the form in which it was given.
    pub fn to_json(&self) -> Json {
        let name = Json::from(&*self.name);
        let Some(extra) = &self.extra else { return name };
        let mut object = Map::new();
        object.insert("name".to_owned(), name);
        object.extend(extra.clone());
        Json::Object(object)
    }
}

impl Serialize for User {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::String(name) => Ok(Self::named(&name)),
            Json::Object(mut extra) => match extra.shift_remove("name") {
                Some(Json::String(name)) => {
                    extra.retain(|_, value| !value.is_null());
                    Ok(Self { name: Arc::from(name), extra: Some(extra) })
                }
                _ => Err(serde::de::Error::custom("a user object needs a `name`")),
            },
            other => Err(serde::de::Error::custom(format!("a user is text or an object with a `name`, not {other}"))),
        }
    }
}
