//! What subworkflows, foreach and while have in common: children that run, end, and are told to stop.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{
    attempt::{Attempt, Nested},
    flow::{Action, Aim, Flow},
    foreach::Foreach,
    subworkflow::Subworkflow,
    values,
    while_loop::While,
};
use crate::{
    definition::StepType,
    id::RunKey,
    life::{Address, Ancestor, Initiator, Note, TooDeep, Turn, note},
    param::Definitions,
    port::InstanceAction,
    status::Rollup,
    user::User,
};

impl Nested {
    /// The leaf steps below, once there is something to tell.
    pub(super) fn rollup(&self) -> Option<Arc<Rollup>> {
        match self {
            Self::Leaf => None,
            Self::Subworkflow(sub) => sub.rollup(),
            Self::Foreach(foreach) => foreach.rollup(),
            Self::While(repeat) => repeat.rollup(),
        }
    }

    /// The artifact that tells of it, by its name.
    pub(super) fn artifact(&self) -> Option<(&'static str, Json)> {
        match self {
            Self::Leaf => None,
            Self::Subworkflow(sub) => Some((SUBWORKFLOW, sub.artifact()?)),
            Self::Foreach(foreach) => Some((FOREACH, foreach.artifact())),
            Self::While(repeat) => Some((WHILE, repeat.artifact())),
        }
    }

    /// What the artifact does not say and a recovery needs.
    pub(super) fn own(&self) -> Option<Json> {
        match self {
            Self::Leaf => None,
            Self::Subworkflow(sub) => Some(sub.own()),
            Self::Foreach(foreach) => Some(foreach.own()),
            Self::While(repeat) => Some(repeat.own()),
        }
    }

    /// Takes it back from its artifact; what the flow has to add is added when it is looked at next.
    pub(super) fn from_row(artifacts: &mut Map<String, Json>, own: &Json) -> Self {
        if own["kind"] == SUBWORKFLOW {
            return Self::Subworkflow(Box::new(Subworkflow::from_row(
                artifacts.shift_remove(SUBWORKFLOW).as_ref(),
                own,
            )));
        }
        if let Some(artifact) = artifacts.shift_remove(FOREACH) {
            return Self::Foreach(Box::new(Foreach::from_row(&artifact, own)));
        }
        if let Some(artifact) = artifacts.shift_remove(WHILE) {
            return Self::While(Box::new(While::from_row(&artifact, own)));
        }
        Self::Leaf
    }

    /// The children that have not ended.
    pub(super) fn live(&self) -> Vec<RunKey> {
        match self {
            Self::Leaf => Vec::new(),
            Self::Subworkflow(sub) => sub.live(),
            Self::Foreach(foreach) => foreach.live(),
            Self::While(repeat) => repeat.live(),
        }
    }

    /// Whether it waits for a child that it does not know yet.
    fn awaits_child(&self) -> bool {
        matches!(self, Self::Subworkflow(sub) if sub.awaits_child())
    }
}

/// The artifact of a subworkflow step.
pub(super) const SUBWORKFLOW: &str = "maestro_subworkflow";
/// The artifact of a foreach step.
pub(super) const FOREACH: &str = "maestro_foreach";
/// The artifact of a while step.
pub(super) const WHILE: &str = "maestro_while";

/// The leaf steps that the artifacts of an earlier run's attempt tell of.
pub(super) fn rollup_of_artifacts(artifacts: &Map<String, Json>) -> Option<Rollup> {
    let read = |json: &Json| serde_json::from_value::<Rollup>(json.clone()).ok();
    if let Some(sub) = artifacts.get(SUBWORKFLOW) {
        return read(&sub["subworkflow_overview"]["rollup_overview"]);
    }
    if let Some(foreach) = artifacts.get(FOREACH) {
        return read(&foreach["foreach_overview"]["rollup"]);
    }
    let repeat = artifacts.get(WHILE)?;
    let mut sum = read(&repeat["rollup"])?;
    if let Some(last) = read(&repeat["last_overview"]["rollup_overview"]) {
        sum.add(&last);
    }
    Some(sum)
}

impl Flow {
    /// What starts the runs below a step.
    pub(super) fn initiator_below(
        &self,
        at: usize,
        kind: StepType,
        sync: Option<bool>,
        turn: &Turn<'_>,
    ) -> Result<Initiator, TooDeep> {
        let key = self.attempt_key(at);
        let ancestor = Ancestor { run: key.run, step: key.step, attempt: key.attempt, sync };
        self.seed.initiator.nested(kind, ancestor, turn.surroundings.settings().nesting_depth_max)
    }

    /// The step's own params as its definition names them, evaluated, as literals.
    pub(super) fn defined_params(&self, at: usize) -> Definitions {
        let Some(attempt) = self.attempt(at) else { return Definitions::new() };
        let defined = attempt.definition.params.iter().flatten().map(|(name, _)| name);
        let frozen = defined.filter_map(|name| Some((Arc::clone(name), values::frozen(attempt.params.get(name)?)?)));
        frozen.collect()
    }

