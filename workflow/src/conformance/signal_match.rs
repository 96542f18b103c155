//! `signal_match.jsonl`: operators, matching, dependencies.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::SignalValue,
    signal::{Condition, Dependencies, Log, Output, Pattern, Signal, holds, operator_from_code, value_from_json},
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "operator_apply" => {
            let operator = operator_from_code(case.input("operator").as_str().unwrap_or_default());
            let operator = operator.map_err(|error| Failure::illegal_argument(&error))?;
            Ok(json!(holds(&value(case.input("left"))?, operator, &value(case.input("right"))?)))
        }
        "is_satisfied" => {
            let condition = Condition::from_json(case.input("match_param")).map_err(illegal)?;
            Ok(json!(condition.is_satisfied(&value(case.input("value"))?)))
        }
        "match_stored_signal" => match_stored(case),
        "dependencies_satisfied" => {
            let dependencies = Dependencies::from_json(case.input("dependencies")).map_err(illegal)?;
            Ok(json!(dependencies.are_satisfied()))
        }
        "mark_pending_as_canceled" => change(case, Dependencies::cancel_pending),
        "bypass" => change(case, Dependencies::bypass),
        "map_param_to_output" => {
            let map = case.input("map_param").get("evaluated_result").and_then(Json::as_object);
            Ok(Output::of_map(map.unwrap_or(&Map::new()), None).to_json())
        }
        other => Err(Failure::unknown_function(other)),
    }
}

fn change(case: &Case, change: fn(&mut Dependencies) -> bool) -> Result<Json, Failure> {
    let mut dependencies = Dependencies::from_json(case.input("dependencies")).map_err(illegal)?;
    let changed = change(&mut dependencies);
    Ok(json!({"changed": changed, "dependencies": dependencies.to_json()}))
}

fn match_stored(case: &Case) -> Result<Json, Failure> {
    let text =
        |object: &Json, name: &str| -> Arc<str> { object.get(name).and_then(Json::as_str).unwrap_or_default().into() };
    let mut log = Log::default();
    for stored in case.input("stored").as_array().into_iter().flatten() {
        let params = stored.get("params").and_then(Json::as_object).into_iter().flatten();
        let params = params.map(|(name, param)| Ok((name.as_str().into(), value(param)?)));
        log.insert(Signal {
            name: text(stored, "name"),
            id: stored.get("signal_id").and_then(Json::as_i64).unwrap_or_default(),
            params: params.collect::<Result<_, Failure>>()?,
        });
    }
    let wanted = case.input("match");
    let conditions = wanted.get("match_params").and_then(Json::as_array).into_iter().flatten();
    let conditions = conditions.map(|entry| Ok((text(entry, "param"), Condition::from_json(entry).map_err(illegal)?)));
    let pattern = Pattern { name: text(wanted, "name"), conditions: conditions.collect::<Result<_, Failure>>()? };
    Ok(json!(log.first_after(&pattern, case.input("after_signal_id").as_i64().unwrap_or(0))))
}

fn value(json: &Json) -> Result<SignalValue, Failure> {
    value_from_json(json).map_err(|error| Failure::illegal_argument(&error))
}

fn illegal(text: String) -> Failure {
    Failure { kind: "IllegalArgumentException", text }
}
