//! The end of a workflow: everything of it is removed, a bounded number of rows at a time.
//!
//! What stays is its header with the numbers that were given out, so that none is ever given out again.

use super::{
    Workflow,
    header::Stage,
    record::{self, Recent},
};
use crate::{
    id::is_loop_body,
    life::{Effect, Turn, Wake, author, workflow::breakpoint::Breakpoints},
    port::{Answer, Caller, Found, Lookup, Reason, Refusal},
    time::Millis,
    user::User,
    wire::change::Change,
};

/// How long a deletion rests between two batches, so that others get their turn.
const PAUSE: Millis = Millis(100);

/// The timer of a deletion.
pub(super) const DELETION: Wake = Wake::Other(1);

impl Workflow {
    /// Begins to remove the workflow; no instance may be alive.
    pub(super) fn delete(&mut self, caller: &Caller, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let by = author(caller)?;
        if is_loop_body(&self.id) {
            let message = format!(
                "Cannot delete an inline foreach workflow [{}], please delete its parent concrete workflow instead.",
                self.id
            );
            return Err(Refusal::new(Reason::UnprocessableEntity, message));
        }
        if self.known().is_err() {
            let message = format!(
                "No workflow is deleted because workflow [{}] is non-existing or has queued or running instances.",
                self.id
            );
            return Err(Refusal::new(Reason::NotFound, message));
        }
        if self.queue.live_count() > 0 {
            let message = format!(
                "Cannot delete the workflow [{}] because there are still [{}] number of queued or running workflow \
                 instances.Please delete it after taking care of them, e.g. stopping all of them.",
                self.id,
                self.queue.live_count()
            );
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        let header = self.change()?;
        header.stage = Stage::Deleting { by: by.clone() };
        self.follow_triggers(turn);
        self.go_on_deleting(turn);
        let message = format!(
            "The workflow is deleted by [{}]. All associated workflow data (e.g. versions and instances) will be \
             deleted shortly.",
            by.name
        );
        Ok(Answer::ok(record::log(turn.now, &message)))
    }

    /// Looks for rows that are still to be removed.
    pub(super) fn go_on_deleting(&self, turn: &mut Turn<'_>) {
        if let Some(header) = &self.header
            && matches!(header.stage, Stage::Deleting { .. })
        {
            let (workflow, internal_id) = (self.id.clone(), header.internal_id);
            turn.effects.push(Effect::Fetch(Lookup::Remains { workflow, internal_id }));
        }
    }

    /// Removes what was found, or ends the deletion where nothing is left.
    pub(super) fn on_remains(&mut self, found: &Found, turn: &mut Turn<'_>) {
        let Some(Stage::Deleting { by }) = self.header.as_ref().map(|header| header.stage.clone()) else { return };
        let Found::Keys(keys) = found else { return };
        if keys.is_empty() {
            return self.end_deletion(&by, turn);
        }
        for key in keys {
            turn.forget(key.clone());
        }
        turn.wake_at(turn.now + PAUSE, DELETION);
    }

    fn end_deletion(&mut self, by: &User, turn: &mut Turn<'_>) {
        let Some(header) = &mut self.header else { return };
        header.stage = Stage::Deleted;
        header.active_version = crate::id::VersionId::default();
        let internal_id = header.internal_id;
        self.is_changed = true;
        self.snapshot = None;
        self.versions.clear();
        self.recent = Recent::default();
        self.breakpoints = Breakpoints::default();
        let failed = self.queue.blocking().count();
        self.queue.unblock_oldest(failed);
        // Nothing else of this life of the id has number -1.
        self.publish(Change::Deletion { internal_id }, by, -1, turn);
    }
}
