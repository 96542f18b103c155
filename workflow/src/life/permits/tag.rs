//! The limits that operators set, as they are sent, stored and read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::{
    life::{RowKey, Table},
    port::{Reason, Refusal},
    time::Timestamp,
    user::User,
};

/// The newest entries of a permit's timeline that are kept.
const TIMELINE_MAX: usize = 32;

/// Keys of a permit's document that extra fields cannot take.
const RESERVED: [&str; 3] = ["tag", "max_allowed", "timeline"];

/// An operator's limit on a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TagPermit {
    version: u32,
    pub(super) tag: Arc<str>,
    pub(super) max_allowed: i64,
    timeline: Vec<Json>,
    extra: Map<String, Json>,
}

impl TagPermit {
    /// Where the permit of a tag is stored.
    pub(crate) fn key(tag: &str) -> RowKey {
        RowKey::named(Table::Permit, tag)
    }

    /// Reads the body of an upsert; the timeline goes on from the permit before.
    pub(super) fn read(body: &Json, before: Option<&Self>, author: &User, now: Timestamp) -> Result<Self, Refusal> {
        let bad = |message: &str| Refusal::new(Reason::BadRequest, message);
        let Json::Object(object) = body else { return Err(bad("JSON parse error: a tag permit is an object")) };
        let tag = object.get("tag").and_then(Json::as_str).unwrap_or_default();
        if tag.trim().is_empty() {
            return Err(bad("[maestro name] cannot be null or empty or blank spaces"));
        }
        let max_allowed = object.get("max_allowed").and_then(Json::as_i64);
        let max_allowed = max_allowed.filter(|max| (0..=i64::from(i32::MAX)).contains(max));
        let Some(max_allowed) = max_allowed else {
            return Err(bad("max_allowed must be an integer greater than or equal to 0"));
        };
        if object.contains_key("timeline") {
            return Err(bad("extra info cannot contain any reserved keys [tag, max_allowed, timeline]"));
        }
        let extra = object.iter().filter(|(field, _)| !RESERVED.contains(&field.as_str()));
        let mut timeline = before.map(|before| before.timeline.clone()).unwrap_or_default();
        let message = format!("Tag permit is set to max_allowed [{max_allowed}] by the user [{}]", author.name);
        timeline.push(json!({ "timestamp": now.0, "type": "LOG", "level": "INFO", "message": message }));
        timeline.drain(..timeline.len().saturating_sub(TIMELINE_MAX));
        let extra = extra.map(|(field, value)| (field.clone(), value.clone())).collect();
        Ok(Self { version: 1, tag: Arc::from(tag), max_allowed, timeline, extra })
    }

    /// As the API shows it.
    pub(crate) fn document(&self) -> Json {
        let mut document = json!({ "tag": &*self.tag, "max_allowed": self.max_allowed, "timeline": self.timeline });
        if let Some(object) = document.as_object_mut() {
            object.extend(self.extra.clone());
        }
        document
    }
}
