//! Job templates as they are sent, stored and read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::{
    definition::{self, read},
    life::{RowKey, Table, refused},
    port::{Reason, Refusal},
    problem::Problem,
    time::Timestamp,
    user::User,
};

/// The version that is meant where none is named.
pub(crate) const DEFAULT_VERSION: &str = "default";

/// Fields of an upsert that are kept as metadata.
const METADATA: [&str; 5] = ["owner", "status", "support", "test_workflows", "git_info"];

/// One version of a job template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Template {
    version: u32,
    metadata: Json,
    definition: Map<String, Json>,
}

impl Template {
    /// Reads the body of an upsert.
    pub(super) fn read(body: &Json, author: &User, now: Timestamp) -> Result<Self, Refusal> {
        let unread = |what: &str| Refusal::new(Reason::BadRequest, format!("JSON parse error: {what}"));
        let Json::Object(object) = body else { return Err(unread("a job template is an object")) };
        let is_missing = |field: &str| object.get(field).is_none_or(Json::is_null);
        let needed = ["owner", "support", "status", "definition"].into_iter().filter(|field| is_missing(field));
        let errors: Vec<String> = needed.map(|field| format!("{field} may not be null")).collect();
        if !errors.is_empty() {
            let message = "Validation failed for the job template: some fields may not be null";
            return Err(Refusal { errors, ..Refusal::new(Reason::BadRequest, message) });
        }
        let Some(Json::Object(definition)) = object.get("definition") else {
            return Err(unread("the `definition` of a job template is an object"));
        };
        let mut definition = definition.clone();
        for field in ["job_type", "step_type"] {
            if definition.get(field).and_then(Json::as_str).is_none_or(str::is_empty) {
                return Err(unread(&format!("`{field}` of a job template is text")));
            }
        }
        definition.entry("version").or_insert_with(|| DEFAULT_VERSION.into());
        let problems = read::template(&Json::Object(definition.clone())).problems;
        if problems.iter().any(Problem::refuses) {
            return Err(refused(&problems));
        }
        let mut metadata = Map::new();
        metadata.insert("create_time".to_owned(), now.0.into());
        metadata.insert("version_author".to_owned(), author.to_json());
        let written = object.iter().filter(|(field, _)| *field != "definition");
        let (known, extra): (Vec<_>, Vec<_>) = written.partition(|(field, _)| METADATA.contains(&field.as_str()));
        for (field, value) in known.into_iter().chain(extra) {
            metadata.insert(field.clone(), value.clone());
        }
        Ok(Self { version: 1, metadata: Json::Object(metadata), definition })
    }

    /// What a stored row says of steps; `None` for a row that a newer version wrote.
    pub(crate) fn parse(row: &[u8]) -> Option<Arc<definition::template::Template>> {
        let stored: Self = serde_json::from_slice(row).ok()?;
        read::template(&Json::Object(stored.definition)).accepted().ok().map(Arc::new)
    }

    /// Where a version of a template is stored.
    pub(crate) fn key_of(job_type: &str, version: &str) -> RowKey {
        RowKey { part: Arc::from(version), ..RowKey::named(Table::Template, job_type) }
    }

    pub(super) fn key(&self) -> RowKey {
        Self::key_of(self.job_type(), self.version())
    }

    pub(super) fn job_type(&self) -> &str {
        self.field("job_type")
    }

    pub(super) fn version(&self) -> &str {
        self.field("version")
    }

    fn field(&self, name: &str) -> &str {
        self.definition.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// As the API shows it.
    pub(crate) fn document(&self) -> Json {
        json!({ "metadata": self.metadata, "definition": self.definition })
    }
}
