//! The bodies of restart requests.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    life::{
        refused,
        workflow::{check_params, unread, unrecognized, violations},
    },
    param::{self, Definitions},
    port::Refusal,
    problem::Problem,
    restart::{Policy, Upstream},
    time::Timestamp,
};

const OF_INSTANCE: &str = "com.netflix.maestro.models.api.WorkflowInstanceRestartRequest";
const OF_STEP: &str = "com.netflix.maestro.models.api.StepInstanceRestartRequest";

/// What a caller wants to restart, of an instance or of one of its steps.
#[derive(Debug)]
pub(super) struct RestartRequest {
    /// What runs again.
    pub policy: Policy,
    /// How a step's ancestors come along.
    pub upstream: Upstream,
    /// Params of the run or of the step.
    pub params: Option<Definitions>,
    /// Equal ids restart once.
    pub request_id: Option<Arc<str>>,
    /// When it was asked for, if the caller says so.
    pub request_time: Option<Timestamp>,
}

impl RestartRequest {
    /// Reads the restart of an instance.
    pub(super) fn of_instance(body: &Json) -> Result<Self, Refusal> {
        Self::read(body, "run_params", OF_INSTANCE)
    }

    /// Reads the restart of a step.
    pub(super) fn of_step(body: &Json) -> Result<Self, Refusal> {
        Self::read(body, "step_run_params", OF_STEP)
    }

    fn read(body: &Json, params_field: &str, class: &str) -> Result<Self, Refusal> {
        let Json::Object(object) = body else { return Err(unread("the body of a restart request is an object")) };
        let mut problems: Vec<Problem> = Vec::new();
        let (mut policy, mut upstream, mut params) = (None, None, None);
        let (mut request_id, mut request_time) = (None, None);
        for (field, json) in object {
            match field.as_str() {
                "restart_policy" => policy = json_if_any(json).map(self::policy).transpose()?,
                "upstream_restart_mode" if class == OF_STEP => upstream = json_if_any(json).map(mode).transpose()?,
                "request_id" => request_id = json_if_any(json).map(uuid).transpose()?,
                "request_time" => request_time = json_if_any(json).map(moment).transpose()?,
                name if name == params_field => {
                    params = json_if_any(json).map(|json| param::read::definitions(json, name, &mut problems));
                }
                _ => return Err(unrecognized(field, class)),
            }
        }
        if problems.iter().any(Problem::refuses) {
            return Err(refused(&problems));
        }
        check_params(params_field, params.as_ref())?;
        let missing = || violations(vec!["restartPolicy must not be null".to_owned()]);
        let (policy, upstream) = (policy.ok_or_else(missing)?, upstream.unwrap_or_default());
        Ok(Self { policy, upstream, params, request_id, request_time })
    }
}

fn json_if_any(json: &Json) -> Option<&Json> {
    Some(json).filter(|json| !json.is_null())
}

/// One of the two policies that callers may ask for.
fn policy(json: &Json) -> Result<Policy, Refusal> {
    let bad = || {
        unread(&format!("{json} is no restart policy: known are RESTART_FROM_INCOMPLETE and RESTART_FROM_BEGINNING"))
    };
    let word = json.as_str().ok_or_else(bad)?.to_uppercase();
    let policy: Policy = serde_json::from_value(Json::from(word)).map_err(|_| bad())?;
    let is_public = matches!(policy, Policy::RestartFromIncomplete | Policy::RestartFromBeginning);
    if is_public { Ok(policy) } else { Err(bad()) }
}

fn mode(json: &Json) -> Result<Upstream, Refusal> {
    let word = Json::from(json.as_str().unwrap_or_default().to_uppercase());
    serde_json::from_value(word).map_err(|_| {
        unread(&format!("{json} is no upstream restart mode: known are RESTART_FROM_STEP and RESTART_FROM_INLINE_ROOT"))
    })
}

fn moment(json: &Json) -> Result<Timestamp, Refusal> {
    json.as_i64().map(Timestamp).ok_or_else(|| unread("`request_time` is an integer"))
}

fn uuid(json: &Json) -> Result<Arc<str>, Refusal> {
    let text = json.as_str().ok_or_else(|| unread("`request_id` is text"))?;
    let known = uuid::Uuid::parse_str(text).map_err(|_| unread(&format!("Invalid UUID string: {text}")))?;
    Ok(Arc::from(known.hyphenated().to_string()))
}
