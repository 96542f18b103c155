//! The client of a running server: what it sends, and what it makes of answers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json as JsonBody, Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::IntoResponse,
};
use legacy_adapter::{MaestroClient, client::Error};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    port::{Answer, Caller, Engine, InstanceAction, Page, Reason, Refusal, Request, StepAction},
    status::InstanceStatus,
    user::User,
};

/// A client of a server that answers everything with `router`; the server ends with the test's runtime.
async fn client_of(router: Router) -> MaestroClient {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    client_at(address)
}

fn client_at(address: SocketAddr) -> MaestroClient {
    // The tests of this process install it once; whoever comes later finds it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    MaestroClient::new(&format!("http://{address}")).unwrap()
}

/// A server that says what it was sent.
fn echo() -> Router {
    Router::new().fallback(|method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        JsonBody(json!({
            "sent": format!("{method} {uri}"),
            "user": text("user"),
            "type": text("content-type"),
            "body": String::from_utf8_lossy(&body),
        }))
    })
}

/// A server that answers every call alike.
fn always(status: u16, media: &'static str, body: &'static str) -> Router {
    let status = StatusCode::from_u16(status).unwrap();
    Router::new().fallback(move || async move { (status, [(header::CONTENT_TYPE, media)], body).into_response() })
}

fn caller() -> Caller {
    Caller { user: Some(User::named("ann")) }
}

fn etl() -> WorkflowId {
    WorkflowId::from("etl")
}

fn instance() -> InstanceKey {
    InstanceKey { workflow: etl(), instance: InstanceId(7) }
}

fn run() -> RunKey {
    RunKey { workflow: etl(), instance: InstanceId(7), run: RunId(2) }
}

fn load() -> StepId {
    StepId::from("load")
}

fn overview() -> Request {
    Request::Overview { workflow: etl() }
}

fn definitions() -> Vec<(Request, &'static str)> {
    let (body, text) = (json!({}), String::new());
    let page = Page { first: Some(10), last: None, cursor: Some("a b&c".to_owned()) };
    let workflow = etl();
    vec![
        (Request::Push { body: body.clone() }, "POST /workflows"),
        (Request::PushYaml { text: text.clone() }, "POST /workflows/yaml"),
        (Request::Validate { body: body.clone() }, "PUT /workflows/actions/validate"),
        (Request::ValidateYaml { text }, "PUT /workflows/actions/validate/yaml"),
        (Request::DeleteWorkflow { workflow: WorkflowId::from("a/b c%ü?") }, "DELETE /workflows/a%2Fb%20c%25%C3%BC%3F"),
        (
            Request::Version { workflow: etl(), version: "active".to_owned(), is_enriched: false },
            "GET /workflows/etl/versions/active?enriched=false",
        ),
        (Request::Versions { workflow: etl(), page }, "GET /workflows/etl/versions/pagination?first=10&cursor=a+b%26c"),
        (overview(), "GET /workflows/etl/overview"),
        (Request::WorkflowTimeline { workflow: etl() }, "GET /workflows/etl/timeline"),
        (Request::UpdateProperties { workflow: etl(), body: body.clone() }, "POST /workflows/etl/properties"),
        (
            Request::PropertiesSnapshot { workflow: etl(), snapshot: "latest".to_owned() },
            "GET /workflows/etl/properties-snapshot/latest",
        ),
        (Request::AddTag { workflow: etl(), body: body.clone() }, "POST /workflows/etl/properties/tag"),
        (Request::RemoveTag { workflow: etl(), tag: "gpu".to_owned() }, "DELETE /workflows/etl/properties/tag/gpu"),
        (
            Request::Activate { workflow: etl(), version: "3".to_owned() },
            "PUT /workflows/etl/versions/3/actions/activate",
        ),
        (Request::Deactivate { workflow: etl() }, "PUT /workflows/etl/actions/deactivate"),
        (
            Request::Start { workflow: etl(), version: "latest".to_owned(), body },
            "POST /workflows/etl/versions/latest/actions/start",
        ),
        (Request::WorkflowAction { workflow, action: InstanceAction::Unblock }, "PUT /workflows/etl/actions/unblock"),
    ]
}

