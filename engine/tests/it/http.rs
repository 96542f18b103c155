//! HTTP steps against a real server.

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::any};
use engine::{ActorEngine, Options, runtime::Http, steps::Runtimes};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use workflow::{definition::StepType, port::Request, runtime::http::AllowList};

use crate::workflows::{call, options, push, run};

/// A server on a free port; gives its address.
async fn serve() -> String {
    let large = "x".repeat((1 << 20) + 1);
    let echo = async |method: axum::http::Method, headers: axum::http::HeaderMap, body: String| {
        format!("{method} {} {body}", headers.get("x-who").map_or("nobody", |who| who.to_str().unwrap()))
    };
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/gone", any(async || StatusCode::GONE))
        .route("/broken", any(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/away", any(async || (StatusCode::FOUND, [("location", "/echo")])))
        .route("/large", any(move || std::future::ready(large.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The one attempt of a workflow of one HTTP step without retries.
async fn attempt(allowed: &[&str], http: Json, more: Json) -> Json {
    let folder = TempDir::new().unwrap();
    let runtimes: Runtimes = [(StepType::Http, Arc::new(Http::new(AllowList::new(allowed)).unwrap()) as _)].into();
    let engine = ActorEngine::open(Options { runtimes, ..options(&folder) }).await.unwrap();
    let mut params = json!({ "http": { "type": "MAP", "value": http } });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let retry = json!({ "error_retry_limit": 0, "platform_retry_limit": 0 });
    let step = json!({ "step": { "id": "call", "type": "Http", "params": params, "retry_policy": retry } });
    push(&engine, json!({ "id": "calls", "steps": [step] })).await;
    let (key, _) = run(&engine, "calls").await;
    let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
    let mut steps = call(&engine, steps).await.unwrap().body.unwrap();
    steps[0].take()
}

fn text(value: &str) -> Json {
    json!({ "type": "STRING", "value": value })
}

async fn check(path: &str, more: Json, status: &str, code: Json) {
    let url = format!("http://{}{path}", serve().await);
    let attempt = attempt(&["127.0.0.1"], json!({ "url": text(&url) }), more).await;
    let got = (&attempt["runtime_state"]["status"], &attempt["artifacts"]["maestro_http"]["status_code"]);
    assert_eq!(got, (&json!(status), &code), "{path}: {attempt:#}");
}

#[tokio::test]
async fn the_status_code_decides_unless_the_step_has_its_own_expression() {
    let own = |expression: &str| json!({ "state_expr": text(expression) });
    for (path, more, status, code) in [
        ("/echo", json!({}), "SUCCEEDED", json!(200)),
        ("/gone", json!({}), "FATALLY_FAILED", json!(410)),
        ("/broken", json!({}), "FATALLY_FAILED", json!(503)),
        ("/away", json!({}), "FATALLY_FAILED", json!(302)),
        ("/gone", own("return status_code == 410 ? \"done\" : \"FATAL_ERROR\";"), "SUCCEEDED", json!(410)),
        (
            "/echo",
            own("if (response_body.startsWith(\"GET\")) return \"STOPPED\"; return \"DONE\";"),
            "STOPPED",
            json!(200),
        ),
        ("/echo", own("return \"MAYBE\";"), "FATALLY_FAILED", Json::Null),
        ("/large", json!({}), "FATALLY_FAILED", Json::Null),
    ] {
        check(path, more, status, code).await;
    }
}

#[tokio::test]
async fn the_request_is_made_as_it_is_written_and_its_response_becomes_params() {
    let url = format!("http://{}/echo", serve().await);
    let headers = json!({ "type": "STRING_MAP", "value": { "x-who": "ann" } });
    let http = json!({ "url": text(&url), "method": text("POST"), "body": text("hello"), "headers": headers });
    let attempt = attempt(&["127.0.0.1"], http, json!({})).await;
    assert_eq!(attempt["params"]["status_code"]["evaluated_result"], 200, "{attempt:#}");
    assert_eq!(attempt["params"]["response_body"]["evaluated_result"], "POST ann hello");
    let artifact = &attempt["artifacts"]["maestro_http"];
    assert_eq!((&artifact["request"]["method"], &artifact["body"]), (&json!("POST"), &json!("POST ann hello")));
}

#[tokio::test]
async fn a_host_that_is_not_on_the_list_is_not_called() {
    let url = format!("http://{}/echo", serve().await);
    let attempt = attempt(&[], json!({ "url": text(&url) }), json!({})).await;
    assert_eq!(attempt["runtime_state"]["status"], "FATALLY_FAILED");
    assert!(attempt.to_string().contains("URL host [127.0.0.1] is not allowed"), "{attempt:#}");
}
