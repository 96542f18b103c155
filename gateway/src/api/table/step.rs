//! Calls about steps, and about the breakpoints that hold them.

use workflow::{
    id::{RunId, RunKey},
    port::{Request, StepAction},
};

use super::query::{BLOCKING, BREAKPOINT, BREAKPOINT_RESUME, ENRICHED, NONE as NO_QUERY};
use crate::api::{
    input::Input,
    problem::Problem,
    route::{Body, Route, Verb},
};

pub(super) static ROUTES: &[Route] = &[
    Route {
        name: "step_action_map",
        verb: Verb::Get,
        path: "/workflows/steps/instances/action-map",
        about: "What can be done to a step in which status.",
        body: Body::None,
        query: NO_QUERY,
        build: |_| Ok(Request::StepActionMap),
    },
    Route {
        name: "steps",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps",
        about: "The latest attempt of every step over all runs.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::Steps { instance: call.instance()? }),
    },
    Route {
        name: "step",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}",
        about: "The latest attempt of a step over all runs.",
        body: Body::None,
        query: &[ENRICHED],
        build: |call| {
            Ok(Request::Step {
                instance: call.instance()?,
                step: call.step(),
                is_enriched: call.flag("enriched", true)?,
            })
        },
    },
    Route {
        name: "run_steps",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/steps",
        about: "The latest attempt of every step of a run.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::RunSteps { instance: call.instance()?, run: call.text_part("workflowRunId") }),
    },
    Route {
        name: "attempt",
        verb: Verb::Get,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/steps/{stepId}/attempts/{attempt}",
        about: "One attempt: a number or `latest`.",
        body: Body::None,
        query: &[ENRICHED],
        build: |call| {
            Ok(Request::Attempt {
                instance: call.instance()?,
                run: call.text_part("workflowRunId"),
                step: call.step(),
                attempt: call.text_part("attempt"),
                is_enriched: call.flag("enriched", true)?,
            })
        },
    },
    Route {
        name: "restart_step",
        verb: Verb::Post,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}/actions/restart",
        about: "Restarts from a step.",
        body: Body::Json,
        query: &[BLOCKING],
        build: |call| {
            Ok(Request::RestartStep {
                instance: call.instance()?,
                step: call.step(),
                body: call.json(),
                is_blocking: call.flag("blocking", true)?,
            })
        },
    },
    Route {
        name: "stop_step",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}/actions/stop",
        about: "Stops a step.",
        body: Body::None,
        query: &[BLOCKING],
        build: |call| {
            Ok(Request::StepAction {
                instance: call.instance()?,
                step: call.step(),
                action: StepAction::Stop,
                is_blocking: call.flag("blocking", true)?,
            })
        },
    },
    Route {
        name: "kill_step",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}/actions/kill",
        about: "Fails a step.",
        body: Body::None,
        query: &[BLOCKING],
        build: |call| {
            Ok(Request::StepAction {
                instance: call.instance()?,
                step: call.step(),
                action: StepAction::Kill,
                is_blocking: call.flag("blocking", true)?,
            })
        },
    },
    Route {
        name: "skip_step",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}/actions/skip",
        about: "Skips a step.",
        body: Body::None,
        query: &[BLOCKING],
        build: |call| {
            Ok(Request::StepAction {
                instance: call.instance()?,
                step: call.step(),
                action: StepAction::Skip,
                is_blocking: call.flag("blocking", true)?,
            })
        },
    },
    Route {
        name: "bypass_step",
        verb: Verb::Put,
        path: "/workflows/{workflowId}/instances/{workflowInstanceId}/steps/{stepId}/actions/bypass",
        about: "Lets a step go on without the signals that it waits for.",
        body: Body::None,
        query: &[BLOCKING],
        build: |call| {
            Ok(Request::StepAction {
                instance: call.instance()?,
                step: call.step(),
                action: StepAction::Bypass,
                is_blocking: call.flag("blocking", true)?,
            })
        },
    },
    Route {
        name: "add_breakpoint",
        verb: Verb::Post,
        path: "/workflows/steps/breakpoints",
        about: "Pauses every attempt of a step from now on.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::AddBreakpoint { body: call.json() }),
    },
    Route {
        name: "delete_breakpoint",
        verb: Verb::Delete,
        path: "/workflows/steps/breakpoints",
        about: "Removes a breakpoint and frees what it paused.",
        body: Body::None,
        query: BREAKPOINT_RESUME,
        build: |call| Ok(Request::DeleteBreakpoint { query: call.all_query() }),
    },
    Route {
        name: "breakpoints",
        verb: Verb::Get,
        path: "/workflows/steps/breakpoints",
        about: "The breakpoints of a step.",
        body: Body::None,
        query: BREAKPOINT,
        build: |call| Ok(Request::Breakpoints { query: call.all_query() }),
    },
    Route {
        name: "paused_attempts",
        verb: Verb::Get,
        path: "/workflows/steps/breakpoints/paused-step-attempts",
        about: "The attempts that a breakpoint holds.",
        body: Body::None,
        query: BREAKPOINT,
        build: |call| Ok(Request::PausedAttempts { query: call.all_query() }),
    },
    Route {
        name: "resume_attempt",
        verb: Verb::Put,
        path: "/workflows/steps/breakpoints/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRun}/steps/{stepId}/attempts/{stepAttemptId}/actions/resume",
        about: "Frees one paused attempt.",
        body: Body::JsonHeader,
        query: NO_QUERY,
        build: |call| resume_attempt(call),
    },
];

/// Run 0 stands for the latest one.
fn resume_attempt(call: &mut Input) -> Result<Request, Problem> {
    let run = match call.text_part("workflowRun").as_str() {
        "latest" => RunId(0),
        number => RunId(number.parse().map_err(|_| Problem::no_number(number))?),
    };
    let key = call.instance()?;
    let run = RunKey { workflow: key.workflow, instance: key.instance, run };
    Ok(Request::ResumeAttempt { run, step: call.step(), attempt: call.text_part("stepAttemptId") })
}
