//! The start request that begins a recorded run again.

use serde_json::{Map, Value as Json, json};
use workflow::time::Timestamp;

/// Fields of a recorded param that a caller may send.
const SENT: [&str; 6] = ["value", "expression", "type", "validator", "tags", "mode"];

/// The body of the start. A trigger or a parent cannot start a run in an empty store, so it is started by hand with the same params.
pub(super) fn body(run: &Json) -> Json {
    let mut body = json!({ "initiator": { "type": "MANUAL" }, "persist_failed_run": true });
    if let Some(params) = definitions(run.get("run_params")) {
        body["run_params"] = params;
    }
    if let Some(params) = run["step_run_params"].as_object() {
        let of_steps = params.iter().filter_map(|(step, params)| Some((step.clone(), definitions(Some(params))?)));
        body["step_run_params"] = Json::Object(of_steps.collect());
    }
    body
}

/// When the run was asked for.
pub(super) fn moment(run: &Json) -> Timestamp {
    let at = |name: &str| run[name].as_i64().filter(|at| *at > 0);
    Timestamp(at("request_time").or_else(|| at("create_time")).unwrap_or(0))
}

/// Params as a caller would have sent them; `None` if there are none.
pub(super) fn definitions(params: Option<&Json>) -> Option<Json> {
    let params = params?.as_object().filter(|params| !params.is_empty())?;
    Some(Json::Object(params.iter().map(|(name, param)| (name.clone(), definition(param))).collect()))
}

fn definition(param: &Json) -> Json {
    let Some(fields) = param.as_object() else { return param.clone() };
    let kept = fields.iter().filter(|(name, _)| SENT.contains(&name.as_str()));
    let is_map = fields.get("type").and_then(Json::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("MAP"));
    let entry = |(name, value): (&String, &Json)| match value {
        Json::Object(entries) if is_map && name == "value" => {
            let entries = entries.iter().map(|(name, param)| (name.clone(), definition(param)));
            (name.clone(), Json::Object(entries.collect()))
        }
        _ => (name.clone(), value.clone()),
    };
    Json::Object(kept.map(entry).collect::<Map<_, _>>())
}
