//! Retry policies as written.

use serde_json::Value as Json;

use super::reader::Reader;
use crate::{
    definition::{Backoff, Exponential, Parsable, RetryPolicy, shape},
    problem::{Path, code, nearest},
};

/// A policy; limits of ranges are rules, not shape.
pub(super) fn policy(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<RetryPolicy> {
    let mut policy = RetryPolicy::default();
    let is_object = reader.fields(path, json, &shape::RETRY_POLICY, |reader, path, name, json| match name {
        "error_retry_limit" => policy.error_retry_limit = reader.parsable(path, json),
        "platform_retry_limit" => policy.platform_retry_limit = reader.parsable(path, json),
        "timeout_retry_limit" => policy.timeout_retry_limit = reader.parsable(path, json),
        _ => policy.backoff = backoff(reader, path, json),
    });
    is_object.then_some(policy)
}

fn backoff(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Backoff> {
    match tagged(reader, path, json, "com.netflix.maestro.models.definition.RetryPolicy$Backoff", shape::BACKOFFS)? {
        "EXPONENTIAL_BACKOFF" => exponential(reader, path, json),
        _ => fixed(reader, path, json),
    }
}

fn exponential(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Backoff> {
    let [mut error, mut platform, mut timeout] =
        [const { Exponential { base_secs: None, exponent: None, limit_secs: None } }; 3];
    let is_object = reader.fields(path, json, &shape::EXPONENTIAL, |reader, path, name, json| {
        let Some((class, setting)) = name.split_once("_retry_") else { return };
        let class = match class {
            "error" => &mut error,
            "platform" => &mut platform,
            _ => &mut timeout,
        };
        let setting: &mut Option<Parsable> = match setting {
            "backoff_in_secs" => &mut class.base_secs,
            "exponent" => &mut class.exponent,
            _ => &mut class.limit_secs,
        };
        *setting = reader.parsable(path, json);
    });
    is_object.then_some(Backoff::Exponential { error, platform, timeout })
}

fn fixed(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Backoff> {
    let (mut error, mut platform, mut timeout) = (None, None, None);
    let is_object = reader.fields(path, json, &shape::FIXED, |reader, path, name, json| match name {
        "error_retry_backoff_in_secs" => error = reader.parsable(path, json),
        "platform_retry_backoff_in_secs" => platform = reader.parsable(path, json),
        "timeout_retry_backoff_in_secs" => timeout = reader.parsable(path, json),
        _ => {}
    });
    is_object.then_some(Backoff::Fixed { error, platform, timeout })
}

/// The canonical `type` of an object that comes in kinds.
pub(super) fn tagged(
    reader: &mut Reader,
    path: &Path<'_>,
    json: &Json,
    class: &str,
    kinds: &[(&'static str, &shape::Shape)],
) -> Option<&'static str> {
    let object = reader.object(path, json, class)?;
    let property = path.last_key().map(|name| format!(" (for POJO property '{name}')")).unwrap_or_default();
    let known = || kinds.iter().map(|(word, _)| *word);
    let Some(written) = object.get("type").filter(|word| !word.is_null()) else {
        let message = format!(
            "Could not resolve subtype of [simple type, class {class}]: missing type id property 'type'{property}"
        );
        let hint = format!("add `\"type\"`: one of {}", known().collect::<Vec<_>>().join(", "));
        reader.report(code::MISSING_TYPE, path, message).hint = Some(hint);
        return None;
    };
    let at = path.key("type");
    let word = reader.text(&at, written)?;
    let kind = known().find(|kind| kind.eq_ignore_ascii_case(&word));
    if kind.is_none() {
        let all = known().collect::<Vec<_>>().join(", ");
        let message =
            format!("Could not resolve type id '{word}' as a subtype of `{class}`: known type ids = [{all}]{property}");
        reader.report(code::UNKNOWN_TYPE, &at, message).hint =
            nearest(&word, known()).map(|meant| format!("did you mean `{meant}`?"));
    }
    kind
}
