//! Calls about runs: starting, reading, stopping and restarting them.

use workflow::port::{InstanceAction, Request};

use super::query::{AGGREGATED, ENRICHED, INLINE, NONE as NO_QUERY, PAGE, PAGE_AGGREGATED};
use crate::api::{
    input::Input,
    route::{Body, Route, Verb},
};

pub(super) static ROUTES: &[Route] = &[
    Route {
        name: "start",
        verb: Verb::Post,
        path: "/workflows/{workflowId}/versions/{version}/actions/start",
        about: "Starts a run.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::Start { workflow: call.workflow(), version: call.text_part("version"), body: call.json() })
        },
    },
    Route {
        name: "stop_workflow",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/actions/stop",
        about: "Stops all live instances of the workflow.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::WorkflowAction { workflow: call.workflow(), action: InstanceAction::Stop }),
    },
    Route {
        name: "kill_workflow",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/actions/kill",
        about: "Fails all live instances of the workflow.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::WorkflowAction { workflow: call.workflow(), action: InstanceAction::Kill }),
    },
    Route {
        name: "unblock_workflow",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/actions/unblock",
        about: "Unblocks all failed instances of the workflow.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::WorkflowAction { workflow: call.workflow(), action: InstanceAction::Unblock }),
    },
    Route {
        name: "instances",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances",
        about: "A page of instances.",
        body: Body::None,
        query: PAGE_AGGREGATED,
        build: |call| {
            Ok(Request::Instances {
                workflow: call.workflow(),
                page: call.page()?,
                is_aggregated: call.flag("aggregated", true)?,
            })
        },
    },
    Route {
        name: "instance",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}",
        about: "An instance over all its runs.",
        body: Body::None,
        query: &[ENRICHED],
        build: |call| Ok(Request::Instance { instance: call.instance()?, is_enriched: call.flag("enriched", true)? }),
    },
    Route {
        name: "runs",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs",
        about: "A page of runs, newest first.",
        body: Body::None,
        query: PAGE,
        build: |call| Ok(Request::Runs { instance: call.instance()?, page: call.page()? }),
    },
    Route {
        name: "run",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRun}",
        about: "One run: a number or `latest`.",
        body: Body::None,
        query: &[ENRICHED, AGGREGATED],
        build: |call| {
            Ok(Request::Run {
                instance: call.instance()?,
                run: call.text_part("workflowRun"),
                is_enriched: call.flag("enriched", true)?,
                is_aggregated: call.flag("aggregated", false)?,
            })
        },
    },
    Route {
        name: "instance_action_map",
        verb: Verb::Get,
        path: "/workflows/instances/action-map",
        about: "What can be done to an instance in which status.",
        body: Body::None,
        query: NO_QUERY,
        build: |_| Ok(Request::InstanceActionMap),
    },
    Route {
        name: "inline_workflow_id",
        verb: Verb::Get,
        path: "/workflows/instances/inline-workflow-id",
        about: "The workflow id of a loop's body.",
        body: Body::JsonIfAny,
        query: INLINE,
        build: |call| Ok(inline_workflow_id(call)),
    },
    Route {
        name: "inline_path",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/inline-path",
        about: "The runs and steps around a loop's body.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::InlinePath { instance: call.instance()? }),
    },
    Route {
        name: "restart",
        verb: Verb::Post,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/actions/restart",
        about: "Restarts an instance that has ended.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::Restart { instance: call.instance()?, body: call.json() }),
    },
    Route {
        name: "stop_instance",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/actions/stop",
        about: "Stops an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction { instance: call.instance()?, run: None, action: InstanceAction::Stop })
        },
    },
    Route {
        name: "kill_instance",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/actions/kill",
        about: "Fails an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction { instance: call.instance()?, run: None, action: InstanceAction::Kill })
        },
    },
    Route {
        name: "unblock_instance",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/actions/unblock",
        about: "Unblocks an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction { instance: call.instance()?, run: None, action: InstanceAction::Unblock })
        },
    },
    Route {
        name: "stop_run",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/actions/stop",
        about: "Stops the latest run of an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction {
                instance: call.instance()?,
                run: Some(call.text_part("workflowRunId")),
                action: InstanceAction::Stop,
            })
        },
    },
    Route {
        name: "kill_run",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/actions/kill",
        about: "Fails the latest run of an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction {
                instance: call.instance()?,
                run: Some(call.text_part("workflowRunId")),
                action: InstanceAction::Kill,
            })
        },
    },
    Route {
        name: "unblock_run",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/actions/unblock",
        about: "Unblocks the latest run of an instance.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| {
            Ok(Request::InstanceAction {
                instance: call.instance()?,
                run: Some(call.text_part("workflowRunId")),
                action: InstanceAction::Unblock,
            })
        },
    },
];

/// The reference takes the place as the body of a GET, which many clients cannot send; the query does as well.
fn inline_workflow_id(call: &mut Input) -> Request {
    let body = call.json();
    let place = body.as_array().and_then(|path| path.last()).unwrap_or(&body);
    let of = |query: &str, field: &str| {
        let sent = place.get(field).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        call.query(query).map(str::to_owned).or(sent)
    };
    Request::InlineWorkflowId {
        workflow: of("workflowId", "workflow_id"),
        instance: of("instanceId", "instance_id"),
        step: of("stepId", "step_id"),
        step_type: of("stepType", "step_type"),
    }
}
