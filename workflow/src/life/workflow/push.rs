//! A push: a new version, and what it changes of the properties.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    Head, StoredVersion, Version, Workflow,
    check::{Fault, check},
};
use crate::{
    definition::{self, CreateRequest, metadata::Metadata, properties::Snapshot},
    id::VersionId,
    life::{Row, Turn, author, workflow::Stage},
    port::{Answer, Caller, Reason, Refusal},
    user::User,
    wire::change::{Change, NewVersion},
};

impl Workflow {
    /// Stores a new version and makes it the active one, unless the push says otherwise.
    pub(super) fn push(&mut self, caller: &Caller, body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        let request = check(body, Some(&author.name), turn).map_err(Fault::of_push)?;
        refuse_tags(&request)?;
        let before = self.snapshot.as_ref().map(|snapshot| &snapshot.properties);
        let has_owner = request.properties.as_ref().is_some_and(|properties| properties.owner.is_some());
        let is_first = self.header.as_ref().is_none_or(|header| header.stage == Stage::Deleted);
        if self.header.as_ref().is_some_and(|header| matches!(header.stage, Stage::Deleting { .. })) {
            let message = format!(
                "Cannot push a version for workflow [{}] while the system is still deleting the old data for this \
                 workflow id. Please retry later after the deletion completes.",
                self.id
            );
            return Err(Refusal::new(Reason::Conflict, message));
        }
        if is_first && !has_owner {
            let message = format!(
                "workflow properties and also owner must be set when creating the first version of a workflow [{}]",
                self.id
            );
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        let properties = match (&request.properties, before) {
            (Some(pushed), before) => Some(pushed.clone().pushed_over(&before.cloned().unwrap_or_default())),
            (None, _) => None,
        };
        if let Some(after) = &properties {
            self.check_strategy_change(after)?;
        }
        if is_first {
            let internal_id = turn.ids.number();
            self.header = Some(Head::new(self.id.clone(), internal_id, turn.now, self.header.as_ref()));
        }
        self.store_version(&author, &request, properties, turn)
    }

    fn store_version(
        &mut self,
        author: &User,
        request: &CreateRequest,
        properties: Option<definition::Properties>,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refusal> {
        let (id, now) = (self.id.clone(), turn.now);
        let header = self.change()?;
        let version = header.latest_version.next();
        let previous = header.active_version;
        header.latest_version = version;
        if request.is_active {
            header.active_version = version;
            header.activate_time = Some(now);
            header.activated_by = Some(author.clone());
        }
        let metadata = Metadata {
            workflow_id: Some(id.clone()),
            workflow_version_id: Some(version),
            create_time: Some(now),
            version_author: Some(author.clone()),
            git_info: request.git_info.clone(),
            extra: request.extra.clone(),
        };
        let stored = StoredVersion::new(metadata.to_json(), definition::write::workflow(&request.workflow));
        turn.save(Row::settled(StoredVersion::key(&id, version), &stored));
        self.remember(Arc::new(Version::new(version, Arc::clone(&request.workflow))));
        let changes_properties = properties.is_some();
        if let Some(properties) = properties {
            self.put_properties(author, properties, turn);
        }
        self.tell_of_version(author, request, version, previous, changes_properties, turn);
        self.follow_triggers(turn);
        self.dequeue_soon(turn);
        let header = self.known()?;
        Ok(Answer::ok(json!({ "workflow_definition": stored.document(version, header) })))
    }

    fn tell_of_version(
        &mut self,
        author: &User,
        request: &CreateRequest,
        version: VersionId,
        previous: VersionId,
        changes_properties: bool,
        turn: &mut Turn<'_>,
    ) {
        let active = self.header.as_ref().map(|header| header.active_version).unwrap_or_default();
        let activation = if request.is_active { "and activated it" } else { "without activating it" };
        let number = self.tell(author, &format!("Created a new version [{version}] {activation}"), turn);
        let version = NewVersion {
            workflow_name: Some(request.workflow.name_or_id().into()),
            version_id: version,
            current_active_version_id: active,
            previous_active_version_id: previous,
        };
        let change = if changes_properties {
            Change::Definition { version, snapshot_id: turn.now.0 }
        } else {
            Change::Version(version)
        };
        self.publish(change, author, number, turn);
    }

    /// Puts properties in force.
    pub(super) fn put_properties(&mut self, author: &User, properties: definition::Properties, turn: &Turn<'_>) {
        let snapshot = Snapshot {
            workflow_id: Some(self.id.clone()),
            create_time: Some(turn.now),
            author: Some(author.clone()),
            properties,
        };
        self.is_changed = true;
        if let Some(header) = &mut self.header {
            header.properties = definition::write::snapshot(&snapshot);
        }
        self.snapshot = Some(snapshot);
    }
}

fn refuse_tags(request: &CreateRequest) -> Result<(), Refusal> {
    let has_tags = request.properties.as_ref().is_some_and(|properties| properties.tags.is_some());
    if has_tags { Err(Refusal::new(Reason::BadRequest, super::properties::TAGS_REFUSED)) } else { Ok(()) }
}
