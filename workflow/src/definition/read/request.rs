//! Pushes, stored versions and where their source lies.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{properties, reader::Reader, workflow};
use crate::{
    definition::{
        CreateRequest, Workflow,
        metadata::{self, Metadata},
        properties::Snapshot,
        shape,
        version::{Extras, Version},
    },
    id::VersionId,
    problem::{Path, code},
    time::Timestamp,
    user::User,
};

/// The body of a push.
pub(super) fn create_request(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<CreateRequest> {
    let (mut properties, mut workflow, mut git_info) = (None, None, None);
    let mut is_active = true;
    let mut extra = Map::new();
    let is_object = reader.fields(path, json, &shape::CREATE_REQUEST, |reader, path, name, json| match name {
        "properties" => properties = properties::properties(reader, path, json),
        "workflow" => workflow = workflow::workflow(reader, path, json),
        "is_active" => is_active = reader.boolean(path, json).unwrap_or(true),
        "git_info" => git_info = self::git_info(reader, path, json),
        _ => {
            extra.insert(name.to_owned(), json.clone());
        }
    });
    if !is_object {
        return None;
    }
    reserved(reader, path, &extra);
    needed(reader, path, json);
    Some(CreateRequest { properties, workflow: Arc::new(workflow?), is_active, git_info, extra })
}

/// A version as it is stored and exported.
pub(super) fn version(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Version> {
    let object = reader.object(path, json, "com.netflix.maestro.models.definition.WorkflowDefinition")?;
    let mut read = Unfinished::default();
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        read.take(reader, &path.key(name), name, json);
    }
    needed(reader, path, json);
    Some(Version {
        properties_snapshot: read.properties_snapshot,
        metadata: read.metadata,
        workflow: Arc::new(read.workflow?),
        is_active: read.is_active.unwrap_or(true),
        activate_time: read.activate_time,
        activated_by: read.activated_by,
        is_latest: read.is_latest,
        is_default: read.is_default,
        modify_time: read.modify_time,
        internal_id: read.internal_id,
        enriched_extras: read.enriched_extras,
    })
}

/// What is known of a version while it is read.
#[derive(Default)]
struct Unfinished {
    properties_snapshot: Option<Snapshot>,
    metadata: Option<Metadata>,
    workflow: Option<Workflow>,
    is_active: Option<bool>,
    activate_time: Option<Timestamp>,
    activated_by: Option<User>,
    is_latest: Option<bool>,
    is_default: Option<bool>,
    modify_time: Option<Timestamp>,
    internal_id: Option<i64>,
    enriched_extras: Option<Extras>,
}

impl Unfinished {
    fn take(&mut self, reader: &mut Reader, path: &Path<'_>, name: &str, json: &Json) {
        match name {
            "properties_snapshot" => self.properties_snapshot = properties::snapshot(reader, path, json),
            "metadata" => self.metadata = metadata(reader, path, json),
            "workflow" => self.workflow = workflow::workflow(reader, path, json),
            "is_active" => self.is_active = reader.boolean(path, json),
            "activate_time" => self.activate_time = reader.integer(path, json).map(Timestamp),
            "activated_by" => self.activated_by = properties::user(reader, path, json),
            "is_latest" => self.is_latest = reader.boolean(path, json),
            "is_default" => self.is_default = reader.boolean(path, json),
            "modify_time" => self.modify_time = reader.integer(path, json).map(Timestamp),
            "internal_id" => self.internal_id = reader.integer(path, json),
            "enriched_extras" => match Extras::deserialize(json) {
                Ok(extras) => self.enriched_extras = Some(extras),
                Err(error) => {
                    reader.report(code::WRONG_TYPE, path, error.to_string());
                }
            },
            _ => {
                let message = format!(
                    "Unrecognized field \"{name}\" (class com.netflix.maestro.models.definition.WorkflowDefinition), not marked as ignorable"
                );
                reader.report(code::UNKNOWN_FIELD, path, message);
            }
        }
    }
}

/// Metadata; any field is welcome.
pub(super) fn metadata(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Metadata> {
    let object = reader.object(path, json, "com.netflix.maestro.models.definition.Metadata")?;
    let mut read = Metadata::default();
    for (name, json) in object.iter().filter(|(_, json)| !json.is_null()) {
        let at = path.key(name);
        match name.as_str() {
            "workflow_id" => read.workflow_id = reader.text(&at, json).map(|id| id.as_ref().into()),
            "workflow_version_id" => read.workflow_version_id = reader.integer(&at, json).map(VersionId),
            "create_time" => read.create_time = reader.integer(&at, json).map(Timestamp),
            "version_author" => read.version_author = properties::user(reader, &at, json),
            "git_info" => read.git_info = git_info(reader, &at, json),
            _ => {
                read.extra.insert(name.clone(), json.clone());
            }
        }
    }
    Some(read)
}

fn needed(reader: &mut Reader, path: &Path<'_>, json: &Json) {
    if json.get("workflow").is_none_or(Json::is_null) {
        reader.report(code::MISSING_FIELD, &path.key("workflow"), "[workflow definition] cannot be null");
    }
}

fn reserved(reader: &mut Reader, path: &Path<'_>, extra: &Map<String, Json>) {
    for name in extra.keys().filter(|name| metadata::RESERVED.contains(&name.as_str())) {
        let message =
            format!("extra info [{name}] cannot contain any reserved keys [{}]", metadata::RESERVED.join(", "));
        reader.report(code::RESERVED_METADATA, &path.key(name), message);
    }
}

/// Where a source lies, fields in their order.
pub(super) fn git_info(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Json> {
    let mut read = Map::new();
    let is_object = reader.fields(path, json, &shape::GIT_INFO, |reader, path, name, json| {
        let value = match name {
            "timestamp" => reader.integer(path, json).map(Json::from),
            "uncommitted_changes" => reader.boolean(path, json).map(Json::from),
            _ => reader.text(path, json).map(|text| Json::from(&*text)),
        };
        read.extend(value.map(|value| (name.to_owned(), value)));
    });
    is_object.then(|| Json::Object(shape::GIT_INFO.in_order(read)))
}
