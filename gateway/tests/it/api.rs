//! One HTTP call makes one request, and what goes wrong is told as Maestro's server tells it.

use std::sync::{Arc, atomic::AtomicBool};

use axum::{Router, body::Body};
use gateway::api::{Service, router};
use http::{Request as HttpRequest, StatusCode};
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey},
    port::{Answer, InstanceAction, Page, Reason, Refusal, Request, StepAction},
};

use crate::scripted::Scripted;

pub(crate) fn app(engine: &Arc<Scripted>) -> Router {
    let engine = Arc::clone(engine);
    router(Service {
        engine,
        metrics: Some(Arc::new(|| "up 1\n".to_owned())),
        is_ready: Arc::new(AtomicBool::new(true)),
    })
}

struct Sent<'a> {
    call: &'a str,
    media: Option<&'a str>,
    body: &'a str,
}

fn sent(call: &str) -> Sent<'_> {
    Sent { call, media: Some("application/json"), body: "" }
}

async fn send(app: Router, sent: Sent<'_>) -> (StatusCode, Json) {
    let (method, path) = sent.call.split_once(' ').unwrap();
    let mut request = HttpRequest::builder().method(method).uri(path).header("user", "ann");
    if let Some(media) = sent.media {
        request = request.header("content-type", media);
    }
    let response = app.oneshot(request.body(Body::from(sent.body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Json::String(String::from_utf8(bytes.into()).expect("answers are UTF-8")));
    (status, body)
}

fn etl(instance: i64) -> InstanceKey {
    InstanceKey { workflow: "etl".into(), instance: InstanceId(instance) }
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tables read better without references")]
fn makes(call: &str, body: &str, expected: Request) {
    let engine = Scripted::content();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let media = if call.contains("/yaml") { "application/yaml" } else { "application/json" };
    let (status, answer) = runtime.block_on(send(app(&engine), Sent { call, media: Some(media), body }));
    assert_eq!(status, StatusCode::OK, "{call}: {answer}");
    let asked = engine.asked();
    let [(caller, request)] = asked.as_slice() else { panic!("{call} asked {asked:?}") };
    assert_eq!(*request, expected, "{call}");
    assert_eq!(caller.user.as_ref().map(|user| &*user.name), Some("ann"));
}

#[test]
fn calls_about_definitions_make_their_requests() {
    let workflow = || "etl".into();
    makes(
        "POST /api/v3/workflows",
        r#"{"a":1.10}"#,
        Request::Push { body: serde_json::from_str(r#"{"a":1.10}"#).unwrap() },
    );
    makes("POST /api/v3/workflows/yaml", "Workflow:\n  id: x", Request::PushYaml { text: "Workflow:\n  id: x".into() });
    makes("PUT /api/v3/workflows/actions/validate", "{}", Request::Validate { body: json!({}) });
    makes("DELETE /api/v3/workflows/etl", "", Request::DeleteWorkflow { workflow: workflow() });
    makes(
        "GET /api/v3/workflows/etl/versions/active?enriched=YES",
        "",
        Request::Version { workflow: workflow(), version: "active".into(), is_enriched: true },
    );
    let page = Page { first: Some(5), last: None, cursor: Some("7".into()) };
    makes(
        "GET /api/v3/workflows/etl/versions/pagination?first=5&cursor=7",
        "",
        Request::Versions { workflow: workflow(), page },
    );
    makes("PUT /api/v3/workflows/etl/actions/deactivate", "", Request::Deactivate { workflow: workflow() });
    makes(
        "DELETE /api/v3/workflows/etl/properties/tag/a%20b",
        "",
        Request::RemoveTag { workflow: workflow(), tag: "a b".into() },
    );
}

#[test]
fn calls_about_runs_make_their_requests() {
    let start = Request::Start { workflow: "etl".into(), version: "3".into(), body: json!({"initiator": {}}) };
    makes("POST /api/v3/workflows/etl/versions/3/actions/start", r#"{"initiator":{}}"#, start);
    let kill = InstanceAction::Kill;
    makes(
        "PUT /api/v3/workflows/etl/actions/kill",
        "",
        Request::WorkflowAction { workflow: "etl".into(), action: kill },
    );
    makes(
        "PUT /api/v3/workflows/etl/instances/4/runs/2/actions/kill",
        "",
        Request::InstanceAction { instance: etl(4), run: Some("2".into()), action: kill },
    );
    makes(
        "GET /api/v3/workflows/etl/instances/-4?enriched=false",
        "",
        Request::Instance { instance: etl(-4), is_enriched: false },
    );
    makes(
        "GET /api/v3/workflows/etl/instances/4/runs/latest",
        "",
        Request::Run { instance: etl(4), run: "latest".into(), is_enriched: true, is_aggregated: false },
    );
    makes("GET /api/v3/workflows/instances/action-map", "", Request::InstanceActionMap);
    makes(
        "POST /api/v3/workflows/etl/instances/4/actions/restart",
        "{}",
        Request::Restart { instance: etl(4), body: json!({}) },
    );
}

#[test]
fn calls_about_steps_and_shared_things_make_their_requests() {
    makes(
        "PUT /api/v3/workflows/etl/instances/4/steps/a/actions/bypass?blocking=0",
        "",
        Request::StepAction { instance: etl(4), step: "a".into(), action: StepAction::Bypass, is_blocking: false },
    );
    makes(
        "GET /api/v3/workflows/etl/instances/4/runs/1/steps/a/attempts/latest",
        "",
        Request::Attempt {
            instance: etl(4),
            run: "1".into(),
            step: "a".into(),
            attempt: "latest".into(),
            is_enriched: true,
        },
    );
    let run = RunKey { workflow: "etl".into(), instance: InstanceId(4), run: RunId(0) };
    makes(
        "PUT /api/v3/workflows/steps/breakpoints/etl/instances/4/runs/latest/steps/a/attempts/1/actions/resume",
        "",
        Request::ResumeAttempt { run, step: "a".into(), attempt: "1".into() },
    );
    let query = vec![("workflowId".to_owned(), "etl".to_owned()), ("stepId".to_owned(), "a".to_owned())];
    makes(
        "DELETE /api/v3/workflows/steps/breakpoints?workflowId=etl&stepId=a",
        "",
        Request::DeleteBreakpoint { query },
    );
    makes("GET /api/v3/signals/s/instances/latest", "", Request::Signal { name: "s".into(), sequence: -1 });
    makes("GET /api/v3/views/flatten/workflows/etl/instances/4/runs/1/steps/a/iterations/3-1", "", {
        let query = vec![("iteration".to_owned(), "3-1".to_owned())];
        Request::FlattenedForeach { instance: etl(4), run: "1".into(), step: "a".into(), query }
    });
}

#[track_caller]
fn is_refused(sent: Sent<'_>, status: u16, expected: &Json) {
    let engine = Scripted::content();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = sent.call.to_owned();
    let (got, body) = runtime.block_on(send(app(&engine), sent));
    assert_eq!((got.as_u16(), &body), (status, expected), "{call}");
    assert!(engine.asked().is_empty(), "{call} reached the engine");
}

fn problem(status: u16, title: &str, detail: &str, instance: &str) -> Json {
    json!({ "type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance })
}

#[test]
fn what_the_framework_refuses_has_the_recorded_documents() {
    let refused = problem(405, "Method Not Allowed", "Method 'GET' is not supported.", "/api/v3/workflows");
    is_refused(sent("GET /api/v3/workflows"), 405, &refused);
    let path = "/api/v3/workflows/x/instances/1";
    let refused = problem(405, "Method Not Allowed", "Method 'PUT' is not supported.", path);
    is_refused(sent("PUT /api/v3/workflows/x/instances/1"), 405, &refused);
    let refused =
        problem(415, "Unsupported Media Type", "Content-Type 'text/plain' is not supported.", "/api/v3/workflows");
    is_refused(Sent { call: "POST /api/v3/workflows", media: Some("text/plain"), body: "{}" }, 415, &refused);
    let refused = problem(404, "Not Found", "No static resource api/v3/nothing.", "/api/v3/nothing");
    is_refused(sent("GET /api/v3/nothing"), 404, &refused);
    let refused = problem(404, "Not Found", "No static resource nothing.", "/nothing");
    is_refused(sent("GET /nothing"), 404, &refused);
    let path = "/api/v3/workflows/nf/instances/x";
    let refused = problem(400, "Bad Request", "Failed to convert 'workflowInstanceId' with value: 'x'", path);
    is_refused(sent("GET /api/v3/workflows/nf/instances/x"), 400, &refused);
    let path = "/api/v3/workflows/steps/breakpoints";
    let refused = problem(400, "Bad Request", "Required parameter 'stepId' is not present.", path);
    is_refused(sent("GET /api/v3/workflows/steps/breakpoints?workflowId=a"), 400, &refused);
    let path = "/api/v3/workflows/a/instances";
    let refused = problem(400, "Bad Request", "Failed to convert 'first' with value: 'x'", path);
    is_refused(sent("GET /api/v3/workflows/a/instances?first=x"), 400, &refused);
}

#[test]
fn what_cannot_be_read_or_is_out_of_range_is_refused_in_maestros_words() {
    let refused = json!({"status": "BAD_REQUEST", "message": "For input string: \"x\""});
    is_refused(sent("GET /api/v3/signals/sga/instances/x"), 400, &refused);
    let refused = json!({
        "status": "BAD_REQUEST", "message": "400 BAD_REQUEST \"Validation failure\"",
        "errors": ["first must be less than or equal to 200"],
    });
    is_refused(sent("GET /api/v3/workflows/a/instances?first=201"), 400, &refused);
    let refused = json!({
        "status": "BAD_REQUEST", "message": "JSON parse error: EOF while parsing a value at line 1 column 5",
    });
    is_refused(Sent { body: r#"{"a":"#, ..sent("POST /api/v3/workflows") }, 400, &refused);
    let refused = json!({"status": "BAD_REQUEST", "message": "Required request body is missing: push"});
    is_refused(sent("POST /api/v3/workflows"), 400, &refused);
    let huge = "9".repeat(2 * 1024 * 1024 + 1);
    let refused = problem(413, "Content Too Large", "The body is larger than 2097152 bytes.", "/api/v3/signals");
    is_refused(Sent { body: &huge, ..sent("POST /api/v3/signals") }, 413, &refused);
}

#[test]
fn nested_beyond_reason_is_a_refusal_and_no_crash() {
    let deep = "[".repeat(100_000);
    let refused = json!({
        "status": "BAD_REQUEST", "message": "JSON parse error: recursion limit exceeded at line 1 column 128",
    });
    is_refused(Sent { body: &deep, ..sent("POST /api/v3/workflows") }, 400, &refused);
}

#[tokio::test]
async fn an_engines_refusal_is_told_with_its_status_and_its_errors() {
    let engine = Scripted::new(|_| {
        let mut refusal = Refusal::new(Reason::PreconditionFailed, "not now");
        refusal.errors.push("because".to_owned());
        Err(refusal)
    });
    let (status, body) = send(app(&engine), sent("GET /api/v3/workflows/a/overview")).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(body, json!({"status": "PRECONDITION_FAILED", "message": "not now", "errors": ["because"]}));
}

#[tokio::test]
async fn texts_and_empty_answers_are_sent_as_they_are() {
    let engine = Scripted::new(|request| match request {
        Request::AddTagPermit { .. } => Ok(Answer { status: 200, body: None }),
        _ => Ok(Answer { status: 202, body: Some("Removed [0]".into()) }),
    });
    let (status, body) = send(app(&engine), Sent { body: "{}", ..sent("POST /api/v3/tag-permits") }).await;
    assert_eq!((status, body), (StatusCode::OK, json!("")));
    let (status, body) = send(app(&engine), sent("DELETE /api/v3/job-templates/x")).await;
    assert_eq!((status, body), (StatusCode::ACCEPTED, json!("Removed [0]")));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_call_works() {
    let engine = Scripted::new(|request| match request {
        Request::Overview { .. } => panic!("a defect"),
        _ => Ok(Answer::ok(json!({}))),
    });
    let app = app(&engine);
    let (status, body) = send(app.clone(), sent("GET /api/v3/workflows/a/overview")).await;
    assert_eq!((status.as_u16(), &body["status"]), (500, &json!("INTERNAL_ERROR")));
    assert_eq!(send(app, sent("GET /api/v3/workflows/a/timeline")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_server_tells_how_it_is() {
    let engine = Scripted::content();
    for path in ["/healthz", "/readyz", "/actuator/health"] {
        assert_eq!(send(app(&engine), sent(&format!("GET {path}"))).await, (StatusCode::OK, json!({"status": "UP"})));
    }
    assert_eq!(send(app(&engine), sent("GET /metrics")).await, (StatusCode::OK, json!("up 1\n")));
}

#[tokio::test]
async fn the_served_description_is_the_one_that_is_checked_in() {
    let (status, served) = send(app(&Scripted::content()), sent("GET /openapi.json")).await;
    assert_eq!(status, StatusCode::OK);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let written = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    if std::env::var_os("SEGUE_WRITE_OPENAPI").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == written,
        "the API changed: run the test with SEGUE_WRITE_OPENAPI=1 and look at the difference"
    );
}
