//! What the simulated nodes are given to do, and how it has to end.

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::AttemptKey,
    port::{Conclusion, Report},
    status::InstanceStatus,
};

/// A workflow, how a run of it ends, and how many attempts of its steps it takes in all, loop bodies and children not counted.
pub(super) struct Kind {
    pub(super) id: &'static str,
    pub(super) end: InstanceStatus,
    pub(super) attempts: usize,
}

pub(super) const KINDS: [Kind; 8] = [
    Kind { id: "chain", end: InstanceStatus::Succeeded, attempts: 3 },
    Kind { id: "diamond", end: InstanceStatus::Succeeded, attempts: 4 },
    Kind { id: "loop", end: InstanceStatus::Succeeded, attempts: 2 },
    Kind { id: "parent", end: InstanceStatus::Succeeded, attempts: 2 },
    Kind { id: "flaky", end: InstanceStatus::Succeeded, attempts: 3 },
    Kind { id: "broken", end: InstanceStatus::Failed, attempts: 1 },
    Kind { id: "signal", end: InstanceStatus::Succeeded, attempts: 2 },
    Kind { id: "nap", end: InstanceStatus::Succeeded, attempts: 3 },
];

/// All definitions, those first that others refer to.
pub(super) fn definitions() -> Vec<Json> {
    let workflows = [
        json!({ "id": "chain", "steps": [then(noop("a"), &["b"]), then(work("b"), &["c"]), noop("c")] }),
        json!({ "id": "diamond", "steps":
            [then(noop("a"), &["b", "c"]), then(work("b"), &["d"]), then(work("c"), &["d"]), work("d")] }),
        json!({ "id": "loop", "steps": [then(foreach("each"), &["last"]), work("last")] }),
        json!({ "id": "parent", "steps": [then(subworkflow("child", "chain"), &["last"]), work("last")] }),
        json!({ "id": "flaky", "steps": [then(work("flaky"), &["last"]), work("last")] }),
        json!({ "id": "broken", "steps": [once(work("broken"))] }),
        json!({ "id": "signal", "run_strategy": "SEQUENTIAL", "steps": [then(sender("send"), &["wait"]), receiver("wait")] }),
        json!({ "id": "nap", "steps": [then(nap("nap"), &["b"]), then(work("b"), &["again"]), nap("again")] }),
    ];
    let push = |workflow: Json| {
        let strategy = workflow.get("run_strategy").cloned();
        let mut workflow = workflow;
        workflow.as_object_mut().expect("a workflow is an object").shift_remove("run_strategy");
        let mut properties = json!({ "owner": "ann" });
        if let Some(strategy) = strategy {
            properties["run_strategy"] = strategy;
        }
        json!({ "properties": properties, "workflow": workflow })
    };
    workflows.into_iter().map(push).collect()
}

/// How the work of an attempt ends.
pub(super) fn report(attempt: &AttemptKey) -> Report {
    let fails = match attempt.step.as_str() {
        "flaky" => attempt.attempt.0 < 2,
        "broken" => true,
        _ => false,
    };
    let conclusion = if fails { Conclusion::UserError } else { Conclusion::Done };
    Report { conclusion, outputs: Map::new(), artifacts: Map::new(), timeline: Vec::new() }
}

fn noop(id: &str) -> Json {
    json!({ "step": { "id": id, "type": "NoOp" } })
}

/// Long enough to leave memory, and for nodes to die meanwhile.
fn nap(id: &str) -> Json {
    json!({ "step": { "id": id, "type": "Sleep", "params": { "sleep_seconds": { "type": "LONG", "value": 7 } } } })
}

fn work(id: &str) -> Json {
    let http = json!({ "type": "MAP", "value": { "url": { "type": "STRING", "value": "http://x/" } } });
    json!({ "step": { "id": id, "type": "Http", "params": { "http": http },
        "retry_policy": { "error_retry_limit": "2", "backoff": { "type": "FIXED_BACKOFF", "error_retry_backoff_in_secs": "3" } } } })
}

fn once(mut step: Json) -> Json {
    step["step"]["retry_policy"] = json!({ "error_retry_limit": "0" });
    step
}

fn sender(id: &str) -> Json {
    let mut step = noop(id);
    step["step"]["signal_outputs"] = json!([{ "name": "done", "params": { "n": { "type": "LONG", "value": 1 } } }]);
    step
}

fn receiver(id: &str) -> Json {
    let mut step = noop(id);
    step["step"]["signal_dependencies"] = json!([{ "name": "done" }]);
    step
}

fn foreach(id: &str) -> Json {
    json!({ "foreach": { "id": id, "concurrency": 2, "steps": [then(work("inner"), &["tail"]), noop("tail")],
        "params": { "loop_params": { "type": "MAP", "value": { "i": { "type": "LONG_ARRAY", "value": [1, 2, 3] } } } } } })
}

fn subworkflow(id: &str, child: &str) -> Json {
    json!({ "subworkflow": { "id": id, "sync": true, "params": {
        "subworkflow_id": { "type": "STRING", "value": child },
        "subworkflow_version": { "type": "STRING", "value": "latest" } } } })
}

fn then(mut step: Json, next: &[&str]) -> Json {
    let successors: Map<String, Json> = next.iter().map(|id| ((*id).to_owned(), json!("true"))).collect();
    let inner = step.as_object_mut().and_then(|step| step.values_mut().next()).expect("a step is wrapped");
    inner["transition"] = json!({ "successors": successors });
    step
}
