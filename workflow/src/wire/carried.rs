//! Types with a reader and a writer of their own, as fields of documents that are derived.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value as Json;

use crate::{
    definition::{
        SignalDependency, SignalTrigger, SignalValue, Step, properties::Snapshot, read, template::Template, write,
    },
    graph::Dag,
    life::{Initiator, RunSeed},
    param::{self, Definition, Param, Value},
    problem::{Path, Problem},
    restart,
    retry::StepRetry,
    signal,
    tag::{self, Tag},
    time::Timestamp,
    timeline::{Event, Timeline},
};

macro_rules! carried {
    ($($type:ty: $read:expr, $write:expr;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&Self) -> Json = $write;
                write(self).serialize(serializer)
            }
        }

        read! { $type: $read; }
    )*};
}

macro_rules! read {
    ($($type:ty: $read:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let read: fn(&Json) -> Result<Self, String> = $read;
                read(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )*};
}

carried! {
    Initiator: |json| Self::from_json(json).ok_or_else(|| format!("{json} is no initiator")), Self::to_json;
    restart::Config: |json| Self::from_json(json).map_err(|error| error.to_string()), Self::to_json;
    Dag: |json| Self::from_json(json).map_err(|error| error.to_string()), Self::to_json;
    Step: |json| accepted(read::step(json)), write::step;
    Snapshot: |json| accepted(read::snapshot(json)), write::snapshot;
    Template: |json| accepted(read::template(json)), write::template;
    Tag: |json| noted(|problems| tag::read_one(json, &Path::At("tag"), problems)), tag::write_one;
    SignalValue: |json| signal::value_from_json(json).map_err(|error| error.to_string()), signal::value_to_json;
    signal::Dependency: Self::from_json, Self::to_json;
    SignalDependency: |json| accepted(read::signal_dependency(json)), write::signal_dependency;
    SignalTrigger: |json| accepted(read::signal_trigger(json)), write::signal_trigger;
    RunSeed: Self::from_json, Self::to_json;
}

// Written as text without a document, where they are defined. An event that was written without its time happened before anything that we
// know of.
read! {
    Event: |json| Self::from_json(json, Timestamp(0)).map_err(|error| error.to_string());
    Timeline: |json| Self::from_json(json, Timestamp(0)).map_err(|error| error.to_string());
    StepRetry: |json| Ok(Self::from_json(json));
    Definition: |json| noted(|problems| param::read::definition("", json, "param", problems));
    Param: |json| noted(|problems| param::stored::param(json, "param", problems));
    Value: |json| Ok(param::stored::plain(json));
}

fn accepted<T>(reading: read::Reading<T>) -> Result<T, String> {
    reading.accepted().map_err(|problems| text(&problems))
}

/// What was read, unless there are problems with it.
fn noted<T>(read: impl FnOnce(&mut Vec<Problem>) -> Option<T>) -> Result<T, String> {
    let mut problems = Vec::new();
    let value = read(&mut problems).filter(|_| !problems.iter().any(Problem::refuses));
    value.ok_or_else(|| text(&problems))
}

fn text(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}
