//! `ids.jsonl`: names and numbers that are derived from others.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{SignalValue, StepType},
    id::{
        InstanceId, LoopBody, NotPositive, RunId, RunKey, StepId, WorkflowId, encode_signal_value, group, hash_key,
        is_loop_body, loop_body_prefix, name_uuid, parts_md5, range_key,
    },
    schedule, signal,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let text = |name: &str| case.input(name).as_str().unwrap_or_default();
    let number = |name: &str| case.input(name).as_i64().unwrap_or_default();
    match case.function.as_str() {
        "md5" => {
            let strings = case.input("strings").as_array().into_iter().flatten();
            Ok(json!(parts_md5(&strings.filter_map(Json::as_str).collect::<Vec<_>>())))
        }
        "uuid_v3_from_name" => Ok(json!(name_uuid(text("name")).to_string())),
        "derive_group_id" => {
            let instance = case.input("instance");
            Ok(json!(group(&run_key(instance), integer(instance, "group_info"))))
        }
        "encode_signal_value" => Ok(json!(encode_signal_value(&signal_value(case.input("value"))?))),
        "inline_workflow_prefix_id" => {
            loop_body_prefix(step_type(text("step_type"))?, number("internal_id")).map(Json::from).map_err(not_positive)
        }
        "inline_workflow_id" => inline_workflow_id(case),
        "is_inline_workflow_id" => Ok(json!(is_loop_body(text("workflow_id")))),
        "hash_key" => hash_key(number("id")).map(Json::from).map_err(not_positive),
        "range_key" => range_key(number("id")).map(Json::from).map_err(not_positive),
        "trigger_uuids" => Ok(trigger_uuids(case.input("workflow"))),
        "to_double" => {
            let parsed = case.input("value").as_str().and_then(|text| text.trim().parse::<f64>().ok());
            Ok(json!(parsed.map_or("OptionalDouble.empty".to_owned(), |value| format!("OptionalDouble[{value:?}]"))))
        }
        "to_long" => {
            Ok(case.input("value").as_str().and_then(|text| text.parse::<i64>().ok()).map_or(Json::Null, Json::from))
        }
        other => Err(Failure::unknown_function(other)),
    }
}

fn inline_workflow_id(case: &Case) -> Result<Json, Failure> {
    let (workflow, step) = (case.input("workflow_summary"), case.input("step_runtime_summary"));
    let text = |object: &Json, name: &str| object.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let instance = InstanceId(integer(workflow, "workflow_instance_id"));
    let initiator = workflow.get("initiator").unwrap_or(&Json::Null);
    let is_body = matches!(text(initiator, "type").as_str(), "FOREACH" | "WHILE");
    let ancestors = initiator.get("ancestors").and_then(Json::as_array).into_iter().flatten();
    let outer = ancestors.rev().find(|ancestor| !is_loop_body(&text(ancestor, "workflow_id")));
    let outer = outer.filter(|_| is_body).map_or(instance, |ancestor| InstanceId(integer(ancestor, "instance_id")));
    let body = LoopBody {
        step_type: step_type(&text(step, "type"))?,
        internal_id: integer(workflow, "internal_id"),
        outer_instance: outer,
        step: &StepId::from(text(step, "step_id")),
        workflow: &WorkflowId::from(text(workflow, "workflow_id")),
        instance,
    };
    body.workflow_id().map(|id| json!(id)).map_err(not_positive)
}

fn trigger_uuids(workflow: &Json) -> Json {
    let list = |name: &str| workflow.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut uuids = serde_json::Map::new();
    let time: Vec<_> = list("time_triggers").iter().map(schedule::Text::of_json).collect();
    if !time.is_empty() {
        uuids.insert("time_trigger_uuid".to_owned(), json!(schedule::triggers_uuid(&time).to_string()));
    }
    let signals: serde_json::Map<_, _> = list("signal_triggers")
        .iter()
        .enumerate()
        .map(|(index, trigger)| (signal::trigger_uuid(trigger).to_string(), json!(index)))
        .collect();
    if !signals.is_empty() {
        uuids.insert("signal_trigger_uuids".to_owned(), Json::Object(signals));
    }
    Json::Object(uuids)
}

fn run_key(instance: &Json) -> RunKey {
    RunKey {
        workflow: WorkflowId::from(instance.get("workflow_id").and_then(Json::as_str).unwrap_or_default()),
        instance: InstanceId(integer(instance, "workflow_instance_id")),
        run: RunId(integer(instance, "workflow_run_id")),
    }
}

fn integer(object: &Json, name: &str) -> i64 {
    object.get(name).and_then(Json::as_i64).unwrap_or_default()
}

fn signal_value(value: &Json) -> Result<SignalValue, Failure> {
    signal::value_from_json(value).map_err(|error| Failure::illegal_argument(&error))
}

fn not_positive(error: NotPositive) -> Failure {
    Failure::illegal_argument(&error)
}

fn step_type(name: &str) -> Result<StepType, Failure> {
    match name.to_ascii_lowercase().as_str() {
        "foreach" => Ok(StepType::Foreach),
        "while" => Ok(StepType::While),
        "subworkflow" => Ok(StepType::Subworkflow),
        "template" => Ok(StepType::Template),
        other => Err(Failure { kind: "IllegalArgumentException", text: format!("{other} has no body") }),
    }
}
