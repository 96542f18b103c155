//! A workflow's properties as a document.

use serde_json::Value as Json;

use super::object::Object;
use crate::{
    definition::{Properties, RunStrategy},
    id::WorkflowId,
    tag,
    time::Timestamp,
    user::User,
};

/// The properties in force, with who changed them last and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// When they changed last; their version.
    pub create_time: Timestamp,
    /// Who changed them.
    pub author: User,
    /// What is in force.
    pub properties: Properties,
}

/// A properties snapshot.
pub fn snapshot(snapshot: &Snapshot) -> Json {
    let object = Object::new()
        .with("workflow_id", snapshot.workflow.as_str())
        .with("create_time", snapshot.create_time.0)
        .with("author", user(&snapshot.author));
    fields(object, &snapshot.properties).build()
}

/// Adds the fields that are set.
pub fn fields(object: Object, properties: &Properties) -> Object {
    object
        .maybe("owner", properties.owner.as_ref().map(user))
        .maybe("access_control", properties.access_control.clone())
        .maybe("run_strategy", properties.run_strategy.map(run_strategy))
        .maybe("step_concurrency", properties.step_concurrency)
        .maybe("alerting", properties.alerting.clone())
        .maybe("alerting_disabled", properties.alerting_disabled)
        .maybe("signal_trigger_disabled", properties.signal_trigger_disabled)
        .maybe("time_trigger_disabled", properties.time_trigger_disabled)
        .maybe("description", properties.description.as_deref())
        .maybe("tags", properties.tags.as_ref().map(tag::write))
}

/// A run strategy, always with both fields.
pub fn run_strategy(strategy: RunStrategy) -> Json {
    Object::new().with("rule", strategy.rule.word()).with("workflow_concurrency", strategy.workflow_concurrency).build()
}

/// A name, or an object where more than the name is known.
pub fn user(user: &User) -> Json {
    match &user.extra {
        None => Json::from(&*user.name),
        Some(extra) => Object::new().with("name", &*user.name).and(extra).build(),
    }
}
