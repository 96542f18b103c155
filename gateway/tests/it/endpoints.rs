//! What each group of endpoints answers when a call cannot be done: statuses and documents, over the real life cycles.

use std::sync::Arc;

use axum::{Router, body::Body};
use gateway::api::{Service, router};
use http::{Request as HttpRequest, StatusCode};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::mini::Mini;

/// A server that knows two workflows: `etl`, whose instance 1 succeeded, and `waits`, whose instance 1 waits for a signal.
struct Server {
    app: Router,
    runtime: Runtime,
}

impl Server {
    fn new() -> Self {
        let service = Service { engine: Mini::new(), metrics: None, is_ready: Arc::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = Self { app: router(service), runtime };
        let waiting = json!({"id": "hold", "type": "NoOp", "signal_dependencies": [{"name": "ready"}]});
        for (id, step) in [("etl", json!({"id": "load", "type": "NoOp"})), ("waits", waiting)] {
            let workflow = json!({"id": id, "steps": [{ "step": step }]});
            let push = json!({"properties": {"owner": "ann"}, "workflow": workflow});
            assert_done(server.call("POST /api/v3/workflows", &push.to_string()));
            let start = format!("POST /api/v3/workflows/{id}/versions/latest/actions/start");
            assert_done(server.call(&start, r#"{"initiator":{"type":"manual"}}"#));
        }
        server
    }

    fn call(&self, call: &str, body: &str) -> (StatusCode, Json) {
        let (method, path) = call.split_once(' ').unwrap();
        let request = HttpRequest::builder().method(method).uri(path).header("user", "ann");
        let request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        self.runtime.block_on(async {
            let response = self.app.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, serde_json::from_slice(&bytes).unwrap_or_default())
        })
    }
}

#[track_caller]
fn assert_done((status, answer): (StatusCode, Json)) {
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// Every call of a table is refused with its status, in a document that says the same; the message has the words of the table.
#[track_caller]
fn are_refused(calls: &[(&str, &str, u16, &str)]) {
    let server = Server::new();
    let mut wrong = Vec::new();
    for &(call, body, status, message) in calls {
        let (got, document) = server.call(&call.replacen(' ', " /api/v3", 1), body);
        let name = got.canonical_reason().unwrap_or_default().to_uppercase().replace(' ', "_");
        let name = if status == 500 { "INTERNAL_ERROR".to_owned() } else { name };
        let told = document["message"].as_str();
        let is_told = document["status"] == name && told.is_some_and(|told| told.contains(message));
        if got.as_u16() != status || !is_told {
            wrong.push(format!("{call} {body}\n    {got} {document}"));
        }
    }
    assert!(wrong.is_empty(), "answered otherwise:\n{}", wrong.join("\n"));
}

#[test]
fn calls_about_definitions() {
    are_refused(&[
        (
            "POST /workflows",
            r#"{"workflow":{"id":"new","steps":[{"step":{"id":"a","type":"NoOp"}}]}}"#,
            400,
            "workflow properties and also owner must be set when creating the first version of a workflow [new]",
        ),
        (
            "POST /workflows",
            r#"{"properties":{"owner":"ann"},"workflow":{"id":"maestro_x","steps":[{"step":{"id":"a","type":"NoOp"}}]}}"#,
            400,
            "400 BAD_REQUEST \"Validation failure\"",
        ),
        (
            "GET /workflows/none/versions/latest",
            "",
            404,
            "Workflow [none] has not been created yet or has been deleted.",
        ),
        (
            "GET /workflows/etl/versions/9",
            "",
            404,
            "Workflow [etl]'s version [9] has not been created yet or has been deleted.",
        ),
        ("GET /workflows/etl/versions/x", "", 400, "For input string: \"x\""),
        ("GET /workflows/etl/versions/pagination", "", 400, "Either first or last need to be provided, but not both"),
        (
            "GET /workflows/etl/versions/pagination?first=1&last=1",
            "",
            400,
            "Either first or last need to be provided, but not both",
        ),
        (
            "GET /workflows/none/overview",
            "",
            404,
            "Cannot find workflow [none], which is either not created or has been deleted.",
        ),
        (
            "DELETE /workflows/none",
            "",
            404,
            "No workflow is deleted because workflow [none] is non-existing or has queued or running instances.",
        ),
        (
            "DELETE /workflows/waits",
            "",
            400,
            "Cannot delete the workflow [waits] because there are still [1] number of queued or running workflow instances.",
        ),
        (
            "DELETE /workflows/maestro_foreach_x",
            "",
            422,
            "Cannot delete an inline foreach workflow [maestro_foreach_x], please delete its parent concrete workflow instead.",
        ),
        (
            "PUT /workflows/etl/versions/9/actions/activate",
            "",
            404,
            "Workflow [etl]'s version [9] has not been created yet or has been deleted.",
        ),
        ("PUT /workflows/none/actions/deactivate", "", 404, "Cannot deactivate workflow [none] as it is not found"),
    ]);
}

#[test]
fn calls_about_properties() {
    are_refused(&[
        (
            "POST /workflows/none/properties",
            r#"{"owner":"bob"}"#,
            400,
            "Cannot update workflow properties while the workflow [none] does not exist",
        ),
        (
            "POST /workflows/etl/properties",
            r#"{"run_strategy":"PARALLEL","reset_run_strategy_rule":true}"#,
            400,
            "Setting and resetting the same workflow property in one request is not allowed",
        ),
        (
            "POST /workflows/etl/properties",
            r#"{"owner":7}"#,
            400,
            "JSON parse error: a user is text or an object with a `name`, not 7",
        ),
        (
            "GET /workflows/none/properties-snapshot/latest",
            "",
            404,
            "Cannot find workflow [none]'s current properties-snapshot. It has not been created yet or has been deleted.",
        ),
        ("GET /workflows/etl/properties-snapshot/1", "", 500, "Unsupported operation"),
        (
            "POST /workflows/none/properties/tag",
            r#""prod""#,
            400,
            "Cannot update workflow properties while the workflow [none] does not exist",
        ),
        (
            "DELETE /workflows/none/properties/tag/prod",
            "",
            400,
            "Cannot update workflow properties while the workflow [none] does not exist",
        ),
    ]);
}

#[test]
fn calls_about_instances() {
    are_refused(&[
        (
            "POST /workflows/none/versions/latest/actions/start",
            r#"{"initiator":{"type":"manual"}}"#,
            404,
            "Workflow [none] has not been created yet or has been deleted.",
        ),
        ("POST /workflows/etl/versions/latest/actions/start", "{}", 400, "400 BAD_REQUEST \"Validation failure\""),
        (
            "POST /workflows/etl/versions/latest/actions/start",
            r#"{"initiator":{"type":"moon"}}"#,
            400,
            "JSON parse error: an initiator of type `MOON`",
        ),
        ("GET /workflows/etl/instances", "", 400, "Either first or last need to be provided, but not both"),
        (
            "GET /workflows/etl/instances/9",
            "",
            404,
            "workflow instance [etl][9][0] not found (either not created or deleted)",
        ),
        (
            "GET /workflows/etl/instances/1/runs/9",
            "",
            404,
            "workflow instance [etl][1][9] not found (either not created or deleted)",
        ),
        ("GET /workflows/etl/instances/1/runs/x", "", 400, "For input string: \"x\""),
        (
            "GET /workflows/etl/instances/9/inline-path",
            "",
            404,
            "workflow instance [etl][9][0] not found (either not created or deleted)",
        ),
        (
            "POST /workflows/waits/instances/1/actions/restart",
            r#"{"restart_policy":"RESTART_FROM_BEGINNING"}"#,
            400,
            "workflow instance [waits][1] does not support restart action as it is in a non-terminal status [IN_PROGRESS]",
        ),
        (
            "POST /workflows/etl/instances/1/actions/restart",
            r#"{"restart_policy":"RESTART_FROM_MOON"}"#,
            400,
            "JSON parse error: ",
        ),
        (
            "PUT /workflows/etl/instances/1/actions/stop",
            "",
            400,
            "Cannot terminate a workflow instance [etl][1][1] from status [SUCCEEDED] to [STOPPED]",
        ),
        (
            "PUT /workflows/etl/instances/9/actions/kill",
            "",
            404,
            "workflow instance [etl][9][0] not found (either not created or deleted)",
        ),
        (
            "PUT /workflows/etl/instances/1/actions/unblock",
            "",
            400,
            "Cannot unblock a workflow instance [etl][1][1] from status [SUCCEEDED] as it is not FAILED status",
        ),
        (
            "PUT /workflows/etl/instances/1/runs/9/actions/stop",
            "",
            400,
            "as it is not the latest workflow instance run [1]",
        ),
    ]);
}

#[test]
fn calls_about_steps() {
    are_refused(&[
        (
            "GET /workflows/etl/instances/1/steps/none",
            "",
            404,
            "step instance view for [etl][1][none] not found (either not created or deleted)",
        ),
        (
            "GET /workflows/etl/instances/9/steps/load",
            "",
            404,
            "step instance view for [etl][9][load] not found (either not created or deleted)",
        ),
        (
            "GET /workflows/etl/instances/1/runs/1/steps/load/attempts/9",
            "",
            404,
            "workflow instance [etl][1][1]'s step instance [load][9] not found (either not created or deleted)",
        ),
        ("GET /workflows/etl/instances/1/runs/1/steps/load/attempts/x", "", 400, "For input string: \"x\""),
        (
            "PUT /workflows/etl/instances/1/steps/load/actions/stop",
            "",
            400,
            "Cannot manually STOP the step [load] as the workflow instance [etl][1][1] is in a terminal state [SUCCEEDED]",
        ),
        (
            "PUT /workflows/waits/instances/1/steps/none/actions/kill",
            "",
            400,
            "Cannot manually KILL the step [none] because the latest workflow run [waits][1][1] with status [IN_PROGRESS] does not contain it",
        ),
        (
            "PUT /workflows/etl/instances/1/steps/load/actions/bypass",
            "",
            400,
            "Cannot manually BYPASS_STEP_DEPENDENCIES the step [load] as the workflow instance [etl][1][1] is in a terminal state [SUCCEEDED]",
        ),
        (
            "POST /workflows/waits/instances/1/steps/hold/actions/restart",
            r#"{"restart_policy":"RESTART_FROM_INCOMPLETE"}"#,
            400,
            "Cannot manually RESTART the step [waits][1][1][hold][1] as its status [WAITING_FOR_SIGNALS] is either non-terminal or complete",
        ),
        (
            "POST /workflows/etl/instances/1/steps/load/actions/restart",
            "{}",
            400,
            "400 BAD_REQUEST \"Validation failure\"",
        ),
    ]);
}

#[test]
fn calls_about_breakpoints() {
    are_refused(&[
        (
            "POST /workflows/steps/breakpoints",
            r#"{"workflow_id":"etl"}"#,
            400,
            "JSON parse error: `step_id` of a breakpoint is text",
        ),
        (
            "POST /workflows/steps/breakpoints",
            r#"{"workflow_id":"etl","step_id":"load","workflow_version":1}"#,
            400,
            "`workflow_version` of a breakpoint cannot be set",
        ),
        (
            "DELETE /workflows/steps/breakpoints?workflowId=etl&stepId=load",
            "",
            404,
            "breakpoint for the step [load] of workflow [etl] is not found",
        ),
        (
            "PUT /workflows/steps/breakpoints/etl/instances/1/runs/1/steps/load/attempts/1/actions/resume",
            "",
            404,
            "paused step attempt [etl][1][1][load][1] not found",
        ),
    ]);
}

#[test]
fn calls_about_shared_things() {
    are_refused(&[
        (
            "POST /tag-permits",
            r#"{"tag":"gpu","max_allowed":-1}"#,
            400,
            "max_allowed must be an integer greater than or equal to 0",
        ),
        ("GET /tag-permits/none", "", 404, "No tag permit found for tag none"),
        ("POST /signals", r#"{"params":{}}"#, 400, "400 BAD_REQUEST \"Validation failure\""),
        (
            "POST /signals",
            r#"{"name":"ready","params":{"a":[1]}}"#,
            400,
            "JSON parse error: SignalParamValue value only supports Long or String.",
        ),
        ("GET /signals/ready/instances/x", "", 400, "For input string: \"x\""),
        ("POST /job-templates", r#"{"owner":"ann"}"#, 400, "Validation failed for the job template"),
        (
            "GET /job-templates/none?version=default",
            "",
            404,
            "No job template found for job_type [none] and version [default]",
        ),
        ("PUT /output-data", r#"{"params":{}}"#, 400, "output data cannot be accepted"),
    ]);
}

#[test]
fn a_version_is_enriched_with_what_follows_from_it_where_that_is_asked_for() {
    let server = Server::new();
    let (_, plain) = server.call("GET /api/v3/workflows/etl/versions/1", "");
    assert!(plain.get("enriched_extras").is_none(), "{plain}");
    let (status, enriched) = server.call("GET /api/v3/workflows/etl/versions/1?enriched=true", "");
    assert_eq!(status, StatusCode::OK);
    let extras = &enriched["enriched_extras"];
    assert!(extras["workflow_params"].is_object() && extras["step_params"]["load"].is_object(), "{extras}");
}