    /// Params that a nested run inherits: the workflow's, then the step's own.
    pub(super) fn inherited_params(&self, at: usize) -> Definitions {
        let mut params = values::frozen_all(&self.seed.params);
        params.extend(self.defined_params(at));
        params
    }

    /// Takes a phase of nested work further that nothing else takes further.
    pub(super) fn look_at_nested(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        match &attempt.nested {
            Nested::Leaf => self.sleep(at, turn),
            Nested::Subworkflow(_) => self.look_at_subworkflow(at, turn),
            Nested::Foreach(_) => self.look_at_foreach(at, turn),
            Nested::While(_) => self.look_at_while(at, turn),
        }
    }

    /// A child says how it is.
    pub(super) fn child_changed(&mut self, progress: &note::Progress, turn: &mut Turn<'_>) {
        let Some(at) = self.dag().position(&progress.parent.step) else { return };
        let Some(attempt) = self.steps[at].attempt.as_deref_mut().filter(|attempt| !attempt.has_ended()) else {
            return;
        };
        match &mut attempt.nested {
            Nested::Leaf => return,
            Nested::Subworkflow(sub) => sub.update(progress),
            Nested::Foreach(foreach) => foreach.update(progress),
            Nested::While(repeat) => repeat.update(progress),
        }
        if matches!(attempt.nested, Nested::Foreach(_)) {
            self.progressed(at);
        } else {
            self.changed(at);
        }
        if !self.end_if_all_ended(at, turn) {
            self.look_at_nested(at, turn);
        }
    }

    /// Ends an attempt that is to end by force as soon as nothing runs below it.
    fn end_if_all_ended(&mut self, at: usize, turn: &mut Turn<'_>) -> bool {
        let Some(attempt) = self.attempt(at).filter(|attempt| attempt.ending.is_some()) else { return false };
        if attempt.nested.awaits_child() || !attempt.nested.live().is_empty() {
            return true;
        }
        if let Some(said) = attempt.all_stopped() {
            self.log(at, turn, said);
        }
        self.end_by_force(at, turn);
        true
    }

    /// Tells everything below an attempt to stop; false when there is nothing to wait for.
    pub(super) fn halt_below(&mut self, at: usize, action: &Action, turn: &mut Turn<'_>) -> bool {
        let Some(attempt) = self.attempt(at) else { return false };
        if matches!(&attempt.nested, Nested::Subworkflow(sub) if !sub.is_followed()) {
            return false;
        }
        let live = attempt.nested.live();
        let awaits = attempt.nested.awaits_child();
        let (user, reason) = (action.user.clone(), action.reason.clone());
        for child in &live {
            turn.send(Address::Run(child.clone()), Note::Halt { user: user.clone(), reason: reason.clone() });
        }
        !live.is_empty() || awaits
    }

    /// A step further up ended by force: everything here ends as well.
    pub(super) fn halt(&mut self, user: &User, reason: &str, turn: &mut Turn<'_>) {
        if self.goes() {
            self.act_on_run(InstanceAction::Stop, user, reason, Aim::Ancestor, turn);
        } else if self.is_alive() {
            // A queued child never goes.
            self.stop_queued(user, reason, turn);
        } else {
            self.unsaved.report = true;
        }
    }

    /// Asks the children of a step again how they are.
    pub(super) fn recover_nested(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        match &attempt.nested {
            Nested::Leaf => {}
            Nested::Subworkflow(_) => self.recover_subworkflow(at, turn),
            Nested::Foreach(_) => self.recover_foreach(at, turn),
            Nested::While(_) => self.recover_while(at, turn),
        }
        let ending = self.attempt(at).and_then(|attempt| attempt.ending.clone());
        if let Some(ending) = ending {
            let live = self.attempt(at).map(|attempt| attempt.nested.live()).unwrap_or_default();
            for child in live {
                let note = Note::Halt { user: User::named("MAESTRO_TASK"), reason: ending.entry.clone() };
                turn.send(Address::Run(child), note);
            }
            self.end_if_all_ended(at, turn);
        }
    }
}

impl Attempt {
    /// The note that everything below was stopped.
    fn all_stopped(&self) -> Option<String> {
        match &self.nested {
            Nested::Leaf => None,
            Nested::Subworkflow(sub) => {
                let child = sub.child.as_ref()?;
                let RunKey { workflow, instance, run } = &child.run;
                Some(format!(
                    "Terminated the running subworkflow instance: [{workflow}][{instance}][{run}][{}]",
                    child.uuid
                ))
            }
            Nested::Foreach(_) => Some("Stopped all iterations because foreach step is terminated".to_owned()),
            Nested::While(_) => Some("Stopped the iteration because while step is terminated".to_owned()),
        }
    }
}
