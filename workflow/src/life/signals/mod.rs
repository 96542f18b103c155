//! Signals: numbered announcements, the attempts that wait for them, and the triggers that they complete.
//!
//! Every signal that was ever sent can match, so all of them are in memory, without their payloads. Who waits is not stored: after a
//! crash every attempt asks again. What a trigger fired is stored with the signal that completed it, and told until the
//! workflow has settled it.

mod stored;
mod trigger;
mod waiting;

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

pub(crate) use self::stored::key;
use self::{
    stored::Announcement,
    trigger::Triggers,
    waiting::{Waiting, Wanted},
};
use super::{
    Address, Machine, Message, Note, Row, Rows, Scan, Table, Turn, Unreadable,
    note::{MatchedSignal, WantedSignal},
    row,
};
use crate::{
    definition::SignalValue,
    id::AttemptKey,
    param::{Params, Value},
    port::{Answer, Reason, Refusal, Request},
    signal::{Log, Signal, value_to_json},
};

/// The number that an announcement gets which was made before by somebody else.
const NOT_SENT: i64 = -1;

/// A signal's number, and the uuid of the attempt that sent it, if one did.
type Sent = (i64, Option<Arc<str>>);

/// The machine of signals.
#[derive(Debug, Default)]
pub struct Signals {
    log: Log,
    /// Which signal a request made, and which attempt sent it.
    requests: HashMap<(Arc<str>, Arc<str>), Sent>,
    waiting: Waiting,
    triggers: Triggers,
}

impl Signals {
    /// The machine as its rows say.
    pub fn load(rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut signals = Self { triggers: Triggers::load(rows)?, ..Self::default() };
        Scan::table(Table::Signal).each(rows, |key, body| {
            let document: Json = row::parse(&key, body)?;
            let (signal, request) = stored::parse(&key, &document);
            let source = document["payload"]["signal_source"]["step_uuid"].as_str().map(Arc::from);
            signals.requests.insert((Arc::clone(&signal.name), request), (signal.id, source));
            signals.log.insert(signal);
            Ok(())
        })?;
        Ok(signals)
    }

    /// Stores a signal and tells whoever it concerns.
    fn store(&mut self, announcement: &Announcement, source: Option<Arc<str>>, turn: &mut Turn<'_>) -> Json {
        let name = &announcement.name;
        let id = self.log.newest(name) + 1;
        let document = announcement.document(id, turn.now);
        turn.save(Row::settled(key(name, id), &document));
        self.requests.insert((Arc::clone(name), Arc::clone(&announcement.request_id)), (id, source));
        self.log.insert(Signal { name: Arc::clone(name), id, params: announcement.params.clone() });
        for wanted in self.waiting.met_by(name, id, &announcement.params) {
            matched(&wanted.attempt, wanted.index, id, &announcement.params, turn);
        }
        for firing in self.triggers.completed_by(name, id, &self.log, turn) {
            turn.send(Address::Workflow(firing.workflow.clone()), Note::Fire(Box::new(firing)));
        }
        document
    }

    fn announce(&mut self, body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let announcement = Announcement::read(body)?;
        let request = (Arc::clone(&announcement.name), Arc::clone(&announcement.request_id));
        if self.requests.contains_key(&request) {
            let message = format!(
                "Signal instance [{}] already exists. If needed, please set a different request_id to announce it again",
                announcement.document(0, turn.now)
            );
            return Err(Refusal::new(Reason::Conflict, message));
        }
        Ok(Answer::ok(self.store(&announcement, None, turn)))
    }

