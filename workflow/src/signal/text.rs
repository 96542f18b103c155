//! The text by which a signal trigger is named: its uuid is derived from it, so it must never change.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::id::name_uuid;

/// The uuid of a trigger, from its document. The reference's names of params are not recoverable from a document; they count as JSON.
pub fn trigger_uuid(trigger: &Json) -> Uuid {
    let definitions = object(trigger, "definitions", |entry| {
        let params = object(entry, "match_params", |condition| {
            let value = condition.get("value").map_or("null".to_owned(), Json::to_string);
            let operator = condition.get("operator").and_then(Json::as_str).map_or("null", operator_name);
            format!("SignalMatchParam(value={value}, operator={operator})")
        });
        let keys = entry.get("join_keys").and_then(Json::as_array).map_or("null".to_owned(), |keys| {
            let keys: Vec<_> = keys.iter().filter_map(Json::as_str).collect();
            format!("[{}]", keys.join(", "))
        });
        format!("SignalTrigger.SignalTriggerEntry(matchParams={params}, joinKeys={keys})")
    });
    let params = object(trigger, "params", Json::to_string);
    let text = |name: &str| trigger.get(name).and_then(Json::as_str).unwrap_or("null");
    let (condition, dedup) = (text("condition"), text("dedup_expr"));
    name_uuid(&format!(
        "SignalTrigger(definitions={definitions}, params={params}, condition={condition}, dedupExpr={dedup})"
    ))
}

fn object(parent: &Json, name: &str, value: impl Fn(&Json) -> String) -> String {
    parent.get(name).and_then(Json::as_object).map_or("null".to_owned(), |object| {
        let entries: Vec<_> = object.iter().map(|(key, entry)| format!("{key}={}", value(entry))).collect();
        format!("{{{}}}", entries.join(", "))
    })
}

fn operator_name(code: &str) -> &str {
    match code {
        "=" => "EQUALS_TO",
        ">" => "GREATER_THAN",
        ">=" => "GREATER_THAN_EQUALS_TO",
        "<" => "LESS_THAN",
        "<=" => "LESS_THAN_EQUALS_TO",
        other => other,
    }
}
