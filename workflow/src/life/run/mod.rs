//! One run of one workflow instance, with all its steps, attempts and loops.
//!
//! A run goes on only by messages: a step's phases by `Continue(Task::Step)`, gates by `Continue(Task::Decide)`, waits by a note, a timer
//! or the end of work. Whatever a message changes is saved and told to the parent once a commit, by `flush`.
//!
//! Invariant: no step that has ended is ever executed again within its run; an attempt's status never goes back.

mod action;
mod attempt;
mod body;
mod create;
mod decide;
mod end;
pub(super) mod events;
mod flow;
mod foreach;
mod foreach_restart;
mod http;
mod launch;
mod nested;
mod passage;
mod pause;
mod prepare;
mod recover;
mod report;
mod request;
mod rest;
mod restart;
mod restart_request;
mod rows;
mod scope;
mod signals;
mod subworkflow;
mod timeout;
mod values;
mod while_loop;
mod work;
mod wreck;

use std::sync::Arc;

pub(crate) use signals::SIGNAL_PARAMS;

use self::flow::{Aim, Flow};
pub use self::wreck::Wreck;
use super::{Address, Machine, Message, Note, Rest, Rows, RunSeed, Task, Turn, Unreadable, Wake};
use crate::{
    id::{RunKey, StepId},
    param,
    port::{Reason, Refusal},
    status::StepStatus,
};

/// The machine of one run.
#[derive(Debug)]
pub struct Run {
    key: RunKey,
    /// `None` until the run exists.
    flow: Option<Box<Flow>>,
}

/// Why a step cannot go on, other than by the failure of its work.
#[derive(Debug)]
enum Failure {
    /// Its params or conditions cannot be evaluated, or not yet.
    Param(param::Error),
    /// Anything else.
    Text(String),
}

impl Run {
    /// A run that nothing is known of yet.
    pub fn blank(key: &RunKey) -> Self {
        Self { key: key.clone(), flow: None }
    }

    /// A run from its rows.
    pub fn load(key: &RunKey, rows: &dyn Rows) -> Result<Option<Self>, Unreadable> {
        let flow = Flow::load(key, rows)?;
        Ok(flow.map(|flow| Self { key: key.clone(), flow: Some(Box::new(flow)) }))
    }

    /// Where a step's latest attempt stands.
    pub fn step_status(&self, step: &StepId) -> StepStatus {
        let flow = self.flow.as_deref();
        flow.and_then(|flow| Some(flow.board.status(flow.dag().position(step)?))).unwrap_or(StepStatus::NotCreated)
    }

    /// Whether it goes: it left the queue and has not ended.
    pub fn goes(&self) -> bool {
        self.flow.as_deref().is_some_and(Flow::goes)
    }

    fn begin(&mut self, seed: Arc<RunSeed>, turn: &mut Turn<'_>) {
        if let Some(flow) = &mut self.flow {
            // Told twice: the teller wants to know how it is.
            flow.unsaved.report = true;
        } else {
            let mut flow = Flow::new(seed, turn.now);
            flow.begin(turn);
            self.flow = Some(Box::new(flow));
        }
    }
}

impl Machine for Run {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        match (message, self.flow.as_deref_mut()) {
            (Message::Note(Note::Create(seed) | Note::Begin(seed)), _) => self.begin(seed, turn),
            (Message::Request { ticket, caller, request }, Some(flow)) => flow.request(ticket, &caller, *request, turn),
            (Message::Request { ticket, .. }, None) => {
                let RunKey { workflow, instance, run } = &self.key;
                let message = format!(
                    "workflow instance [{workflow}][{instance}][{run}] not found (either not created or deleted)"
                );
                turn.reply(ticket, Err(Refusal::new(Reason::NotFound, message)));
            }
            (message, Some(flow)) => flow.on(message, turn),
            (_, None) => {}
        }
    }

    fn flush(&mut self, turn: &mut Turn<'_>) {
        if let Some(flow) = &mut self.flow {
            flow.flush(turn);
        }
    }

    fn is_settled(&self) -> bool {
        self.flow.as_deref().is_none_or(|flow| !flow.goes() && flow.has_no_waiters())
    }

    fn rest(&self) -> Option<&Rest> {
        self.flow.as_deref()?.rest.as_ref()
    }

    /// In the queue: most are launched at once.
    fn is_expectant(&self) -> bool {
        self.flow.as_deref().is_some_and(|flow| flow.is_alive() && !flow.goes())
    }
}

