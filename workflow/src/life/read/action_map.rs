//! What may be done to instances and steps, by status.

use serde_json::{Map, Value as Json};

use crate::status::{InstanceStatus, StepStatus, action};

pub(super) fn instances() -> Json {
    let allowed = |status: InstanceStatus| serde_json::to_value(action::Instance::allowed(status)).unwrap_or_default();
    let map: Map<String, Json> =
        InstanceStatus::ALL.into_iter().map(|status| (status.as_str().to_owned(), allowed(status))).collect();
    Json::Object(map)
}

pub(super) fn steps() -> Json {
    let allowed = |status: StepStatus| serde_json::to_value(action::Step::allowed(status)).unwrap_or_default();
    let statuses = StepStatus::all().filter(|status| *status != StepStatus::NotCreated);
    Json::Object(statuses.map(|status| (status.as_str().to_owned(), allowed(status))).collect())
}