fn runs() -> Vec<(Request, &'static str)> {
    let (instance, body, latest) = (instance(), json!({}), "latest".to_owned());
    let page = Page { first: None, last: Some(200), cursor: None };
    vec![
        (
            Request::Instances { workflow: etl(), page: page.clone(), is_aggregated: true },
            "GET /workflows/etl/instances?last=200&aggregated=true",
        ),
        (
            Request::Instance { instance: instance.clone(), is_enriched: true },
            "GET /workflows/etl/instances/7?enriched=true",
        ),
        (Request::Runs { instance: instance.clone(), page }, "GET /workflows/etl/instances/7/runs?last=200"),
        (
            Request::Run { instance: instance.clone(), run: latest, is_enriched: false, is_aggregated: true },
            "GET /workflows/etl/instances/7/runs/latest?enriched=false&aggregated=true",
        ),
        (Request::InstanceActionMap, "GET /workflows/instances/action-map"),
        (
            Request::InlineWorkflowId {
                workflow: Some("etl".to_owned()),
                instance: Some("7".to_owned()),
                step: None,
                step_type: None,
            },
            "GET /workflows/instances/inline-workflow-id?workflowId=etl&instanceId=7",
        ),
        (Request::InlinePath { instance: instance.clone() }, "GET /workflows/etl/instances/7/inline-path"),
        (Request::Restart { instance: instance.clone(), body }, "POST /workflows/etl/instances/7/actions/restart"),
        (
            Request::InstanceAction { instance: instance.clone(), run: None, action: InstanceAction::Stop },
            "PUT /workflows/etl/instances/7/actions/stop",
        ),
        (
            Request::InstanceAction { instance, run: Some("2".to_owned()), action: InstanceAction::Kill },
            "PUT /workflows/etl/instances/7/runs/2/actions/kill",
        ),
    ]
}

fn steps() -> Vec<(Request, &'static str)> {
    let (instance, step, first) = (instance(), load(), "1".to_owned());
    let query = vec![("workflowId".to_owned(), "etl".to_owned()), ("stepId".to_owned(), "load".to_owned())];
    let latest = RunKey { run: RunId(0), ..run() };
    let resume = |run, step, attempt| Request::ResumeAttempt { run, step, attempt };
    vec![
        (Request::StepActionMap, "GET /workflows/steps/instances/action-map"),
        (Request::Steps { instance: instance.clone() }, "GET /workflows/etl/instances/7/steps"),
        (
            Request::Step { instance: instance.clone(), step: step.clone(), is_enriched: true },
            "GET /workflows/etl/instances/7/steps/load?enriched=true",
        ),
        (
            Request::RunSteps { instance: instance.clone(), run: "2".to_owned() },
            "GET /workflows/etl/instances/7/runs/2/steps",
        ),
        (
            Request::Attempt {
                instance: instance.clone(),
                run: "2".to_owned(),
                step: step.clone(),
                attempt: first.clone(),
                is_enriched: false,
            },
            "GET /workflows/etl/instances/7/runs/2/steps/load/attempts/1?enriched=false",
        ),
        (
            Request::RestartStep {
                instance: instance.clone(),
                step: step.clone(),
                body: json!({}),
                is_blocking: false,
            },
            "POST /workflows/etl/instances/7/steps/load/actions/restart?blocking=false",
        ),
        (
            Request::StepAction { instance, step: step.clone(), action: StepAction::Bypass, is_blocking: true },
            "PUT /workflows/etl/instances/7/steps/load/actions/bypass?blocking=true",
        ),
        (Request::AddBreakpoint { body: json!({}) }, "POST /workflows/steps/breakpoints"),
        (
            Request::DeleteBreakpoint { query: query.clone() },
            "DELETE /workflows/steps/breakpoints?workflowId=etl&stepId=load",
        ),
        (Request::Breakpoints { query: query.clone() }, "GET /workflows/steps/breakpoints?workflowId=etl&stepId=load"),
        (
            Request::PausedAttempts { query },
            "GET /workflows/steps/breakpoints/paused-step-attempts?workflowId=etl&stepId=load",
        ),
        (
            resume(run(), step.clone(), first.clone()),
            "PUT /workflows/steps/breakpoints/etl/instances/7/runs/2/steps/load/attempts/1/actions/resume",
        ),
        (
            resume(latest, step, first),
            "PUT /workflows/steps/breakpoints/etl/instances/7/runs/latest/steps/load/attempts/1/actions/resume",
        ),
    ]
}

