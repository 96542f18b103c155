//! Which version is active.

use serde_json::json;

use super::{Workflow, resolve, wish::Wish};
use crate::{
    id::VersionId,
    life::{Ticket, Turn, author},
    port::{Answer, Caller, Refusal},
    user::User,
    wire::change::Change,
};

impl Workflow {
    pub(super) fn on_activate(&mut self, ticket: Ticket, caller: &Caller, version: &str, turn: &mut Turn<'_>) {
        let wanted = author(caller).and_then(|by| Ok((by, resolve(self.known()?, version)?)));
        match wanted {
            Ok((by, version)) => self.proceed(Wish::Activate { ticket, by, version }, turn),
            Err(refusal) => turn.reply(ticket, Err(refusal)),
        }
    }

    /// Makes a version the active one.
    pub(super) fn activate(&mut self, by: &User, version: VersionId, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let now = turn.now;
        let header = self.change()?;
        let previous = header.active_version;
        let message = if previous == version {
            format!("Workflow version [{version}] is already active: nothing to do")
        } else {
            header.active_version = version;
            header.activate_time = Some(now);
            header.activated_by = Some(by.clone());
            format!("Activated workflow version [{version}], the previous active version was [{previous}]")
        };
        let number = self.tell(by, &message, turn);
        if previous != version {
            let change =
                Change::Activation { current_active_version_id: version, previous_active_version_id: previous };
            self.publish(change, by, number, turn);
            self.follow_triggers(turn);
            self.dequeue_soon(turn);
        }
        Ok(self.activation_answer(by, version, "ACTIVATE", &message, turn))
    }

    /// Leaves no version active; runs go on.
    pub(super) fn deactivate(&mut self, caller: &Caller, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let by = author(caller)?;
        let now = turn.now;
        let header = self.change()?;
        let previous = std::mem::take(&mut header.active_version);
        let message = if previous == VersionId::default() {
            "Workflow has no active version: nothing to do".to_owned()
        } else {
            header.activate_time = Some(now);
            header.activated_by = Some(by.clone());
            format!("Deactivated workflow version [{previous}]")
        };
        let number = self.tell(&by, &message, turn);
        if previous != VersionId::default() {
            self.publish(Change::Deactivation { previous_active_version_id: previous }, &by, number, turn);
            self.follow_triggers(turn);
        }
        Ok(self.activation_answer(&by, previous, "DEACTIVATE", &message, turn))
    }

    fn activation_answer(&self, by: &User, version: VersionId, action: &str, message: &str, turn: &Turn<'_>) -> Answer {
        Answer::ok(json!({
            "workflow_id": self.id,
            "workflow_version_id": version,
            "timeline_event": {
                "timestamp": turn.now.0, "type": "ACTION", "action": action, "author": by.to_json(), "message": message,
            },
        }))
    }
}
