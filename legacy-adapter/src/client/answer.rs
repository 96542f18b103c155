//! A response as an answer or a refusal.

use reqwest::{StatusCode, Url};
use serde_json::Value as Json;
use workflow::port::{Answer, Reason, Refusal};

use super::Error;

/// Characters of a foreign body that are shown.
const SHOWN_MAX: usize = 120;

/// Every reason that an error document may name.
const REASONS: [Reason; 9] = [
    Reason::BadRequest,
    Reason::NotFound,
    Reason::RequestTimeout,
    Reason::Conflict,
    Reason::PreconditionFailed,
    Reason::UnprocessableEntity,
    Reason::TooManyRequests,
    Reason::InternalError,
    Reason::Unavailable,
];

/// A response that has arrived.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) url: Url,
    pub(super) status: StatusCode,
    /// As the server names it; empty if it does not.
    pub(super) media: String,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// What it says, in the API's terms.
    pub(super) fn into_answer(self) -> Result<Answer, Error> {
        if self.status.is_success() {
            let body = if self.body.is_empty() { None } else { Some(self.document()?) };
            return Ok(Answer { status: self.status.as_u16(), body });
        }
        Err(self.into_error())
    }

    /// JSON, or the text that a few calls answer with.
    fn document(&self) -> Result<Json, Error> {
        let text = || std::str::from_utf8(&self.body).ok().map(Json::from);
        let document = if self.media.starts_with("text/plain") { text() } else { self.json() };
        document.ok_or_else(|| self.foreign(format!("it sent `{}`", self.shown())))
    }

    fn json(&self) -> Option<Json> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Maestro's own code says `status`, `message` and `errors`; its framework an RFC 9457 document.
    fn into_error(self) -> Error {
        let status = self.status;
        let document = self.json().filter(Json::is_object);
        let Some(document) = document else {
            return if is_gateways(status) {
                busy(status, None).into()
            } else {
                self.foreign(format!("it answered {status}"))
            };
        };
        let text = |name: &str| document[name].as_str().map(str::to_owned);
        if let Some((name, message)) = text("status").zip(text("message")) {
            let named = REASONS.into_iter().find(|reason| reason.as_str() == name);
            let mut refusal = Refusal::new(named.unwrap_or_else(|| of_status(status)), message);
            refusal.errors = document["errors"].as_array().into_iter().flatten().map(shown).collect();
            refusal.is_retryable = is_temporary(refusal.reason);
            return refusal.into();
        }
        let detail = text("detail").or_else(|| text("message")).or_else(|| text("error"));
        match status {
            // A path that the framework does not know must not read as a thing that is not there.
            StatusCode::NOT_FOUND => self.foreign("it does not know this path".to_owned()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.foreign(format!("it answered {status}")),
            _ if is_gateways(status) => busy(status, detail).into(),
            _ => Refusal::new(of_status(status), detail.unwrap_or_else(|| status.to_string())).into(),
        }
    }

    fn foreign(&self, because: String) -> Error {
        Error::NotMaestro { url: self.url.clone(), because }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(SHOWN_MAX).collect()
    }
}

/// An error is text; anything else is shown as it is.
fn shown(error: &Json) -> String {
    error.as_str().map_or_else(|| error.to_string(), str::to_owned)
}

/// What stands in front of a server answers so while the server is away.
fn is_gateways(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    )
}

fn busy(status: StatusCode, detail: Option<String>) -> Refusal {
    let mut refusal = Refusal::new(of_status(status), detail.unwrap_or_else(|| status.to_string()));
    refusal.is_retryable = true;
    refusal
}

fn is_temporary(reason: Reason) -> bool {
    matches!(reason, Reason::TooManyRequests | Reason::Unavailable)
}

/// The reason that a bare status stands for.
fn of_status(status: StatusCode) -> Reason {
    let known = REASONS.into_iter().find(|reason| reason.status() == status.as_u16());
    known.unwrap_or(match status.as_u16() {
        502 | 504 => Reason::Unavailable,
        400..=499 => Reason::BadRequest,
        _ => Reason::InternalError,
    })
}