fn shared() -> Vec<(Request, &'static str)> {
    let template = |job_type: &str, version: Option<&str>| Request::JobTemplate {
        job_type: job_type.to_owned(),
        version: version.map(str::to_owned),
    };
    let view = |name: &str, value: &str| Request::FlattenedForeach {
        instance: instance(),
        run: "2".to_owned(),
        step: load(),
        query: vec![(name.to_owned(), value.to_owned())],
    };
    vec![
        (Request::AddTagPermit { body: json!({}) }, "POST /tag-permits"),
        (Request::TagPermit { tag: "gpu".to_owned() }, "GET /tag-permits/gpu"),
        (Request::DeleteTagPermit { tag: "gpu".to_owned() }, "DELETE /tag-permits/gpu"),
        (Request::SendSignal { body: json!({}) }, "POST /signals"),
        (Request::Signal { name: "ready".to_owned(), sequence: 5 }, "GET /signals/ready/instances/5"),
        (Request::Signal { name: "ready".to_owned(), sequence: -1 }, "GET /signals/ready/instances/latest"),
        (Request::AddJobTemplate { body: json!({}) }, "POST /job-templates"),
        (Request::AddJobTemplateYaml { text: String::new() }, "POST /job-templates/yaml"),
        (template("", None), "GET /job-templates"),
        (template("spark", Some("default")), "GET /job-templates/spark?version=default"),
        (Request::DeleteJobTemplate { job_type: "spark".to_owned(), version: None }, "DELETE /job-templates/spark"),
        (Request::PutOutput { body: json!({}) }, "PUT /output-data"),
        (view("first", "20"), "GET /views/flatten/workflows/etl/instances/7/runs/2/steps/load?first=20"),
        (view("iteration", "344-3"), "GET /views/flatten/workflows/etl/instances/7/runs/2/steps/load/iterations/344-3"),
        (view("view", "summary"), "GET /views/flatten/workflows/etl/instances/7/runs/2/steps/load/summary"),
    ]
}

#[tokio::test]
async fn every_request_goes_to_its_path() {
    let client = client_of(echo()).await;
    for (request, expected) in [definitions(), runs(), steps(), shared()].concat() {
        let answer = client.call(caller(), request.clone()).await.unwrap();
        let (method, path) = expected.split_once(' ').unwrap();
        assert_eq!(answer.body.unwrap()["sent"], format!("{method} /api/v3{path}"), "{request:?}");
    }
}

#[tokio::test]
async fn the_caller_and_the_body_go_along() {
    let client = client_of(echo()).await;
    let sent = |request| async { client.call(caller(), request).await.unwrap().body.unwrap() };
    let pushed = sent(Request::Push { body: json!({ "n": 1 }) }).await;
    assert_eq!((&pushed["user"], &pushed["type"]), (&json!("ann"), &json!("application/json")));
    assert_eq!(pushed["body"], r#"{"n":1}"#);
    let yaml = sent(Request::PushYaml { text: "id: etl".to_owned() }).await;
    assert_eq!((&yaml["type"], &yaml["body"]), (&json!("application/yaml"), &json!("id: etl")));
    let nobody = client.call(Caller { user: None }, overview()).await.unwrap();
    assert_eq!(nobody.body.unwrap()["user"], Json::Null);
}

#[tokio::test]
async fn an_id_that_no_address_can_hold_is_refused() {
    let client = client_of(echo()).await;
    for id in ["", ".", ".."] {
        let refusal =
            client.call(caller(), Request::DeleteWorkflow { workflow: WorkflowId::from(id) }).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::BadRequest, "{id}");
    }
}

#[track_caller]
fn refused(answer: Result<Answer, Refusal>) -> (Reason, String, Vec<String>, bool) {
    let Refusal { reason, message, errors, is_retryable } = answer.unwrap_err();
    (reason, message, errors, is_retryable)
}

