//! Recorded calls as requests. What only the transport decides (unknown paths, content types, health) is left to it: `None`.

use serde_json::Value as Json;
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    port::{InstanceAction, Page, Request, StepAction},
};

use super::stub::URL;

pub(super) fn request(call: &Json) -> Option<Request> {
    let (method, path) = call["call"].as_str()?.split_once(' ')?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = with_stub(call.get("body").cloned().unwrap_or(Json::Null), call.get("headers").is_some());
    let parts: Vec<&str> = path.strip_prefix("/api/v3/")?.split('/').collect();
    let of = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let is_on = |name: &str, default: bool| of(name).map_or(default, |value| value == "true");
    Some(match (method, parts.as_slice()) {
        ("POST", ["workflows"]) if body.is_object() => Request::Push { body },
        ("POST", ["workflows", "yaml"]) => Request::PushYaml { text: body.as_str()?.to_owned() },
        ("PUT", ["workflows", "actions", "validate"]) => Request::Validate { body },
        ("PUT", ["workflows", "actions", "validate", "yaml"]) => {
            Request::ValidateYaml { text: body.as_str()?.to_owned() }
        }
        ("POST", ["tag-permits"]) => Request::AddTagPermit { body },
        ("POST", ["signals"]) => Request::SendSignal { body },
        ("GET", ["signals", name, "instances", sequence]) => Request::Signal {
            name: (*name).to_owned(),
            sequence: if *sequence == "latest" { -1 } else { sequence.parse().ok()? },
        },
        ("POST", ["job-templates"]) => Request::AddJobTemplate { body },
        ("GET", ["job-templates", name]) => {
            Request::JobTemplate { job_type: (*name).to_owned(), version: of("version") }
        }
        ("DELETE", ["job-templates", name]) => {
            Request::DeleteJobTemplate { job_type: (*name).to_owned(), version: of("version") }
        }
        ("POST", ["workflows", "steps", "breakpoints"]) => Request::AddBreakpoint { body },
        ("GET", ["workflows", "steps", "breakpoints"]) => Request::Breakpoints { query },
        ("DELETE", ["workflows", "steps", "breakpoints"]) => Request::DeleteBreakpoint { query },
        ("GET", ["workflows", "steps", "breakpoints", "paused-step-attempts"]) => Request::PausedAttempts { query },
        (
            "PUT",
            [
                "workflows",
                "steps",
                "breakpoints",
                id,
                "instances",
                i,
                "runs",
                r,
                "steps",
                step,
                "attempts",
                attempt,
                "actions",
                "resume",
            ],
        ) => {
            let run = RunKey {
                workflow: WorkflowId::from(*id),
                instance: InstanceId(i.parse().ok()?),
                run: RunId(r.parse().ok()?),
            };
            Request::ResumeAttempt { run, step: StepId::from(*step), attempt: (*attempt).to_owned() }
        }
        ("GET", ["workflows", "instances", "action-map"]) => Request::InstanceActionMap,
        ("GET", ["workflows", "steps", "instances", "action-map"]) => Request::StepActionMap,
        (method, ["workflows", id, rest @ ..]) => return of_workflow(method, id, rest, body, &of, &is_on),
        _ => return None,
    })
}

fn of_workflow(
    method: &str,
    id: &str,
    rest: &[&str],
    body: Json,
    of: &impl Fn(&str) -> Option<String>,
    is_on: &impl Fn(&str, bool) -> bool,
) -> Option<Request> {
    let workflow = WorkflowId::from(id);
    let page = Page {
        first: of("first").and_then(|n| n.parse().ok()),
        last: of("last").and_then(|n| n.parse().ok()),
        cursor: of("cursor"),
    };
    Some(match (method, rest) {
        ("GET", ["overview"]) => Request::Overview { workflow },
        ("GET", ["versions", version]) => {
            Request::Version { workflow, version: (*version).to_owned(), is_enriched: is_on("enriched", false) }
        }
        ("GET", ["versions"]) => Request::Versions { workflow, page },
        ("GET", ["properties-snapshot", snapshot]) => {
            Request::PropertiesSnapshot { workflow, snapshot: (*snapshot).to_owned() }
        }
        ("POST", ["properties"]) => Request::UpdateProperties { workflow, body },
        ("POST", ["properties", "tag"]) => Request::AddTag { workflow, body },
        ("DELETE", ["properties", "tag", tag]) => Request::RemoveTag { workflow, tag: (*tag).to_owned() },
        ("POST", ["versions", version, "actions", "start"]) => {
            Request::Start { workflow, version: (*version).to_owned(), body }
        }
        ("PUT", ["actions", action]) => Request::WorkflowAction { workflow, action: instance_action(action)? },
        ("GET", ["instances"]) => Request::Instances { workflow, page, is_aggregated: is_on("aggregated", true) },
        (method, ["instances", number, rest @ ..]) => {
            let instance = InstanceKey { workflow, instance: InstanceId(number.parse().ok()?) };
            return of_instance(method, instance, rest, body, is_on);
        }
        _ => return None,
    })
}

fn of_instance(
    method: &str,
    instance: InstanceKey,
    rest: &[&str],
    body: Json,
    is_on: &impl Fn(&str, bool) -> bool,
) -> Option<Request> {
    let is_enriched = is_on("enriched", true);
    let is_blocking = is_on("blocking", true);
    Some(match (method, rest) {
        ("GET", []) => Request::Instance { instance, is_enriched },
        ("POST", ["actions", "restart"]) => Request::Restart { instance, body },
        ("PUT", ["actions", action]) => {
            Request::InstanceAction { instance, run: None, action: instance_action(action)? }
        }
        ("GET", ["runs", run]) => {
            Request::Run { instance, run: (*run).to_owned(), is_enriched, is_aggregated: is_on("aggregated", false) }
        }
        ("GET", ["runs", run, "steps"]) => Request::RunSteps { instance, run: (*run).to_owned() },
        ("GET", ["runs", run, "steps", step, "attempts", attempt]) => Request::Attempt {
            instance,
            run: (*run).to_owned(),
            step: StepId::from(*step),
            attempt: (*attempt).to_owned(),
            is_enriched,
        },
        ("GET", ["steps"]) => Request::Steps { instance },
        ("GET", ["steps", step]) => Request::Step { instance, step: StepId::from(*step), is_enriched },
        ("POST", ["steps", step, "actions", "restart"]) => {
            Request::RestartStep { instance, step: StepId::from(*step), body, is_blocking }
        }
        ("PUT", ["steps", step, "actions", action]) => {
            let action = match *action {
                "stop" => StepAction::Stop,
                "kill" => StepAction::Kill,
                "skip" => StepAction::Skip,
                "bypass" => StepAction::Bypass,
                _ => return None,
            };
            Request::StepAction { instance, step: StepId::from(*step), action, is_blocking }
        }
        _ => return None,
    })
}

fn instance_action(word: &str) -> Option<InstanceAction> {
    match word {
        "stop" => Some(InstanceAction::Stop),
        "kill" => Some(InstanceAction::Kill),
        "unblock" => Some(InstanceAction::Unblock),
        _ => None,
    }
}

/// A body as sent; JSON may be recorded as text, to keep it as its author wrote it. Another content type is said in a header.
fn with_stub(body: Json, is_other_type: bool) -> Json {
    let text = body.to_string().replace("{{stub}}", URL);
    let body: Json = serde_json::from_str(&text).unwrap();
    let written = body.as_str().and_then(|text| serde_json::from_str(text).ok());
    written.filter(|json: &Json| json.is_object() && !is_other_type).unwrap_or(body)
}
