//! Which version is active.

use serde_json::json;

use super::{Workflow, resolve, wish::Wish};
use crate::{
    id::VersionId,
    life::{Ticket, Turn, author},
    port::{Answer, Caller, Reason, Refusal},
    user::User,
    wire::change::Change,
};

impl Workflow {
    pub(super) fn on_activate(&mut self, ticket: Ticket, caller: &Caller, version: &str, turn: &mut Turn<'_>) {
        let missing = |_| Refusal::new(Reason::NotFound, format!("Cannot find workflow [{}]", self.id));
        let wanted = author(caller).and_then(|by| Ok((by, resolve(self.known().map_err(missing)?, version)?)));
        match wanted {
            Ok((by, version)) => self.proceed(Wish::Activate { ticket, by, version }, turn),
            Err(refusal) => turn.reply(ticket, Err(refusal)),
        }
    }

    /// Makes a version the active one.
    pub(super) fn activate(&mut self, by: &User, version: VersionId, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let (id, now) = (self.id.clone(), turn.now);
        let header = self.change()?;
        let previous = header.active_version;
        let message = if previous == version {
            format!("Caller [{}] do nothing as workflow version [{id}][{version}] is already active", by.name)
        } else {
            header.active_version = version;
            header.activate_time = Some(now);
            header.activated_by = Some(by.clone());
            format!(
                "Caller [{}] activates workflow version [{id}][{version}], previous active version is [{previous}]",
                by.name
            )
        };
        if previous != version {
            let number = self.tell(by, &message, turn);
            let change =
                Change::Activation { current_active_version_id: version, previous_active_version_id: previous };
            self.publish(change, by, number, turn);
            self.follow_triggers(turn);
            self.dequeue_soon(turn);
        }
        // Where nothing changes, no version is named.
        let changed = if previous == version { VersionId::default() } else { version };
        Ok(self.activation_answer(by, Some(changed), "ACTIVATE", &message, turn))
    }

    /// Leaves no version active; runs go on.
    pub(super) fn deactivate(&mut self, caller: &Caller, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let by = author(caller)?;
        let (id, now) = (self.id.clone(), turn.now);
        let missing =
            |_| Refusal::new(Reason::NotFound, format!("Cannot deactivate workflow [{id}] as it is not found"));
        let header = self.change().map_err(missing)?;
        let previous = std::mem::take(&mut header.active_version);
        let message = if previous == VersionId::default() {
            format!("Caller [{}] do nothing as there is no active workflow version for [{id}]", by.name)
        } else {
            header.activate_time = Some(now);
            header.activated_by = Some(by.clone());
            format!("Caller [{}] deactivated workflow [{id}], whose last active version is [{previous}]", by.name)
        };
        if previous != VersionId::default() {
            let number = self.tell(&by, &message, turn);
            self.publish(Change::Deactivation { previous_active_version_id: previous }, &by, number, turn);
            self.follow_triggers(turn);
        }
        Ok(self.activation_answer(&by, None, "DEACTIVATE", &message, turn))
    }

    fn activation_answer(
        &self,
        by: &User,
        version: Option<VersionId>,
        action: &str,
        message: &str,
        turn: &Turn<'_>,
    ) -> Answer {
        let mut answer = json!({
            "workflow_id": self.id,
            "timeline_event": {
                "timestamp": turn.now.0, "type": "ACTION", "action": action, "author": by.to_json(), "message": message,
            },
        });
        if let Some(version) = version {
            answer["workflow_version_id"] = version.0.into();
        }
        Answer::ok(answer)
    }
}