#[tokio::test]
async fn an_error_document_is_the_refusal_that_it_was_made_of() {
    let no_errors: &[&str] = &[];
    let problem = "application/problem+json";
    let own = "application/json";
    let cases = [
        (404, own, r#"{"status":"NOT_FOUND","message":"gone"}"#, Reason::NotFound, "gone", no_errors, false),
        (
            400,
            own,
            r#"{"status":"BAD_REQUEST","message":"m","errors":["a: b"]}"#,
            Reason::BadRequest,
            "m",
            &["a: b"],
            false,
        ),
        (409, own, r#"{"status":"CONFLICT","message":"m"}"#, Reason::Conflict, "m", no_errors, false),
        (500, own, r#"{"status":"INTERNAL_ERROR","message":"m"}"#, Reason::InternalError, "m", no_errors, false),
        (429, own, r#"{"status":"TOO_MANY_REQUESTS","message":"m"}"#, Reason::TooManyRequests, "m", no_errors, true),
        (
            405,
            problem,
            r#"{"title":"t","status":405,"detail":"no PUT"}"#,
            Reason::BadRequest,
            "no PUT",
            no_errors,
            false,
        ),
        (
            500,
            own,
            r#"{"status":500,"error":"Internal Server Error"}"#,
            Reason::InternalError,
            "Internal Server Error",
            no_errors,
            false,
        ),
        (502, "text/html", "<html>", Reason::Unavailable, "502 Bad Gateway", no_errors, true),
    ];
    for (status, media, body, reason, message, errors, is_retryable) in cases {
        let client = client_of(always(status, media, body)).await;
        let expected =
            (reason, message.to_owned(), errors.iter().map(|&error| error.to_owned()).collect(), is_retryable);
        assert_eq!(refused(client.call(caller(), overview()).await), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn something_else_that_answers_is_no_maestro_server() {
    let no_path = r#"{"title":"Not Found","status":404,"detail":"No static resource x."}"#;
    for (status, media, body) in [
        (200, "text/html", "<html>hello</html>"),
        (200, "application/json", "[]"),
        (404, "text/html", "<html>"),
        (404, "application/problem+json", no_path),
        (302, "text/html", ""),
        (401, "application/json", "{}"),
    ] {
        let client = client_of(always(status, media, body)).await;
        let error = client.check().await.unwrap_err();
        assert!(matches!(error, Error::NotMaestro { .. }), "{status} {body}: {error}");
    }
    let client = client_of(always(200, "application/json", r#"{"FAILED":["RESTART"]}"#)).await;
    client.check().await.unwrap();
}

#[tokio::test]
async fn a_text_and_an_empty_body_are_answers() {
    let client = client_of(always(200, "text/plain;charset=UTF-8", "maestro_foreach_x")).await;
    let answer = client.call(caller(), overview()).await.unwrap();
    assert_eq!(answer.body, Some(json!("maestro_foreach_x")));
    let client = client_of(always(202, "application/json", "")).await;
    assert_eq!(client.call(caller(), overview()).await.unwrap(), Answer { status: 202, body: None });
}

#[tokio::test]
async fn only_reads_are_sent_again_when_the_connection_fails() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        // Accepts and hangs up.
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let client = client_at(address);
    let (reason, message, _, is_retryable) = refused(client.call(caller(), Request::Push { body: json!({}) }).await);
    assert_eq!((reason, is_retryable), (Reason::Unavailable, true));
    assert!(message.contains("could not be reached"), "{message}");
    let writes = connections.swap(0, Ordering::SeqCst);
    assert_eq!(refused(client.call(caller(), overview()).await).0, Reason::Unavailable);
    assert!(writes < connections.load(Ordering::SeqCst), "{writes}");
}

#[tokio::test]
async fn a_run_that_has_ended_is_told_by_its_status() {
    let client = client_of(always(200, "application/json", r#"{"status":"TIMED_OUT"}"#)).await;
    assert_eq!(client.ended(run()).await.unwrap(), InstanceStatus::TimedOut);
    let client = client_of(always(404, "application/json", r#"{"status":"NOT_FOUND","message":"no run"}"#)).await;
    assert_eq!(client.ended(run()).await.unwrap_err().reason, Reason::NotFound);
}

#[test]
fn an_address_is_taken_with_or_without_the_base_path() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for (address, expected) in [
        ("http://maestro:8080", Some("http://maestro:8080/api/v3")),
        ("http://maestro:8080/api/v3/", Some("http://maestro:8080/api/v3")),
        ("https://host/behind/", Some("https://host/behind/api/v3")),
        ("maestro:8080", None),
        ("ftp://host", None),
        ("", None),
    ] {
        let found = MaestroClient::new(address).ok().map(|client| client.address().to_string());
        assert_eq!(found.as_deref(), expected, "{address}");
    }
}
