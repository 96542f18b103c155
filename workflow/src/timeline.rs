//! What happened to a run or a step, for people: a short list of events.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value as Json;

use crate::{
    status::{InstanceStatus, StepStatus},
    time::Timestamp,
    user::User,
};

/// How many events are kept; the oldest go first.
pub const EVENTS_MAX: usize = 32;

/// The times in a step's `runtime_state`, and the statuses that they tell of; `end_time` tells of the status at the end.
pub const STEP_TIMES: [(&str, StepStatus); 9] = [
    ("create_time", StepStatus::Created),
    ("initialize_time", StepStatus::Initialized),
    ("pause_time", StepStatus::Paused),
    ("wait_signal_time", StepStatus::WaitingForSignals),
    ("evaluate_param_time", StepStatus::EvaluatingParams),
    ("wait_permit_time", StepStatus::WaitingForPermits),
    ("start_time", StepStatus::Starting),
    ("execute_time", StepStatus::Running),
    ("finish_time", StepStatus::Finishing),
];

/// Events in the order in which they were noted.
///
/// Invariant: at most [`EVENTS_MAX`], and no two neighbours that differ in nothing but their time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    events: Vec<Event>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub body: Body,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of documents; runtime.md §19.1 explains them")]
pub enum Body {
    /// A note.
    Log { level: Level, message: Arc<str> },
    /// An error.
    Details { status: Arc<str>, message: Arc<str>, errors: Option<Vec<Arc<str>>>, retryable: bool },
    /// A status was reached; only readers see these.
    Status { status: Arc<str> },
    /// Somebody did something.
    Action {
        action: Arc<str>,
        author: Option<User>,
        message: Option<Arc<str>>,
        reason: Option<Arc<str>>,
        info: Option<i64>,
    },
    /// A job reached something that its platform tells of.
    Milestone {
        status: Arc<str>,
        milestone_type: Option<Arc<str>>,
        source_id: Option<Arc<str>>,
        info: Option<Arc<str>>,
    },
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// A document is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timeline event cannot be read: {why}")]
pub struct Unreadable {
    /// What is wrong with it.
    pub why: String,
}

impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.events)
    }
}

impl Timeline {
    /// Takes events as they were stored, with the same limits as when they are added.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut timeline = Self::default();
        for event in events {
            timeline.add(event);
        }
        timeline
    }

    /// Reads the list of a document; an event without a time gets `now`.
    pub fn from_json(json: &Json, now: Timestamp) -> Result<Self, Unreadable> {
        let events = json.as_array().map(Vec::as_slice).unwrap_or_default();
        let events: Result<Vec<Event>, Unreadable> = events.iter().map(|event| Event::from_json(event, now)).collect();
        Ok(Self::of(events?))
    }

    /// Writes the list of a document.
    pub fn to_json(&self) -> Json {
        self.events.iter().map(Event::to_json).collect()
    }

    /// Notes an event; tells whether it was new. One that only repeats the last is left out.
    pub fn add(&mut self, event: Event) -> bool {
        if self.events.last().is_some_and(|last| last.body == event.body) {
            return false;
        }
        if self.events.len() == EVENTS_MAX {
            self.events.remove(0);
        }
        self.events.push(event);
        true
    }

    /// Notes something ordinary.
    pub fn info(&mut self, now: Timestamp, message: impl Into<Arc<str>>) -> bool {
        self.add(Event::log(now, Level::Info, message))
    }

    /// Notes something that somebody should look at.
    pub fn warn(&mut self, now: Timestamp, message: impl Into<Arc<str>>) -> bool {
        self.add(Event::log(now, Level::Warn, message))
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What a reader sees: the events with further ones among them by time, after those of the same time; not bounded. Nothing comes
    /// before the creation.
    pub fn enriched(&self, further: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut events: Vec<Event> = self.events.iter().cloned().chain(further).collect();
        events.sort_by_key(|event| (event.at, !event.is_creation()));
        events
    }
}

impl Event {
    /// A note.
    pub fn log(at: Timestamp, level: Level, message: impl Into<Arc<str>>) -> Self {
        Self { at, body: Body::Log { level, message: message.into() } }
    }

    /// An error that is not tried again, with its causes, outermost first.
    pub fn internal_error(at: Timestamp, message: impl Into<Arc<str>>, errors: Vec<Arc<str>>) -> Self {
        let status = Arc::from("INTERNAL_ERROR");
        Self { at, body: Body::Details { status, message: message.into(), errors: Some(errors), retryable: false } }
    }

    /// Somebody did something.
    pub fn action(at: Timestamp, action: &str, author: User, message: Option<&str>, reason: Option<&str>) -> Self {
        let (message, reason) = (message.map(Arc::from), reason.map(Arc::from));
        Self { at, body: Body::Action { action: Arc::from(action), author: Some(author), message, reason, info: None } }
    }

    /// A status was reached.
    pub fn status(at: Timestamp, status: &str) -> Self {
        Self { at, body: Body::Status { status: Arc::from(status) } }
    }

