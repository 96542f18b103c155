//! `duration.jsonl`: timeouts.

use serde_json::Value as Json;

use super::{Case, Failure};
use crate::definition::{Parsable, timeout};

/// Runs a case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let written = match case.input("interpolated") {
        Json::String(text) => Parsable::Text(text.as_str().into()),
        _ => match case.input("timeout") {
            Json::Number(number) => Parsable::Number(number.clone()),
            other => Parsable::Text(other.as_str().unwrap_or_default().into()),
        },
    };
    let millis = timeout::millis(&written);
    millis
        .map(|millis| Json::from(millis.0))
        .map_err(|error| Failure { kind: "IllegalArgumentException", text: error.to_string() })
}
