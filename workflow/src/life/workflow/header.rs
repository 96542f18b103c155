//! What is stored of a workflow beside its versions and its timeline: small, because every start and every end rewrites it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    id::{InstanceId, VersionId, WorkflowId},
    time::Timestamp,
    user::User,
};

/// The form that this version writes.
const VERSION: u32 = 1;

/// A workflow's own row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    version: u32,
    /// The workflow.
    pub(crate) workflow_id: WorkflowId,
    /// Unique for each life of the id; part of the ids of its loop bodies.
    pub(crate) internal_id: i64,
    /// Whether it is alive.
    pub(crate) stage: Stage,
    /// 0 when none is active.
    pub(crate) active_version: VersionId,
    /// The highest version.
    pub(crate) latest_version: VersionId,
    /// When the active version changed last.
    pub(crate) activate_time: Option<Timestamp>,
    /// Who changed it.
    pub(crate) activated_by: Option<User>,
    /// When anything changed last.
    pub(crate) modify_time: Timestamp,
    /// The properties in force, as the API shows them.
    pub(crate) properties: Json,
    /// The last instance number that was given out, also in earlier lives of the id.
    pub(crate) latest_instance: InstanceId,
    /// How its runs stand.
    pub(crate) counts: Counts,
    /// The number of its newest timeline entry.
    pub(crate) timeline_last: i64,
    /// The number of its newest breakpoint.
    pub(crate) breakpoint_last: i64,
    /// Time triggers that are waited for.
    pub(crate) clock: Option<Clock>,
    /// Whether `Signals` was told of triggers.
    #[serde(default)]
    pub(crate) follows_signals: bool,
    /// Whether `Signals` does not know yet which triggers are in force.
    pub(crate) owes_subscription: bool,
}

/// How far a workflow's life has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// In use.
    Alive,
    /// Its rows are being removed.
    Deleting {
        /// Who wants it gone.
        by: User,
    },
    /// Only the numbers are left, so that they are never given out again.
    Deleted,
}

/// How many runs stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Waiting for the run strategy.
    pub(crate) queued: usize,
    /// Launched and not ended.
    pub(crate) running: usize,
    /// Failed, neither restarted nor unblocked.
    pub(crate) failed: usize,
    /// Told to end, and not known to have ended.
    #[serde(default)]
    pub(crate) ordered: usize,
}

/// The time triggers of the active version, with the moments up to which they have fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The triggers' uuid.
    pub(crate) trigger_uuid: String,
    /// One for each trigger, in order.
    pub(crate) watermarks: Vec<Timestamp>,
}

impl Header {
    /// The header of a workflow that is pushed for the first time, or again after its deletion.
    pub(super) fn new(workflow_id: WorkflowId, internal_id: i64, now: Timestamp, before: Option<&Self>) -> Self {
        Self {
            version: VERSION,
            workflow_id,
            internal_id,
            stage: Stage::Alive,
            active_version: VersionId::default(),
            latest_version: VersionId::default(),
            activate_time: None,
            activated_by: None,
            modify_time: now,
            properties: Json::Null,
            latest_instance: before.map(|before| before.latest_instance).unwrap_or_default(),
            counts: Counts::default(),
            timeline_last: 0,
            breakpoint_last: 0,
            clock: None,
            follows_signals: false,
            owes_subscription: false,
        }
    }

    /// Whether the API knows the workflow.
    pub(crate) fn is_known(&self) -> bool {
        self.stage == Stage::Alive
    }

    /// The version that `default` names.
    pub(crate) fn default_version(&self) -> VersionId {
        if self.active_version == VersionId::default() { self.latest_version } else { self.active_version }
    }

    /// Whether somebody must think of the workflow after a crash.
    pub(super) fn is_live(&self) -> bool {
        let Counts { queued, running, failed: _, ordered } = self.counts;
        queued + running + ordered > 0
            || self.clock.is_some()
            || self.owes_subscription
            || matches!(self.stage, Stage::Deleting { .. })
    }
}
