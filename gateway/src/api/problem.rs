//! Everything that can go wrong between a client and an engine, and the HTTP answer to it: the one table of statuses.
//!
//! Maestro's server speaks in two voices. What its own code refuses has `{"status", "message", "errors"}`; what its framework
//! refuses before that has an RFC 9457 document (`{"type", "title", "status", "detail", "instance"}`). Clients match on both.

use axum::{
    Json as JsonBody,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use workflow::port::{Reason, Refusal};

/// What clients are asked to wait before they try again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A call that no engine answered with success.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Maestro's own refusal; its status is that of the reason.
    Refused(Refusal),
    /// The framework's refusal.
    Framework {
        /// Which kind.
        kind: Framework,
        /// What happened, for people.
        detail: String,
    },
}

/// What a framework refuses by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// 400: a part of the address or a parameter is missing or is not what it must be.
    BadRequest,
    /// 404: no such path.
    NotFound,
    /// 405: the path knows other methods.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    RequestTimeout,
    /// 413: the body is larger than any call needs.
    ContentTooLarge,
    /// 415: the body is of a type that the call does not read.
    UnsupportedMediaType,
}

impl Framework {
    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad Request",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::RequestTimeout => "Request Timeout",
            Self::ContentTooLarge => "Content Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
        }
    }
}

impl Problem {
    fn framework(kind: Framework, detail: String) -> Self {
        Self::Framework { kind, detail }
    }

    /// A path part or parameter is of the wrong type.
    pub(crate) fn cannot_convert(name: &str, value: &str) -> Self {
        Self::framework(Framework::BadRequest, format!("Failed to convert '{name}' with value: '{value}'"))
    }

    /// A required parameter was not sent.
    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::framework(Framework::BadRequest, format!("Required parameter '{name}' is not present."))
    }

    /// The address cannot be decoded.
    pub(crate) fn undecodable(what: &str) -> Self {
        Self::framework(Framework::BadRequest, format!("The {what} is not valid percent-encoded UTF-8."))
    }

    /// No route has this path.
    pub(crate) fn no_such_path(path: &str) -> Self {
        let resource = path.trim_start_matches('/').trim_end_matches('/');
        Self::framework(Framework::NotFound, format!("No static resource {resource}."))
    }

    /// The path has no such method.
    pub(crate) fn wrong_method(method: &http::Method) -> Self {
        Self::framework(Framework::MethodNotAllowed, format!("Method '{method}' is not supported."))
    }

    /// The body has a type that the route does not read; one without any counts as bytes.
    pub(crate) fn wrong_media_type(sent: Option<&str>) -> Self {
        let sent = sent.unwrap_or("application/octet-stream");
        Self::framework(Framework::UnsupportedMediaType, format!("Content-Type '{sent}' is not supported."))
    }

    /// The body is larger than `max` bytes.
    pub(crate) fn too_large(max: usize) -> Self {
        Self::framework(Framework::ContentTooLarge, format!("The body is larger than {max} bytes."))
    }

    /// The body did not arrive in time.
    pub(crate) fn too_slow(seconds: u64) -> Self {
        Self::framework(Framework::RequestTimeout, format!("The body did not arrive within {seconds} s."))
    }

    /// The body is no JSON.
    pub(crate) fn no_json(why: &str) -> Self {
        Refusal::new(Reason::BadRequest, format!("JSON parse error: {why}")).into()
    }

    /// The body could not be read, or is no text.
    pub(crate) fn unreadable_body() -> Self {
        Refusal::new(Reason::BadRequest, "I/O error while reading input message").into()
    }

    /// A word stands where a number must.
    pub(crate) fn no_number(text: &str) -> Self {
        Refusal::new(Reason::BadRequest, format!("For input string: \"{text}\"")).into()
    }

    /// A body is needed.
    pub(crate) fn no_body(route: &str) -> Self {
        Refusal::new(Reason::BadRequest, format!("Required request body is missing: {route}")).into()
    }

    /// A parameter is outside of its range.
    pub(crate) fn violation(error: String) -> Self {
        let mut refusal = Refusal::new(Reason::BadRequest, "400 BAD_REQUEST \"Validation failure\"");
        refusal.errors.push(error);
        refusal.into()
    }

    /// As many calls are in work as are allowed.
    pub(crate) fn too_many_calls(max: usize) -> Self {
        let mut refusal =
            Refusal::new(Reason::TooManyRequests, format!("{max} calls are in work already; try again shortly"));
        refusal.is_retryable = true;
        refusal.into()
    }

    /// The engine took too long.
    pub(crate) fn no_answer_within(seconds: u64) -> Self {
        let text = format!("no answer within {seconds} s; what was asked for may still happen");
        Refusal::new(Reason::RequestTimeout, text).into()
    }

    /// A defect: the answer to a call panicked.
    pub(crate) fn defect() -> Self {
        Refusal::new(Reason::InternalError, "a defect of the server stopped this call; its log says more").into()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => {
                StatusCode::from_u16(refusal.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Framework { kind, .. } => kind.status(),
        }
    }

    /// The response to a call of `path`.
    pub(crate) fn response(self, path: &str) -> Response {
        let status = self.status();
        let is_retryable = matches!(&self, Self::Refused(refusal) if refusal.is_retryable);
        let mut response = match self {
            Self::Refused(refusal) => (status, JsonBody(refusal.document())).into_response(),
            Self::Framework { kind, detail } => {
                let document = json!({
                    "type": "about:blank", "title": kind.title(), "status": status.as_u16(), "detail": detail, "instance": path,
                });
                let media = [(header::CONTENT_TYPE, "application/problem+json")];
                (status, media, document.to_string()).into_response()
            }
        };
        if is_retryable {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
