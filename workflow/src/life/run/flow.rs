//! A run that exists: its state, and the ways in which it changes as a whole.

use std::sync::Arc;

use super::attempt::{Attempt, Nested};
use crate::{
    definition::Step,
    graph::{Dag, Progress},
    id::{AttemptId, AttemptKey, RunKey, StepId},
    life::{Effect, Rest, RunSeed, Task, Ticket, Turn, note::RestartWalk, seed::Standing},
    restart,
    status::{Board, Entry, InstanceStatus, Overview, Rollup},
    time::Timestamp,
    timeline::{Event, Timeline},
    user::User,
};

/// One run with all its steps.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states")]
pub(super) struct Flow {
    pub seed: Arc<RunSeed>,
    pub status: InstanceStatus,
    pub start_time: Option<Timestamp>,
    pub end_time: Option<Timestamp>,
    pub modify_time: Timestamp,
    pub timeline: Timeline,
    /// Where its steps stand, as told last.
    pub overview: Option<Arc<Overview>>,
    /// Whether steps moved since the overview was written.
    pub is_overview_stale: bool,
    /// Whether a timer will write the overview.
    pub will_refresh: bool,
    /// Whether the run is stopped for having too many leaf steps.
    pub leaf_stop: LeafStop,
    /// The overview that the run around this one was told last.
    pub told: Option<Arc<Overview>>,
    /// Leaf steps of earlier runs that this one does not do again.
    pub base: Option<Rollup>,
    pub progress: Progress,
    pub board: Board,
    /// By position in the DAG.
    pub steps: Vec<Slot>,
    /// Steps whose gates are open and that do not exist yet.
    pub opened: Vec<usize>,
    /// The number that the next new step gets.
    pub sequence: i64,
    /// Set once its time is up: nothing new starts.
    pub is_timed_out: bool,
    /// Whether a `Decide` is on its way.
    pub will_decide: bool,
    pub unsaved: Unsaved,
    /// How it waits, as of the last flush.
    pub rest: Option<Rest>,
    /// How it waits by its rows.
    pub stored_rest: Option<Rest>,
}

/// What changed since the last flush.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one mark a row")]
pub(super) struct Unsaved {
    /// The run itself.
    pub run: bool,
    /// Where the steps stand.
    pub overview: bool,
    /// Its seed: only loop bodies save their own.
    pub seed: bool,
    /// Latest attempts, by position.
    pub attempts: Vec<usize>,
    /// Whether the parent must hear of it even if the overview is the same.
    pub report: bool,
}

impl Unsaved {
    /// Whether anything is.
    pub(super) fn is_any(&self) -> bool {
        self.run || self.overview || self.seed || self.report || !self.attempts.is_empty()
    }
}

/// One step of the run.
#[derive(Debug)]
pub(super) struct Slot {
    pub definition: Arc<Step>,
    /// The latest attempt; `None` while it does not exist.
    pub attempt: Option<Box<Attempt>>,
    /// When the next attempt is due, after a failure that the system tries again.
    pub retry_at: Option<Timestamp>,
    /// What is done to the step as soon as it exists.
    pub action: Option<Action>,
    /// Brought back by a person: what the next attempt takes along.
    pub revival: Option<Revival>,
    /// Callers who wait for an action to show.
    pub waiters: Vec<Waiter>,
}

/// Something done to a step from outside.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// Stop, kill, skip or the engine's own time-out.
    pub kind: crate::status::action::Step,
    /// Who did it.
    pub user: User,
    /// Why.
    pub reason: String,
    /// At what it was aimed.
    pub aim: Aim,
}

/// At what an action was aimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// This step.
    Step,
    /// The run that it is in.
    Run,
    /// A step further up.
    Ancestor,
}

/// What a person gives to the attempt that brings back a step.
#[derive(Clone, Debug)]
pub(super) struct Revival {
    pub config: Arc<restart::Config>,
}

/// A caller who waits for an action to show.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    pub ticket: Ticket,
    pub user: User,
    pub deadline: Timestamp,
    pub wants: Wants,
}

/// What a waiting caller wants to see.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wants {
    /// The step's end, after this action.
    End(crate::status::action::Step),
    /// That the step no longer waits for signals.
    Bypass,
    /// That the iteration runs again which this restart names.
    Restart(Box<RestartWalk>),
}

