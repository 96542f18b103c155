//! `retry.jsonl`: policies, counters and waits.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{Backoff, Exponential, Parsable, RetryPolicy},
    retry::{self, StepRetry},
    status::StepStatus,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "parse_policy" => Ok(parsed(case)?.to_json()),
        "step_retry_from_policy" => Ok(parsed(case)?.begin().to_json()),
        "next_retry_delay_secs" => {
            let status = status(case)?;
            let delay = StepRetry::from_json(case.input("step_retry")).next_delay(status);
            Ok(json!(delay.ok_or_else(|| not_retried(status))?.0 / 1000))
        }
        "increment_by_status" => {
            let status = status(case)?;
            let mut retry = StepRetry::from_json(case.input("step_retry"));
            if retry.increment(status) { Ok(retry.to_json()) } else { Err(not_retried(status)) }
        }
        other => Err(Failure::unknown_function(other)),
    }
}

fn parsed(case: &Case) -> Result<retry::Parsed, Failure> {
    let params = case.input("params");
    let mut interpolate = |text: &str| {
        let param = text.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
        Ok(match param.and_then(|name| params.get(name)) {
            Some(Json::String(value)) => value.clone(),
            Some(value) => value.to_string(),
            None => text.to_owned(),
        })
    };
    retry::parse(&policy(case.input("policy")), &mut interpolate).map_err(|error| Failure::illegal_argument(&error))
}

fn policy(json: &Json) -> RetryPolicy {
    RetryPolicy {
        error_retry_limit: parsable(json, "error_retry_limit"),
        platform_retry_limit: parsable(json, "platform_retry_limit"),
        timeout_retry_limit: parsable(json, "timeout_retry_limit"),
        backoff: json.get("backoff").filter(|backoff| !backoff.is_null()).map(backoff),
    }
}

fn backoff(json: &Json) -> Backoff {
    let fixed = |class: &str| parsable(json, &format!("{class}_retry_backoff_in_secs"));
    let exponential = |class: &str| Exponential {
        base_secs: fixed(class),
        exponent: parsable(json, &format!("{class}_retry_exponent")),
        limit_secs: parsable(json, &format!("{class}_retry_limit_in_secs")),
    };
    if json.get("type").and_then(Json::as_str) == Some("FIXED_BACKOFF") {
        Backoff::Fixed { error: fixed("error"), platform: fixed("platform"), timeout: fixed("timeout") }
    } else {
        Backoff::Exponential {
            error: exponential("error"),
            platform: exponential("platform"),
            timeout: exponential("timeout"),
        }
    }
}

fn parsable(json: &Json, name: &str) -> Option<Parsable> {
    match json.get(name)? {
        Json::Number(number) => Some(Parsable::Number(number.clone())),
        Json::String(text) => Some(Parsable::Text(text.as_str().into())),
        _ => None,
    }
}

fn status(case: &Case) -> Result<StepStatus, Failure> {
    let name = case.input("status").as_str().unwrap_or_default();
    let known = StepStatus::all().find(|status| status.as_str() == name);
    known.ok_or_else(|| Failure { kind: "IllegalArgumentException", text: format!("unknown step status {name:?}") })
}

fn not_retried(status: StepStatus) -> Failure {
    Failure { kind: "MaestroInvalidStatusException", text: format!("Invalid status [{status}] for a retry") }
}
