//! From an HTTP request to an engine's answer and back.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use axum::{
    Router,
    body::{self, Body as HttpBody},
    extract::{RawPathParams, Request as HttpRequest, rejection::RawPathParamsRejection},
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderMap, Uri, header};
use http_body_util::LengthLimitError;
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use workflow::{
    port::{Caller, Engine},
    user::User,
};

use super::{
    answer,
    input::Input,
    openapi, probe,
    problem::Problem,
    route::{Body, Route, Verb},
    table::routes,
};

/// More than any call needs: definitions have at most 256 KiB, the params of a run 750,000 characters.
const BODY_MAX_BYTES: usize = 2 * 1024 * 1024;

/// A body that takes longer is not waited for.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Blocking actions answer within 5 s; this is for what hangs.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Calls in work at once. Each holds at most one body, so this also bounds memory; more are told to come back.
const CALLS_MAX: usize = 1024;

/// What the HTTP side needs to know.
pub struct Service {
    /// Who answers.
    pub engine: Arc<dyn Engine>,
    /// Renders the metrics of the process, where they are collected.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Whether calls are welcome; false while the server shuts down.
    pub is_ready: Arc<AtomicBool>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("engine", &self.engine.name()).finish_non_exhaustive()
    }
}

struct Shared {
    engine: Arc<dyn Engine>,
    calls: Semaphore,
}

/// Everything that the server answers.
pub fn router(service: Service) -> Router {
    let shared = Arc::new(Shared { engine: Arc::clone(&service.engine), calls: Semaphore::new(CALLS_MAX) });
    let mut paths: BTreeMap<String, MethodRouter> = BTreeMap::new();
    for route in routes() {
        let shared = Arc::clone(&shared);
        let handler = move |parts: Result<RawPathParams, RawPathParamsRejection>, request: HttpRequest| {
            let shared = Arc::clone(&shared);
            async move { respond(route, &shared, parts, request).await }
        };
        let filter = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        };
        let methods = paths.remove(&route.full_path()).unwrap_or_default();
        paths.insert(route.full_path(), methods.merge(on(filter, handler)));
    }
    let calls = paths.into_iter().fold(Router::new(), |router, (path, methods)| router.route(&path, methods));
    calls
        .merge(probe::router(service.metrics, service.is_ready))
        .merge(openapi::router())
        .method_not_allowed_fallback(async |request: HttpRequest| {
            Problem::wrong_method(request.method()).response(request.uri().path())
        })
        .fallback(async |uri: Uri| Problem::no_such_path(uri.path()).response(uri.path()))
        .layer(CatchPanicLayer::custom(report_panic))
}

async fn respond(
    route: &'static Route,
    shared: &Shared,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    request: HttpRequest,
) -> Response {
    let path = request.uri().path().to_owned();
    let response = match call(route, shared, parts, request).await {
        Ok(answer) => answer::response(answer),
        Err(problem) => problem.response(&path),
    };
    crate::metric::answered(route.name, class(&response));
    response
}

async fn call(
    route: &'static Route,
    shared: &Shared,
    parts: Result<RawPathParams, RawPathParamsRejection>,
    request: HttpRequest,
) -> Result<workflow::port::Answer, Problem> {
    let _permit = shared.calls.try_acquire().map_err(|_| Problem::too_many_calls(CALLS_MAX))?;
    let parts = parts.map_err(|_| Problem::undecodable("path"))?;
    let caller = Caller { user: user(request.headers()) };
    let mut input = Input {
        path: parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        query: query(request.uri())?,
        ..Input::default()
    };
    input.check(route)?;
    read_body(route, request, &mut input).await?;
    let made = (route.build)(&mut input)?;
    let answer = tokio::time::timeout(ANSWER_WITHIN, shared.engine.call(caller, made)).await;
    Ok(answer.map_err(|_| Problem::no_answer_within(ANSWER_WITHIN.as_secs()))??)
}

/// The caller's name; header bytes that are no text are read as far as they go.
fn user(headers: &HeaderMap) -> Option<User> {
    let name = headers.get("user")?;
    let name = String::from_utf8_lossy(name.as_bytes());
    let name = name.trim();
    (!name.is_empty()).then(|| User::named(name))
}

fn query(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|pairs| pairs.0)
        .map_err(|_| Problem::undecodable("query"))
}

async fn read_body(route: &Route, request: HttpRequest, input: &mut Input) -> Result<(), Problem> {
    let wanted = match route.body {
        Body::None => return Ok(()),
        Body::Json | Body::JsonHeader => "application/json",
        Body::Yaml => "application/yaml",
        Body::JsonIfAny => "",
    };
    let (head, body) = request.into_parts();
    let sent = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = sent.map(|sent| sent.split(';').next().unwrap_or_default().trim());
    if !wanted.is_empty() && !media.is_some_and(|media| media.eq_ignore_ascii_case(wanted)) {
        return Err(Problem::wrong_media_type(sent));
    }
    if route.body == Body::JsonHeader {
        return Ok(());
    }
    let bytes = all_bytes(&head.headers, body).await?;
    match route.body {
        Body::None | Body::JsonHeader => {}
        Body::Yaml => input.text = String::from_utf8(bytes.into()).map_err(|_| Problem::unreadable_body())?,
        Body::JsonIfAny if bytes.is_empty() => {}
        Body::Json if bytes.is_empty() => return Err(Problem::no_body(route.name)),
        Body::Json | Body::JsonIfAny => {
            input.json =
                serde_json::from_slice::<Json>(&bytes).map_err(|error| Problem::no_json(&error.to_string()))?;
        }
    }
    Ok(())
}

async fn all_bytes(headers: &HeaderMap, sent: HttpBody) -> Result<bytes::Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_MAX_BYTES as u64) {
        return Err(Problem::too_large(BODY_MAX_BYTES));
    }
    let read = tokio::time::timeout(BODY_WITHIN, body::to_bytes(sent, BODY_MAX_BYTES)).await;
    let read = read.map_err(|_| Problem::too_slow(BODY_WITHIN.as_secs()))?;
    read.map_err(|error| {
        let is_too_large =
            std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if is_too_large { Problem::too_large(BODY_MAX_BYTES) } else { Problem::unreadable_body() }
    })
}

fn class(response: &Response) -> &'static str {
    match response.status().as_u16() {
        0..400 => "ok",
        400..500 => "refused",
        _ => "failed",
    }
}

/// A panic ends one call and nothing else; its text stays in the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn report_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = text, "a call panicked");
    Problem::defect().response("")
}