impl Flow {
    /// A run that has just been made.
    pub(super) fn new(seed: Arc<RunSeed>, now: Timestamp) -> Self {
        let body = &seed.body;
        let dag = &body.dag;
        let progress =
            Progress::new(dag, seed.restarted_step()).expect("the step that a run restarts is a root of its DAG");
        let steps = dag.ids().map(|id| Slot::new(definition_of(&body.definition.steps, id))).collect();
        let (status, timeline, end_time) = match &seed.standing {
            Standing::Queued => (InstanceStatus::Created, Timeline::default(), None),
            Standing::Ended { status, timeline } => {
                let events = timeline.iter().filter_map(|event| Event::from_json(event, seed.create_time).ok());
                (*status, Timeline::of(events), Some(seed.create_time))
            }
        };
        let start_time = end_time.filter(|_| status == InstanceStatus::Stopped);
        let board = Board::new(dag.len());
        Self {
            status,
            start_time,
            end_time,
            modify_time: now,
            timeline,
            overview: None,
            is_overview_stale: false,
            will_refresh: false,
            leaf_stop: LeafStop::No,
            told: None,
            base: None,
            progress,
            board,
            steps,
            opened: Vec::new(),
            sequence: FIRST_SEQUENCE,
            is_timed_out: false,
            will_decide: false,
            unsaved: Unsaved::default(),
            rest: None,
            stored_rest: None,
            seed,
        }
    }

    pub(super) fn key(&self) -> &RunKey {
        &self.seed.key
    }

    pub(super) fn dag(&self) -> &Arc<Dag> {
        &self.seed.body.dag
    }

    pub(super) fn step_id(&self, at: usize) -> &StepId {
        self.seed.body.dag.id(at)
    }

    pub(super) fn attempt(&self, at: usize) -> Option<&Attempt> {
        self.steps[at].attempt.as_deref()
    }

    pub(super) fn attempt_key(&self, at: usize) -> AttemptKey {
        let attempt = self.attempt(at).map_or(AttemptId(0), |attempt| attempt.id);
        AttemptKey { run: self.key().clone(), step: self.step_id(at).clone(), attempt }
    }

    /// The position of an attempt that is the latest of its step.
    pub(super) fn find(&self, key: &AttemptKey) -> Option<usize> {
        let at = self.dag().position(&key.step)?;
        self.attempt(at).filter(|attempt| attempt.id == key.attempt)?;
        Some(at)
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.status.is_terminal()
    }

    /// Whether it goes, that is, left the queue and has not ended.
    pub(super) fn goes(&self) -> bool {
        self.status == InstanceStatus::InProgress
    }

    /// Notes that an attempt changed: counts it anew and has it saved.
    pub(super) fn changed(&mut self, at: usize) {
        let Some(attempt) = self.steps[at].attempt.as_deref() else { return };
        let entry = Entry { state: attempt.state(), attempt: attempt.id, nested: attempt.nested.rollup() };
        let has_ended = entry.state.status.is_terminal();
        self.board.put(at, entry);
        self.is_overview_stale = true;
        self.unsaved.overview |= has_ended;
        self.unsaved.run |= has_ended;
        if !self.unsaved.attempts.contains(&at) {
            self.unsaved.attempts.push(at);
        }
    }

    /// Notes that iterations of a loop went on: counted at once, saved within seconds.
    ///
    /// The row of a loop step holds its loop params and would otherwise be written once an iteration. It may lag behind: iterations that
    /// are begun again after a crash answer how they are.
    pub(super) fn progressed(&mut self, at: usize) {
        let Some(attempt) = self.steps[at].attempt.as_deref() else { return };
        let entry = Entry { state: attempt.state(), attempt: attempt.id, nested: attempt.nested.rollup() };
        self.board.put(at, entry);
        self.is_overview_stale = true;
    }

    /// Has the rows of loops saved that went on in the meantime.
    pub(super) fn save_loops(&mut self) {
        for at in 0..self.steps.len() {
            let is_loop = self
                .attempt(at)
                .is_some_and(|attempt| matches!(attempt.nested, Nested::Foreach(_)) && !attempt.has_ended());
            if is_loop && !self.unsaved.attempts.contains(&at) {
                self.unsaved.attempts.push(at);
            }
        }
    }

    /// Has gates looked at soon.
    pub(super) fn decide_soon(&mut self, turn: &mut Turn<'_>) {
        if !self.will_decide && self.goes() {
            self.will_decide = true;
            turn.effects.push(Effect::Continue(Task::Decide));
        }
    }

    /// Has a step taken further soon.
    pub(super) fn step_soon(&mut self, at: usize, turn: &mut Turn<'_>) {
        if let Some(attempt) = self.attempt(at) {
            let (step, status) = (self.step_id(at).clone(), attempt.status);
            turn.effects.push(Effect::Continue(Task::Step { step, status }));
        }
    }
}

/// Prepare and monitor tasks take the first two numbers in the reference; only the order matters.
const FIRST_SEQUENCE: i64 = 3;

/// How far the stop of a run with too many leaf steps has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafStop {
    No,
    Due,
    Done,
}

impl Slot {
    fn new(definition: Arc<Step>) -> Self {
        Self { definition, attempt: None, retry_at: None, action: None, revival: None, waiters: Vec::new() }
    }
}

fn definition_of(steps: &[Arc<Step>], id: &StepId) -> Arc<Step> {
    let found = steps.iter().find(|step| step.id == *id);
    Arc::clone(found.expect("a runtime DAG is made of the steps of its definition"))
}
