//! What the nodes are given to do, and how it has to end.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Map, Value as Json, json};
use workflow::status::InstanceStatus;

use super::calls::Attempt;

/// A workflow, how a run of it ends, and how many attempts its own steps take, those of loop bodies and children not counted.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) id: &'static str,
    pub(super) end: InstanceStatus,
    pub(super) attempts: usize,
}

pub(super) const KINDS: [Kind; 6] = [
    Kind { id: "chain", end: InstanceStatus::Succeeded, attempts: 5 },
    Kind { id: "fan", end: InstanceStatus::Succeeded, attempts: 7 },
    Kind { id: "loop", end: InstanceStatus::Succeeded, attempts: 2 },
    Kind { id: "parent", end: InstanceStatus::Succeeded, attempts: 2 },
    Kind { id: "flaky", end: InstanceStatus::Succeeded, attempts: 4 },
    Kind { id: "broken", end: InstanceStatus::Failed, attempts: 2 },
];

/// Workflows that only others start, and how many runs of them one of those starts. Loop bodies have workflows of their own.
pub(super) const CHILDREN: [(&str, &str, usize); 2] = [("loop", LOOP_BODY, ITERATIONS), ("parent", "child", 1)];

/// What the ids of all loop bodies begin with.
const LOOP_BODY: &str = "maestro_foreach_";
const ITERATIONS: usize = 4;

/// Steps that must not be called any more once one of those behind them was. Ids of steps are the load's own, whatever the workflow.
pub(super) const ORDER: [(&str, &[&str]); 10] = [
    ("chain1", &["chain2"]),
    ("chain2", &["chain3"]),
    ("chain3", &["chain4"]),
    ("chain4", &["chain5"]),
    ("root", &["leaf1", "leaf2", "leaf3", "leaf4", "leaf5"]),
    ("inner", &["tail"]),
    ("flaky", &["after_flaky"]),
    ("child1", &["child2"]),
    ("before_broken", &["broken"]),
    ("leaf1", &["join"]),
];

/// Attempts of the flaky step that fail.
const FLAKY: i64 = 2;
/// How long the slow step works: long enough to be met by a fault.
const SLOW: Duration = Duration::from_millis(600);

/// How long the work of an attempt takes: the same whenever it is asked for, and different from others'.
pub(super) fn work(attempt: &Attempt) -> Duration {
    if attempt.step == "chain3" {
        return SLOW;
    }
    let spread = attempt.instance * 31 + attempt.number * 17 + i64::try_from(attempt.step.len()).unwrap_or(0) * 7;
    Duration::from_millis(5 + spread.unsigned_abs() % 40)
}

/// Whether the work of an attempt fails.
pub(super) fn fails(attempt: &Attempt) -> bool {
    match attempt.step.as_str() {
        "flaky" => attempt.number <= FLAKY,
        "broken" => true,
        _ => false,
    }
}

/// All definitions, those first that others refer to. Every http step calls the server at `address`.
pub(super) fn definitions(address: SocketAddr) -> Vec<Json> {
    let work = |id: &str| work_step(id, address);
    let leaves = ["leaf1", "leaf2", "leaf3", "leaf4", "leaf5"];
    let mut fan = vec![then(work("root"), &leaves)];
    fan.extend(leaves.map(|leaf| then(work(leaf), &["join"])));
    fan.push(work("join"));
    let chain = [
        then(work("chain1"), &["chain2"]),
        then(work("chain2"), &["chain3"]),
        then(work("chain3"), &["chain4"]),
        then(work("chain4"), &["chain5"]),
        work("chain5"),
    ];
    let body = [then(work("inner"), &["tail"]), work("tail")];
    let each = json!({ "foreach": { "id": "each", "concurrency": 2, "steps": body, "params": { "loop_params": {
        "type": "MAP", "value": { "i": { "type": "LONG_ARRAY", "value": (0..ITERATIONS).collect::<Vec<_>>() } } } } } });
    let child = json!({ "subworkflow": { "id": "child", "sync": true, "params": {
        "subworkflow_id": { "type": "STRING", "value": "child" },
        "subworkflow_version": { "type": "STRING", "value": "latest" } } } });
    [
        ("chain", json!(chain)),
        ("fan", json!(fan)),
        ("loop", json!([then(each, &["after_loop"]), work("after_loop")])),
        ("child", json!([then(work("child1"), &["child2"]), work("child2")])),
        ("parent", json!([then(child, &["after_child"]), work("after_child")])),
        ("flaky", json!([then(work("flaky"), &["after_flaky"]), work("after_flaky")])),
        ("broken", json!([then(work("before_broken"), &["broken"]), once(work("broken"))])),
    ]
    .map(|(id, steps)| {
        json!({
            "properties": { "owner": "chaos", "run_strategy": { "rule": "PARALLEL", "workflow_concurrency": 200 } },
            "workflow": { "id": id, "steps": steps },
        })
    })
    .into()
}

/// An http step that names its attempt in the URL.
fn work_step(id: &str, address: SocketAddr) -> Json {
    let url = format!(
        r#"return "http://{address}/" + params.getFromInstance("workflow_id") + "/" + params.getFromInstance("workflow_instance_id")
            + "/" + params.getFromInstance("workflow_run_id") + "/" + params.getFromStep("step_id")
            + "/" + params.getFromStep("step_attempt_id");"#
    );
    json!({ "step": {
        "id": id, "type": "Http",
        "params": { "http": { "type": "MAP", "value": { "url": { "type": "STRING", "expression": url } } } },
        "retry_policy": { "error_retry_limit": "2", "platform_retry_limit": "0",
            "backoff": { "type": "FIXED_BACKOFF", "error_retry_backoff_in_secs": "1" } },
    } })
}

fn once(mut step: Json) -> Json {
    step["step"]["retry_policy"] = json!({ "error_retry_limit": "0", "platform_retry_limit": "0" });
    step
}

fn then(mut step: Json, next: &[&str]) -> Json {
    let successors: Map<String, Json> = next.iter().map(|id| ((*id).to_owned(), json!("true"))).collect();
    if let Some(inner) = step.as_object_mut().and_then(|step| step.values_mut().next()) {
        inner["transition"] = json!({ "successors": successors });
    }
    step
}