    /// The statuses that a run went through, by its times.
    pub fn run_statuses(
        created: Option<Timestamp>,
        started: Option<Timestamp>,
        ended: Option<Timestamp>,
        status: InstanceStatus,
    ) -> impl Iterator<Item = Self> {
        let reached = [(created, InstanceStatus::Created), (started, InstanceStatus::InProgress), (ended, status)];
        reached.into_iter().filter_map(|(at, status)| Some(Self::status(at?, status.as_str())))
    }

    /// The statuses that an attempt went through, where `time` finds a time by its name in documents.
    pub fn step_statuses(status: StepStatus, time: impl Fn(&str) -> Option<Timestamp>) -> impl Iterator<Item = Self> {
        let reached = STEP_TIMES.into_iter().chain([("end_time", status)]);
        reached.filter_map(move |(name, status)| Some(Self::status(time(name)?, status.as_str())))
    }

    fn is_creation(&self) -> bool {
        matches!(&self.body, Body::Status { status } if **status == *InstanceStatus::Created.as_str())
    }

    /// Reads a document; an event without a time gets `now`.
    pub fn from_json(json: &Json, now: Timestamp) -> Result<Self, Unreadable> {
        let object = json.as_object().ok_or_else(|| Unreadable { why: format!("{json} is no object") })?;
        let text = |name: &str| object.get(name).and_then(Json::as_str).map(Arc::<str>::from);
        let required = |name: &str| text(name).ok_or_else(|| Unreadable { why: format!("it has no `{name}`") });
        let kind = required("type")?;
        let body = match &*kind {
            "LOG" => {
                Body::Log { level: level(text("level").as_deref())?, message: text("message").unwrap_or_default() }
            }
            "DETAILS" => {
                let errors = object.get("errors").and_then(Json::as_array);
                let errors = errors.map(|list| list.iter().filter_map(Json::as_str).map(Arc::from).collect());
                let retryable = object.get("retryable").and_then(Json::as_bool).unwrap_or(false);
                Body::Details {
                    status: required("status")?,
                    message: text("message").unwrap_or_default(),
                    errors,
                    retryable,
                }
            }
            "STATUS" => Body::Status { status: required("status")? },
            "ACTION" => Body::Action {
                action: required("action")?,
                author: object.get("author").and_then(|author| serde_json::from_value(author.clone()).ok()),
                message: text("message"),
                reason: text("reason"),
                info: object.get("info").and_then(Json::as_i64),
            },
            "MILESTONE" => Body::Milestone {
                status: required("status")?,
                milestone_type: text("milestone_type"),
                source_id: text("source_id"),
                info: text("info"),
            },
            other => return Err(Unreadable { why: format!("its type `{other}` is unknown") }),
        };
        let at = object.get("timestamp").and_then(Json::as_i64).map_or(now, Timestamp);
        Ok(Self { at, body })
    }

    /// Writes the document; what is not known is left out.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).expect("its keys are texts")
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("timestamp", &self.at.0)?;
        match &self.body {
            Body::Log { level, message } => {
                object.serialize_entry("type", "LOG")?;
                object.serialize_entry("level", level.as_str())?;
                object.serialize_entry("message", &**message)?;
            }
            Body::Details { status, message, errors, retryable } => {
                object.serialize_entry("type", "DETAILS")?;
                object.serialize_entry("status", &**status)?;
                object.serialize_entry("message", &**message)?;
                maybe(&mut object, "errors", errors.as_ref())?;
                object.serialize_entry("retryable", retryable)?;
            }
            Body::Status { status } => {
                object.serialize_entry("type", "STATUS")?;
                object.serialize_entry("status", &**status)?;
            }
            Body::Action { action, author, message, reason, info } => {
                object.serialize_entry("type", "ACTION")?;
                object.serialize_entry("action", &**action)?;
                maybe(&mut object, "author", author.as_ref())?;
                maybe(&mut object, "message", message.as_ref())?;
                maybe(&mut object, "reason", reason.as_ref())?;
                maybe(&mut object, "info", info.as_ref())?;
            }
            Body::Milestone { status, milestone_type, source_id, info } => {
                object.serialize_entry("type", "MILESTONE")?;
                object.serialize_entry("status", &**status)?;
                maybe(&mut object, "milestone_type", milestone_type.as_ref())?;
                maybe(&mut object, "source_id", source_id.as_ref())?;
                maybe(&mut object, "info", info.as_ref())?;
            }
        }
        object.end()
    }
}

fn maybe<M: SerializeMap>(object: &mut M, field: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| object.serialize_entry(field, value))
}

impl Level {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// An event without a level is an ordinary note.
fn level(name: Option<&str>) -> Result<Level, Unreadable> {
    let Some(name) = name else { return Ok(Level::Info) };
    let levels = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error];
    let found = levels.into_iter().find(|level| level.as_str() == name);
    found.ok_or_else(|| Unreadable { why: format!("its level `{name}` is unknown") })
}
