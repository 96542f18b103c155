//! A machine that does what its callers write, to see what the engine makes of it.
//!
//! A script comes as `PutOutput { body: { "to": run, "do": [..] } }`; each entry is an object of one field.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use engine::{
    ActorEngine, Limits, Options,
    clock::System,
    lives::{Asked, Lives, Route},
    outbox::Consumer,
    steps::Runtimes,
    store::Store,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use workflow::{
    definition::StepType,
    event::Event,
    id::{AttemptId, AttemptKey, InstanceId, RunId, RunKey},
    life::{
        Address, Effect, Faithful, Machine, Message, Note, Row, RowKey, Rows, Settings, Task, Ticket, Turn, Unreadable,
        Wake,
    },
    param::Params,
    port::{Answer, Caller, Engine, Found, Lookup, Refusal, Request, Work},
    status::InstanceStatus,
    time::Timestamp,
};

/// What is stored of a scripted run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) log: Vec<String>,
    pub(crate) running: Vec<String>,
    pub(crate) is_open: bool,
    pub(crate) has_ended: bool,
}

struct Script {
    run: RunKey,
    state: State,
    is_changed: bool,
    /// Callers that wait for the end of a piece of work.
    waiting: VecDeque<Ticket>,
}

/// Scripted runs as life cycles.
pub(crate) struct Scripts;

impl Lives for Scripts {
    fn load(&self, address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable> {
        let Address::Run(run) = address else { return Ok(Box::new(Nobody)) };
        let stored = rows.row(&RowKey::run(run))?;
        let state = stored.map_or_else(State::default, |body| serde_json::from_slice(&body).unwrap());
        Ok(Box::new(Script { run: run.clone(), state, is_changed: false, waiting: VecDeque::new() }))
    }

    fn address(&self, _: &Request) -> Option<Address> {
        None
    }

    fn route(&self, request: &Request, asked: Asked<'_>) -> Result<Route, Unreadable> {
        let Request::PutOutput { body } = request else { panic!("{request:?}") };
        let run = run(body["to"].as_str().unwrap());
        if body["do"].is_null() {
            let row = asked.rows.row(&RowKey::run(&run))?.map(|body| serde_json::from_slice(&body).unwrap());
            return Ok(Route::Answer(Ok(Answer::ok(row.unwrap_or_default()))));
        }
        Ok(Route::To(Address::Run(run)))
    }

    fn find(&self, _: &Lookup, _: &dyn Rows) -> Result<Found, Unreadable> {
        Ok(Found::Nothing(String::new()))
    }

    fn status(&self, run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
        let stored = rows.row(&RowKey::run(run))?;
        let state = stored.map(|body| serde_json::from_slice::<State>(&body).unwrap());
        Ok(state.map(|state| if state.has_ended { InstanceStatus::Succeeded } else { InstanceStatus::InProgress }))
    }
}

/// Takes the place of machines that scripts do without.
struct Nobody;

impl Machine for Nobody {
    fn on(&mut self, _: Message, _: &mut Turn<'_>) {}
    fn flush(&mut self, _: &mut Turn<'_>) {}
    fn is_settled(&self) -> bool {
        true
    }
}

impl Machine for Script {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        match message {
            Message::Request { ticket, request, .. } => self.request(ticket, *request, turn),
            Message::Note(Note::AddEvent(entry)) => self.note(&entry, turn),
            Message::Executed { attempt, report } => {
                self.state.running.retain(|running| *running != *attempt.step);
                self.log(format!("{} {:?}", attempt.step, report.conclusion));
                if let Some(ticket) = self.waiting.pop_front() {
                    self.reply(ticket, turn);
                }
            }
            Message::Recovered => {
                self.log("recovered");
                for step in self.state.running.clone() {
                    self.execute(&step, true, turn);
                }
            }
            Message::Woken(Wake::Other(n)) => self.log(format!("woken {n}")),
            Message::Continue(Task::Dequeue) => self.log("continued"),
            other => panic!("{other:?}"),
        }
    }

    fn flush(&mut self, turn: &mut Turn<'_>) {
        if std::mem::take(&mut self.is_changed) {
            let body = Arc::from(serde_json::to_vec(&self.state).unwrap());
            let is_live = self.state.is_open || !self.state.running.is_empty();
            turn.save(Row { key: RowKey::run(&self.run), body, is_live });
        }
    }

    fn is_settled(&self) -> bool {
        self.state.running.is_empty() && !self.state.is_open && self.waiting.is_empty()
    }
}

impl Script {
    fn log(&mut self, entry: impl Into<String>) {
        self.state.log.push(entry.into());
        self.is_changed = true;
    }

