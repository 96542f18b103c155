//! The body of a start request.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{
    life::{Initiator, refused},
    param::{self, Definitions},
    port::{Reason, Refusal},
    problem::Problem,
    tag::{self, Tags},
    time::Timestamp,
    user::User,
};

const CLASS: &str = "com.netflix.maestro.models.api.WorkflowStartRequest";

/// What a caller wants to start.
#[derive(Debug)]
pub(super) struct StartRequest {
    pub(super) initiator: Initiator,
    /// Equal ids start once; a fresh one is made up where none is given.
    pub(super) request_id: Option<Arc<str>>,
    pub(super) request_time: Option<Timestamp>,
    pub(super) runtime_tags: Option<Tags>,
    pub(super) correlation_id: Option<Arc<str>>,
    pub(super) run_params: Option<Definitions>,
    pub(super) artifacts: Option<Json>,
    pub(super) persists_failed_run: bool,
}

impl StartRequest {
    /// Reads a body; `caller` is who starts manually.
    pub(super) fn read(body: &Json, caller: &User) -> Result<Self, Refusal> {
        let Json::Object(object) = body else { return Err(unread("the body of a start request is an object")) };
        let mut request = Self {
            initiator: Initiator::Manual { user: Some(caller.clone()) },
            request_id: None,
            request_time: None,
            runtime_tags: None,
            correlation_id: None,
            run_params: None,
            artifacts: None,
            persists_failed_run: false,
        };
        let mut problems = Vec::new();
        let mut initiator = None;
        for (field, json) in object.iter().filter(|(_, json)| !json.is_null()) {
            match field.as_str() {
                "initiator" => initiator = Some(self::initiator(json, caller, &mut problems)?),
                "request_id" => request.request_id = Some(uuid(json)?),
                "request_time" => request.request_time = Some(Timestamp(integer(field, json)?)),
                "runtime_tags" => request.runtime_tags = Some(tag::read(json, "runtime_tags", &mut problems)),
                "correlation_id" => request.correlation_id = Some(Arc::from(text(field, json)?)),
                "run_params" => {
                    request.run_params = Some(param::read::definitions(json, "run_params", &mut problems));
                }
                "artifacts" => request.artifacts = Some(json.clone()),
                "persist_failed_run" => request.persists_failed_run = boolean(field, json)?,
                _ => return Err(unrecognized(field, CLASS)),
            }
        }
        if problems.iter().any(Problem::refuses) {
            return Err(refused(&problems));
        }
        check_params("run_params", request.run_params.as_ref())?;
        let missing = || violations(vec!["initiator [workflow start request] cannot be null".to_owned()]);
        request.initiator = initiator.ok_or_else(missing)?;
        Ok(request)
    }
}

/// Refuses params that a caller may not bring.
pub(crate) fn check_params(field: &str, params: Option<&Definitions>) -> Result<(), Refusal> {
    let found = params.map(param::reserved::violations).unwrap_or_default();
    if found.is_empty() {
        return Ok(());
    }
    Err(violations(found.into_iter().map(|violation| format!("{field} {violation}")).collect()))
}

/// The body breaks rules.
pub(crate) fn violations(errors: Vec<String>) -> Refusal {
    Refusal { errors, ..Refusal::new(Reason::BadRequest, "400 BAD_REQUEST \"Validation failure\"") }
}

fn initiator(json: &Json, caller: &User, problems: &mut Vec<Problem>) -> Result<Initiator, Refusal> {
    let Json::Object(object) = json else { return Err(unread("an initiator is an object")) };
    let word = object.get("type").and_then(Json::as_str).unwrap_or_default().to_uppercase();
    match word.as_str() {
        "MANUAL" => Ok(Initiator::Manual { user: Some(caller.clone()) }),
        "TIME" => Ok(Initiator::Time {
            trigger_uuid: Arc::from(field(object, "trigger_uuid")?),
            trigger_time: Timestamp(integer("trigger_time", object.get("trigger_time").unwrap_or(&Json::Null))?),
            timezone: object.get("timezone").and_then(Json::as_str).map(Arc::from),
        }),
        "SIGNAL" => Ok(Initiator::Signal {
            trigger_uuid: Arc::from(field(object, "trigger_uuid")?),
            signal_ids: object.get("signal_id_map").cloned().unwrap_or_default(),
            params: object
                .get("params")
                .map(|json| param::stored::params(json, "initiator.params", problems))
                .unwrap_or_default(),
        }),
        "" => Err(unread("missing type id property 'type' (for POJO property 'initiator')")),
        _ => Err(unread(&format!("an initiator of type `{word}` can only be an engine's"))),
    }
}

fn field<'a>(object: &'a Map<String, Json>, name: &str) -> Result<&'a str, Refusal> {
    text(name, object.get(name).unwrap_or(&Json::Null))
}

pub(super) fn text<'a>(field: &str, json: &'a Json) -> Result<&'a str, Refusal> {
    json.as_str().ok_or_else(|| unread(&format!("`{field}` is text")))
}

fn integer(field: &str, json: &Json) -> Result<i64, Refusal> {
    json.as_i64().ok_or_else(|| unread(&format!("`{field}` is an integer")))
}

pub(super) fn boolean(field: &str, json: &Json) -> Result<bool, Refusal> {
    let word = match json {
        Json::Bool(value) => return Ok(*value),
        Json::String(word) => word.parse().ok(),
        _ => None,
    };
    word.ok_or_else(|| unread(&format!("`{field}` is true or false")))
}

fn uuid(json: &Json) -> Result<Arc<str>, Refusal> {
    let text = text("request_id", json)?;
    let known = uuid::Uuid::parse_str(text).map_err(|_| unread(&format!("Invalid UUID string: {text}")))?;
    Ok(Arc::from(known.hyphenated().to_string()))
}

/// The body could not be read.
pub(crate) fn unread(what: &str) -> Refusal {
    Refusal::new(Reason::BadRequest, format!("JSON parse error: {what}"))
}

/// The body has a field that nobody knows.
pub(crate) fn unrecognized(field: &str, class: &str) -> Refusal {
    unread(&format!("Unrecognized field \"{field}\" (class {class}), not marked as ignorable"))
}
