//! What a machine is given for one turn.

use crate::{
    definition::{
        self,
        template::{NoTemplates, Templates},
    },
    id::{Ids, InstanceId, StepId, WorkflowId},
    life::{Address, Decisions, Effect, Note, Row, RowKey, Ticket, Wake},
    port::{Answer, Refusal},
    time::{Millis, Timestamp},
};

/// The time, ids and surroundings of a turn, and where its effects go.
pub struct Turn<'a> {
    /// Now.
    pub now: Timestamp,
    /// Where fresh uuids and numbers come from.
    pub ids: &'a mut dyn Ids,
    /// What is around.
    pub surroundings: &'a dyn Surroundings,
    /// What the machine wants done, in order.
    pub effects: Vec<Effect>,
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("now", &self.now).field("effects", &self.effects).finish_non_exhaustive()
    }
}

impl<'a> Turn<'a> {
    /// A turn without effects yet.
    pub fn new(now: Timestamp, ids: &'a mut dyn Ids, surroundings: &'a dyn Surroundings) -> Self {
        Self { now, ids, surroundings, effects: Vec::new() }
    }
}

impl Turn<'_> {
    /// Stores a row with this turn's commit.
    pub fn save(&mut self, row: Row) {
        self.effects.push(Effect::Save(row));
    }

    /// Removes a row with this turn's commit.
    pub fn forget(&mut self, key: RowKey) {
        self.effects.push(Effect::Forget(key));
    }

    /// Tells another machine.
    pub fn send(&mut self, to: Address, note: Note) {
        self.effects.push(Effect::Send { to, note });
    }

    /// Answers a waiting caller.
    pub fn reply(&mut self, ticket: Ticket, answer: Result<Answer, Refusal>) {
        self.effects.push(Effect::Reply { ticket, answer });
    }

    /// Asks to be woken at a moment.
    pub fn wake_at(&mut self, at: Timestamp, wake: Wake) {
        self.effects.push(Effect::WakeAt { at, wake });
    }
}

/// What every machine may look at without asking: cheap, in memory, the same for a whole turn.
pub trait Surroundings: Send + Sync {
    /// Limits and switches.
    fn settings(&self) -> &Settings;

    /// How decisions are made; faithful in production.
    fn decisions(&self) -> &dyn Decisions;

    /// Whether a breakpoint is set for a step of a workflow (for loop bodies: of the enclosing workflow); gives those that are.
    fn breakpoints(&self, workflow: &WorkflowId, step: &StepId) -> Vec<serde_json::Value>;

    /// The job templates that are stored.
    fn templates(&self) -> &dyn Templates {
        &NoTemplates
    }

    /// Whether a step's outside effects are replaced by a placeholder, as in replay.
    fn stands_in(&self, step: &definition::Step) -> bool;
}

/// Limits and switches of an engine; the defaults are those of runtime.md §1.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it; each default is the reference's")]
pub struct Settings {
    pub cluster_name: String,
    pub environment: String,
    pub group_count: i64,
    pub first_instance: InstanceId,
    pub workflow_timeout_default: Millis,
    pub step_timeout_default: Millis,
    pub foreach_iterations_max: usize,
    pub nesting_depth_max: usize,
    pub leaf_steps_max: i64,
    pub params_json_max: usize,
    pub step_action_wait: Millis,
    pub has_permits: bool,
    pub has_events: bool,
}

impl Settings {
    /// What a real server runs with.
    pub fn production() -> Self {
        Self {
            cluster_name: "segue".to_owned(),
            environment: "prod".to_owned(),
            group_count: 3,
            first_instance: InstanceId::FIRST,
            workflow_timeout_default: Millis::from_secs(10 * 24 * 3600),
            step_timeout_default: Millis::from_secs(10 * 24 * 3600),
            foreach_iterations_max: 25_000,
            nesting_depth_max: 10,
            leaf_steps_max: 1_000_000,
            params_json_max: 750_000,
            step_action_wait: Millis::from_secs(5),
            has_permits: true,
            has_events: true,
        }
    }
}
