//! Versions of a workflow: as they are stored, named and shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::header::Header;
use crate::{
    definition,
    id::{VersionId, WorkflowId},
    life::{RowKey, Table, Unreadable},
    port::{Reason, Refusal},
    schedule, signal,
};

/// One version's row; written once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredVersion {
    version: u32,
    /// Who pushed it, when, and from where.
    pub(crate) metadata: Json,
    /// What was pushed, in canonical form.
    pub(crate) workflow: Json,
}

/// A version, parsed once and shared by its runs.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) id: VersionId,
    pub(super) definition: Arc<definition::Workflow>,
    /// Names the time triggers, if it has any: equal lists have equal names.
    pub(super) time_trigger_uuid: Option<Arc<str>>,
    /// Names each signal trigger, in order.
    pub(super) signal_trigger_uuids: Vec<String>,
}

impl StoredVersion {
    pub(super) fn new(metadata: Json, workflow: Json) -> Self {
        Self { version: 1, metadata, workflow }
    }

    /// Where a version is stored.
    pub(crate) fn key(workflow: &WorkflowId, version: VersionId) -> RowKey {
        RowKey { first: version.0, ..RowKey::named(Table::Version, workflow) }
    }

    /// The definition as clients read it.
    pub(crate) fn document(&self, id: VersionId, header: &Header) -> Json {
        let mut document = json!({
            "properties_snapshot": header.properties,
            "metadata": self.metadata,
            "workflow": self.workflow,
            "is_active": header.active_version == id,
            "is_latest": header.latest_version == id,
            "is_default": header.default_version() == id,
            "modify_time": header.modify_time,
            "internal_id": header.internal_id,
        });
        if let Some(at) = header.activate_time {
            document["activate_time"] = at.0.into();
        }
        if let Some(by) = &header.activated_by {
            document["activated_by"] = by.to_json();
        }
        document
    }

    /// The version, ready to be run.
    pub(super) fn parse(&self, id: VersionId) -> Result<Version, Unreadable> {
        let read = definition::read::workflow(&self.workflow).accepted();
        let workflow = read.map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Unreadable(format!("stored version {id}: {}", problems.join("; ")))
        })?;
        Ok(Version::new(id, Arc::new(workflow)))
    }
}

impl Version {
    pub(super) fn new(id: VersionId, definition: Arc<definition::Workflow>) -> Self {
        let times: Vec<schedule::Text> = definition.time_triggers_or_none().iter().map(schedule::Text::of).collect();
        let time_trigger_uuid = (!times.is_empty()).then(|| schedule::triggers_uuid(&times).to_string().into());
        let signals = definition.signal_triggers_or_none().iter().map(definition::write::signal_trigger);
        let signal_trigger_uuids = signals.map(|trigger| signal::trigger_uuid(&trigger).to_string()).collect();
        Self { id, definition, time_trigger_uuid, signal_trigger_uuids }
    }
}

/// The number that a version's name stands for: `active`, `latest`, `default` or digits.
pub(crate) fn resolve(header: &Header, name: &str) -> Result<VersionId, Refusal> {
    let workflow = &header.workflow_id;
    if name.eq_ignore_ascii_case("latest") {
        return Ok(header.latest_version);
    }
    if name.eq_ignore_ascii_case("default") {
        return Ok(header.default_version());
    }
    if name.eq_ignore_ascii_case("active") {
        let none = || {
            let message = format!("Cannot find an active version for workflow [{workflow}]");
            Refusal::new(Reason::NotFound, message)
        };
        let active = header.active_version;
        return if active == VersionId::default() { Err(none()) } else { Ok(active) };
    }
    match name.parse() {
        Ok(number) if number < 1 => {
            let message = format!("Invalid version [{number}] of workflow [{workflow}]: versions begin with 1");
            Err(Refusal::new(Reason::BadRequest, message))
        }
        Ok(number) if (1..=header.latest_version.0).contains(&number) => Ok(VersionId(number)),
        Ok(number) => Err(not_found(workflow, VersionId(number))),
        Err(_) => Err(Refusal::new(Reason::BadRequest, format!("For input string: \"{name}\""))),
    }
}

/// There is no such version.
pub(crate) fn not_found(workflow: &WorkflowId, version: VersionId) -> Refusal {
    let message = format!("Workflow [{workflow}]'s version [{version}] has not been created yet or has been deleted.");
    Refusal::new(Reason::NotFound, message)
}

/// There is no such workflow.
pub(crate) fn unknown(workflow: &WorkflowId) -> Refusal {
    let message = format!("Workflow [{workflow}] has not been created yet or has been deleted.");
    Refusal::new(Reason::NotFound, message)
}
