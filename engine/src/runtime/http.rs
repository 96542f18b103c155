//! HTTP steps: one request to an allowed host.
//!
//! Invariant: what a response means is not decided here; the run's machine asks the step's own expression.

use std::time::Duration;

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Map, Value as Json, json};
use workflow::{
    id::AttemptKey,
    param::{Params, Value, write},
    port::{Conclusion, Pending, Report, StepRuntime, Work},
    runtime::http::{AllowList, BODY_MAX_BYTES},
};

/// For connecting, and again for the whole exchange.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Makes the requests of HTTP steps.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    allowed: AllowList,
}

/// A request as the step's `http` param says it.
#[derive(Debug)]
struct Call {
    url: String,
    method: String,
    headers: Map<String, Json>,
    body: Option<String>,
}

/// What came back.
#[derive(Debug)]
struct Response {
    status_code: u16,
    body: String,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// Trying again makes no sense.
    #[error("{0}")]
    Refused(String),
    /// The other side, or the way there, is in trouble.
    #[error("{0}")]
    Transport(String),
}

impl Http {
    /// A client that calls these hosts only. Redirects are not followed: a response says where it came from, not where to go next.
    pub fn new(allowed: AllowList) -> Result<Self, reqwest::Error> {
        // Whoever comes first decides; all of ours choose the same one.
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().connect_timeout(TIMEOUT).timeout(TIMEOUT).redirect(Policy::none()).no_proxy();
        Ok(Self { client: client.user_agent(agent()).build()?, allowed })
    }

    async fn execute(&self, work: &Work) -> Report {
        let mut timeline = Vec::new();
        let call = match self.call(&work.params) {
            Ok(call) => call,
            Err(failed) => return failure(&failed, timeline),
        };
        log(&mut timeline, &format!("Making the HTTP request: method=[{}], url=[{}]", call.method, call.url));
        let response = match self.send(&call).await {
            Ok(response) => response,
            Err(failed) => return failure(&failed, timeline),
        };
        log(&mut timeline, &format!("The HTTP request completed with status code=[{}]", response.status_code));
        let (outputs, artifacts) = (outputs(&response), artifacts(&call, &response));
        Report { conclusion: Conclusion::Done, outputs, artifacts, timeline }
    }

    fn call(&self, params: &Params) -> Result<Call, Failed> {
        let Some(Value::Map(http)) = params.get("http").and_then(|param| param.value()) else {
            return Err(Failed::Refused("http params must be present".to_owned()));
        };
        let text = |name: &str| match http.get(name) {
            Some(Value::String(text)) => Some(text.to_string()),
            _ => None,
        };
        let url = text("url");
        self.allowed.check(url.as_deref()).map_err(|refused| Failed::Refused(refused.to_string()))?;
        let headers = match http.get("headers").map(write::value) {
            Some(Json::Object(headers)) => headers,
            _ => Map::new(),
        };
        let (url, method) = (url.unwrap_or_default(), text("method").unwrap_or_else(|| "GET".to_owned()));
        Ok(Call { url, method, headers, body: text("body") })
    }

    async fn send(&self, call: &Call) -> Result<Response, Failed> {
        let bad = |what: &str| Failed::Refused(format!("{what} of the http request is not valid"));
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| bad("the method"))?;
        let mut request = self.client.request(method, &call.url);
        for (name, value) in &call.headers {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let request = request.build().map_err(|_| bad("the url or a header"))?;
        let transport = |error: reqwest::Error| Failed::Transport(crate::store::chain(&error));
        let mut response = self.client.execute(request).await.map_err(transport)?;
        let status_code = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > BODY_MAX_BYTES {
                let reason = format!("the response is larger than {BODY_MAX_BYTES} bytes");
                return Err(Failed::Transport(reason));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status_code, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl StepRuntime for Http {
    fn run(&self, _: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move { self.execute(&work).await })
    }

    fn terminate(&self, _: AttemptKey, _: Work) -> Pending<'_, ()> {
        // A request that was dropped leaves nothing outside.
        Box::pin(std::future::ready(()))
    }
}

/// What requests say of who makes them, unless the step says otherwise: whoever is called can tell the nodes of a machine apart.
fn agent() -> String {
    format!("segue/{} (process {})", env!("CARGO_PKG_VERSION"), std::process::id())
}

fn outputs(response: &Response) -> Map<String, Json> {
    let param = |kind: &str, value: Json| json!({ "type": kind, "value": value, "evaluated_result": value });
    let status_code = param("LONG", response.status_code.into());
    let response_body = param("STRING", response.body.as_str().into());
    [("status_code".to_owned(), status_code), ("response_body".to_owned(), response_body)].into_iter().collect()
}

fn artifacts(call: &Call, response: &Response) -> Map<String, Json> {
    let mut request = Map::new();
    request.insert("url".to_owned(), json!(call.url));
    request.insert("method".to_owned(), json!(call.method));
    if !call.headers.is_empty() {
        request.insert("headers".to_owned(), Json::Object(call.headers.clone()));
    }
    if let Some(body) = &call.body {
        request.insert("body".to_owned(), json!(body));
    }
    let status = if (200..300).contains(&response.status_code) { "SUCCESS" } else { "FAILED" };
    let artifact = json!({
        "request": request,
        "status": status,
        "status_code": response.status_code,
        "body": response.body,
        "type": "HTTP",
    });
    [("maestro_http".to_owned(), artifact)].into_iter().collect()
}

fn failure(failed: &Failed, mut timeline: Vec<Json>) -> Report {
    let (conclusion, error) = match failed {
        Failed::Refused(_) => (Conclusion::FatalError, format!("MaestroValidationException: {failed}")),
        Failed::Transport(_) => (Conclusion::PlatformError, failed.to_string()),
    };
    timeline.push(json!({
        "type": "DETAILS",
        "status": "INTERNAL_ERROR",
        "message": "Failed to execute http step runtime with an error",
        "errors": [error],
        "retryable": conclusion == Conclusion::PlatformError,
    }));
    Report { conclusion, outputs: Map::new(), artifacts: Map::new(), timeline }
}

fn log(timeline: &mut Vec<Json>, message: &str) {
    timeline.push(json!({ "type": "LOG", "level": "INFO", "message": message }));
}
