//! A run whose machine cannot go on: its code panics over what it holds, again and again.
//!
//! It fails with an error that says so, gives back what it holds and tells those who wait for it; nobody would otherwise. Its rows stay
//! for whoever looks for the cause.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{attempt::Nested, events, recover::stored_attempts};
use crate::{
    id::{AttemptKey, RunKey},
    life::{
        Address, Effect, Machine, Message, Note, Row, RowKey, Rows, RunSeed, Turn, Unreadable, note::Progress, row,
        seed_row::OWN,
    },
    port::{Reason, Refusal},
    status::{InstanceStatus, StepStatus},
    timeline::{Event, Timeline},
    user::User,
};

/// The machine of a run that is given up.
#[derive(Debug)]
pub struct Wreck {
    seed: Arc<RunSeed>,
    row: Map<String, Json>,
    status: InstanceStatus,
    /// Attempts that have not ended.
    open: Vec<AttemptKey>,
    /// Runs below them.
    children: Vec<RunKey>,
    reason: String,
    is_told: bool,
}

impl Wreck {
    /// What is left of the run at an address; `None` where there is none.
    pub fn load(key: &RunKey, rows: &dyn Rows, reason: &str) -> Result<Option<Self>, Unreadable> {
        let seed_key = RowKey::seed(key);
        let Some(body) = rows.row(&seed_key)? else { return Ok(None) };
        let seed = Arc::new(RunSeed::from_row(&seed_key, &body)?);
        let run_key = RowKey::run(key);
        let row: Option<Json> = rows.row(&run_key)?.map(|body| row::parse(&run_key, &body)).transpose()?;
        let row = row.and_then(|row| row.as_object().cloned()).unwrap_or_default();
        let status = row.get("status").and_then(|status| serde_json::from_value(status.clone()).ok());
        let (mut open, mut children) = (Vec::new(), Vec::new());
        for (key, attempt) in stored_attempts(key, rows)? {
            let status: Option<StepStatus> = serde_json::from_value(attempt["runtime_state"]["status"].clone()).ok();
            if status.is_none_or(|status| !status.is_terminal()) {
                let mut artifacts = attempt["artifacts"].as_object().cloned().unwrap_or_default();
                children.extend(Nested::from_row(&mut artifacts, &attempt[OWN]["nested"]).live());
                open.push(key);
            }
        }
        let status = status.unwrap_or(InstanceStatus::Created);
        Ok(Some(Self { seed, row, status, open, children, reason: reason.to_owned(), is_told: false }))
    }

    fn fail(&mut self, turn: &mut Turn<'_>) {
        let seed = Arc::clone(&self.seed);
        if !self.status.is_terminal() {
            let message = "Workflow instance is FAILED because the engine cannot go on with it.";
            let event = Event::internal_error(turn.now, message, vec![self.reason.as_str().into()]);
            self.row.insert("status".to_owned(), InstanceStatus::Failed.as_str().into());
            self.row.entry("start_time").or_insert_with(|| turn.now.0.into());
            self.row.insert("end_time".to_owned(), turn.now.0.into());
            self.row.insert("modify_time".to_owned(), turn.now.0.into());
            let noted = self.row.get("timeline").unwrap_or(&Json::Null);
            let mut timeline = Timeline::from_json(noted, turn.now).unwrap_or_default();
            timeline.add(event);
            self.row.insert("timeline".to_owned(), timeline.to_json());
            turn.save(Row::settled(RowKey::run(&seed.key), &Json::Object(self.row.clone())));
            events::instance(&seed, self.status, InstanceStatus::Failed, turn);
            self.status = InstanceStatus::Failed;
        }
        for attempt in std::mem::take(&mut self.open) {
            turn.effects.push(Effect::Cancel { attempt: attempt.clone() });
            turn.send(Address::Permits, Note::ReleasePermits { attempt: attempt.clone() });
            turn.send(Address::Signals, Note::ForgetSignals { attempt });
        }
        for child in std::mem::take(&mut self.children) {
            let (user, reason) = (User::named("MAESTRO_TASK"), "The run above it failed unexpectedly.".to_owned());
            turn.send(Address::Run(child), Note::Halt { user, reason });
        }
        self.tell(turn);
    }

    fn tell(&self, turn: &mut Turn<'_>) {
        let key = &self.seed.key;
        if !self.seed.initiator.is_loop() {
            let note = Note::RunEnded { run: key.clone(), status: self.status };
            turn.send(Address::Workflow(key.workflow.clone()), note);
        }
        if let Some(parent) = self.seed.initiator.parent().filter(|parent| parent.sync != Some(false)) {
            let attempt = AttemptKey { run: parent.run.clone(), step: parent.step.clone(), attempt: parent.attempt };
            let progress = Progress {
                parent: attempt,
                child: key.clone(),
                status: self.status,
                overview: None,
                values: Vec::new(),
            };
            turn.send(Address::Run(parent.run.clone()), Note::Progress(Box::new(progress)));
        }
    }
}

impl Machine for Wreck {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        if let Message::Request { ticket, .. } = message {
            let message = format!("run {} failed: {}", self.seed.key, self.reason);
            turn.reply(ticket, Err(Refusal::new(Reason::InternalError, message)));
        }
        if !std::mem::replace(&mut self.is_told, true) {
            self.fail(turn);
        }
    }

    fn flush(&mut self, _turn: &mut Turn<'_>) {}

    fn is_settled(&self) -> bool {
        self.is_told
    }
}