    fn announce_by_step(
        &mut self,
        attempt: &AttemptKey,
        step_uuid: &Arc<str>,
        signals: &[(Arc<str>, Params)],
        turn: &mut Turn<'_>,
    ) {
        let source = json!({
            "workflow_id": attempt.run.workflow, "workflow_instance_id": attempt.run.instance,
            "workflow_run_id": attempt.run.run, "step_id": attempt.step, "step_attempt_id": attempt.attempt,
            "step_uuid": &**step_uuid,
        });
        let mut signal_ids = Vec::with_capacity(signals.len());
        for (name, params) in signals {
            let announcement = Announcement::by_step(name, signal_params(params), source.clone());
            let request = (Arc::clone(name), Arc::clone(&announcement.request_id));
            let id = match self.requests.get(&request) {
                // Asked again after a crash.
                Some((id, Some(sender))) if sender == step_uuid => *id,
                Some(_) => NOT_SENT,
                None => {
                    self.store(&announcement, Some(Arc::clone(step_uuid)), turn);
                    self.log.newest(name)
                }
            };
            signal_ids.push(id);
        }
        let note = Note::Announced { attempt: attempt.clone(), signal_ids };
        turn.send(Address::Run(attempt.run.clone()), note);
    }

    fn want(&mut self, attempt: &AttemptKey, dependencies: Vec<(usize, WantedSignal)>, turn: &mut Turn<'_>) {
        self.waiting.forget(attempt);
        for (index, wanted) in dependencies {
            let pattern = waiting::pattern(&wanted);
            let found = self.log.first_after(&pattern, wanted.after);
            if let Some((id, params)) = found.and_then(|id| Some((id, self.log.params(&pattern.name, id)?))) {
                matched(attempt, index, id, params, turn);
            } else {
                let (attempt, after) = (attempt.clone(), wanted.after);
                self.waiting.add(Wanted { attempt, index, pattern, after });
            }
        }
    }

    fn on_note(&mut self, note: Note, turn: &mut Turn<'_>) {
        match note {
            Note::WantSignals { attempt, dependencies } => self.want(&attempt, dependencies, turn),
            Note::ForgetSignals { attempt } => self.waiting.forget(&attempt),
            Note::Announce { attempt, step_uuid, signals } => {
                self.announce_by_step(&attempt, &step_uuid, &signals, turn);
            }
            Note::FollowTriggers { workflow, triggers } => {
                self.triggers.follow(&workflow, &triggers, &self.log, turn);
                turn.send(Address::Workflow(workflow), Note::TriggersFollowed);
            }
            Note::FiringSettled { workflow, execution } => self.triggers.settle(&workflow, &execution, turn),
            // Notes to other machines never come here.
            _ => {}
        }
    }
}

impl Machine for Signals {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        match message {
            Message::Request { ticket, request, .. } => {
                let answer = match *request {
                    Request::SendSignal { body } => self.announce(&body, turn),
                    _ => Err(Refusal::new(Reason::InternalError, "this request is not about signals")),
                };
                turn.reply(ticket, answer);
            }
            Message::Note(note) => self.on_note(note, turn),
            Message::Recovered | Message::AskAgain => {
                for firing in self.triggers.unsettled() {
                    turn.send(Address::Workflow(firing.workflow.clone()), Note::Fire(Box::new(firing.clone())));
                }
            }
            Message::Continue(_) | Message::Woken(_) | Message::Executed { .. } | Message::Found { .. } => {}
        }
    }

    fn flush(&mut self, _turn: &mut Turn<'_>) {}

    fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.triggers.is_settled()
    }
}

/// Tells an attempt that a signal came.
fn matched(attempt: &AttemptKey, index: usize, id: i64, params: &IndexMap<Arc<str>, SignalValue>, turn: &mut Turn<'_>) {
    let params: Map<String, Json> =
        params.iter().map(|(name, value)| (name.to_string(), value_to_json(value))).collect();
    let signal = MatchedSignal { signal_id: id, params };
    let note = Note::SignalMatched { attempt: attempt.clone(), index, signal };
    turn.send(Address::Run(attempt.run.clone()), note);
}

/// Evaluated params as a signal carries them; only texts and integers can be.
fn signal_params(params: &Params) -> IndexMap<Arc<str>, SignalValue> {
    let value = |value: &Value| match value {
        Value::Long(number) => Some(SignalValue::Long(*number)),
        Value::String(text) => Some(SignalValue::String(Arc::clone(text))),
        _ => None,
    };
    params.iter().filter_map(|(name, param)| Some((Arc::clone(name), value(param.value()?)?))).collect()
}