impl Flow {
    /// What a message makes of the run.
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        match message {
            Message::Continue(Task::Decide) => self.decide(turn),
            Message::Continue(Task::Step { step, status }) => {
                if let Some(at) = self.dag().position(&step) {
                    self.continue_step(at, status, turn);
                }
            }
            Message::Woken(wake) => self.woken(&wake, turn),
            Message::Executed { attempt, report } => {
                if let Some(at) = self.find(&attempt) {
                    self.executed(at, *report, turn);
                }
            }
            Message::Found { lookup, found } => self.found(&lookup, &found, turn),
            Message::Recovered => self.recover(turn),
            Message::AskAgain => self.ask_again(turn),
            Message::Note(note) => self.note(note, turn),
            Message::Continue(Task::Dequeue) | Message::Request { .. } => {}
        }
    }

    /// Takes an attempt one phase further, if it still stands where it stood.
    fn continue_step(&mut self, at: usize, status: StepStatus, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at).filter(|attempt| attempt.status == status) else { return };
        match status {
            StepStatus::Initialized => self.prepare(at, turn),
            StepStatus::WaitingForSignals if !self.has_pending_signals(at) => self.evaluate(at, turn),
            StepStatus::WaitingForPermits => self.start(at, turn),
            StepStatus::Running if !attempt.is_executing => self.look_at_nested(at, turn),
            _ => {}
        }
    }

    fn woken(&mut self, wake: &Wake, turn: &mut Turn<'_>) {
        let at = |step: &StepId| self.dag().position(step);
        match wake {
            Wake::RunTimeout => self.time_up(turn),
            Wake::StepTimeout(step) => at(step).into_iter().for_each(|at| self.step_time_up(at, turn)),
            Wake::Retry(step) => at(step).into_iter().for_each(|at| self.retry_due(at, turn)),
            Wake::Sleep(step) => at(step).into_iter().for_each(|at| self.sleep(at, turn)),
            Wake::Poll(step) => at(step).into_iter().for_each(|at| self.poll(at, turn)),
            Wake::StopOthers(step) => at(step).into_iter().for_each(|at| self.others_stop(at, turn)),
            Wake::ActionDeadline(step) => at(step).into_iter().for_each(|at| self.waited_enough(at, turn)),
            Wake::Other(_) => self.refresh_due(),
            Wake::Trigger => {}
        }
    }

    fn note(&mut self, note: Note, turn: &mut Turn<'_>) {
        match note {
            Note::Launch => self.launch(turn),
            Note::EndQueued { status, event, starts } => self.end_queued(status, &event, starts, turn),
            Note::Act { action, user, reason } => self.act_on_run(action, &user, &reason, Aim::Run, turn),
            Note::Halt { user, reason } => self.halt(&user, &reason, turn),
            Note::AddEvent(event) => self.add_event(&event, turn),
            Note::Child { attempt, result } => self.child_answered(&attempt, result, turn),
            Note::Progress(progress) => self.child_changed(&progress, turn),
            Note::Report => self.unsaved.report = true,
            Note::RestartBelow(walk) => self.restart_below(*walk, turn),
            Note::PermitsGranted { attempt } => {
                if let Some(at) = self.find(&attempt) {
                    self.step_soon_in(at, StepStatus::WaitingForPermits, turn);
                }
            }
            Note::StillWants { attempt } => {
                let at = self.find(&attempt);
                if !at.and_then(|at| self.attempt(at)).is_some_and(|attempt| attempt.has_asked_permits) {
                    turn.send(Address::Permits, Note::ReleasePermits { attempt });
                }
            }
            Note::SignalMatched { attempt, index, signal } => {
                if let Some(at) = self.find(&attempt) {
                    self.signal_matched(at, index, signal, turn);
                }
            }
            Note::Announced { attempt, signal_ids } => {
                if let Some(at) = self.find(&attempt) {
                    self.announced(at, &signal_ids, turn);
                }
            }
            Note::Resume { attempt } => {
                if let Some(at) = self.find(&attempt) {
                    self.resume(at, turn);
                }
            }
            // For other machines.
            _ => {}
        }
    }
}

impl Failure {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// What timelines show, outermost first.
    fn lines(&self) -> Vec<Arc<str>> {
        match self {
            Self::Param(error) => vec![format!("{}: {error}", error.kind()).into()],
            Self::Text(text) => vec![text.as_str().into()],
        }
    }
}

impl From<param::Error> for Failure {
    fn from(error: param::Error) -> Self {
        Self::Param(error)
    }
}