    fn reply(&mut self, ticket: Ticket, turn: &mut Turn<'_>) {
        turn.reply(ticket, Ok(Answer::ok(json!(self.state.log))));
    }

    fn request(&mut self, ticket: Ticket, request: Request, turn: &mut Turn<'_>) {
        let Request::PutOutput { body } = request else { panic!("{request:?}") };
        let mut has_to_wait = false;
        for act in body["do"].as_array().unwrap() {
            let (act, with) = act.as_object().unwrap().iter().next().unwrap();
            match act.as_str() {
                "log" => self.log(with.as_str().unwrap()),
                "open" => self.state.is_open = with.as_bool().unwrap(),
                "end" => self.state.has_ended = true,
                "panic" => panic!("{}", with.as_str().unwrap()),
                "continue" => turn.effects.push(Effect::Continue(Task::Dequeue)),
                "wake" => turn.wake_at(Timestamp(0), Wake::Other(with.as_u64().unwrap())),
                "publish" => {
                    let key = with.as_str().unwrap().to_owned();
                    turn.effects.push(Effect::Publish(Event { key, document: json!({}) }));
                }
                "tell" => tell(with["run"].as_str().unwrap(), with["say"].clone(), turn),
                "execute" | "start" => {
                    let step = with.as_str().unwrap();
                    self.state.running.push(step.to_owned());
                    self.execute(step, false, turn);
                    has_to_wait = act == "execute";
                }
                "cancel" => {
                    let attempt = self.attempt(with.as_str().unwrap());
                    self.state.running.retain(|running| *running != *attempt.step);
                    turn.effects.push(Effect::Cancel { attempt });
                }
                other => panic!("no such act: {other}"),
            }
            self.is_changed = true;
        }
        if has_to_wait {
            self.waiting.push_back(ticket);
        } else {
            self.reply(ticket, turn);
        }
    }

    /// Another run says something: a text to keep, a panic, or a ball to play back and forth.
    fn note(&mut self, say: &Json, turn: &mut Turn<'_>) {
        if let Some(what) = say["panic"].as_str() {
            panic!("{what}");
        }
        if let Some(text) = say.as_str() {
            return self.log(text);
        }
        let (left, back) = (say["left"].as_u64().unwrap(), say["back"].as_str().unwrap());
        if left == 0 {
            return self.log("game over");
        }
        tell(back, json!({ "left": left - 1, "back": &*self.run.workflow }), turn);
    }

    fn attempt(&self, step: &str) -> AttemptKey {
        AttemptKey { run: self.run.clone(), step: step.into(), attempt: AttemptId(1) }
    }

    fn execute(&mut self, step: &str, is_resumed: bool, turn: &mut Turn<'_>) {
        let (step_uuid, params) = (step.to_owned(), Params::default());
        let (artifacts, path) = (Map::new(), step.to_owned());
        let work = Work { step_type: StepType::Http, params, step_uuid, is_resumed, artifacts, path, run: None };
        turn.effects.push(Effect::Execute { attempt: self.attempt(step), work });
        self.is_changed = true;
    }
}

fn tell(to: &str, say: Json, turn: &mut Turn<'_>) {
    turn.send(Address::Run(run(to)), Note::AddEvent(say));
}

/// A scripted run by its name.
pub(crate) fn run(name: &str) -> RunKey {
    RunKey { workflow: name.into(), instance: InstanceId(1), run: RunId(1) }
}

/// An engine for scripts.
pub(crate) fn options(store: Arc<dyn Store>) -> Options {
    Options {
        store,
        lives: Arc::new(Scripts),
        clock: Arc::new(System),
        settings: Settings::production(),
        decisions: Arc::new(Faithful),
        stands_in: |_| false,
        runtimes: Runtimes::new(),
        step_threads: 1,
        limits: Limits::SERVER,
        consumer: None::<Arc<dyn Consumer>>,
        keep: None,
        membership: None,
    }
}

/// Asks a run to do something.
pub(crate) async fn ask(engine: &ActorEngine, to: &str, acts: Json) -> Result<Json, Refusal> {
    let request = Request::PutOutput { body: json!({ "to": to, "do": acts }) };
    engine.call(Caller { user: None }, request).await.map(|answer| answer.body.unwrap())
}

/// What is durable of a run.
pub(crate) async fn stored(engine: &ActorEngine, run: &str) -> Option<State> {
    serde_json::from_value(ask(engine, run, Json::Null).await.unwrap()).unwrap()
}

/// Lets others go on until something is so; fails only when it never becomes so.
pub(crate) async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait).await.expect("it becomes so in the end");
}
