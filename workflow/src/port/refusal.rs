//! Why a call was refused, in the API's terms.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The kind of refusal; decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// 400: the request is wrong.
    BadRequest,
    /// 404: there is no such thing.
    NotFound,
    /// 408: a blocking action did not finish in time; it may still happen.
    RequestTimeout,
    /// 409: something else is going on.
    Conflict,
    /// 412: a property cannot change now.
    PreconditionFailed,
    /// 422: well formed but impossible.
    UnprocessableEntity,
    /// 429: a limit of live work is reached; try again later.
    TooManyRequests,
    /// 500: a defect or a failed store.
    InternalError,
    /// 502/503: the engine behind could not be reached.
    Unavailable,
}

impl Reason {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NotFound => 404,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::UnprocessableEntity => 422,
            Self::TooManyRequests => 429,
            Self::InternalError => 500,
            Self::Unavailable => 503,
        }
    }

    /// The name in error documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::NotFound => "NOT_FOUND",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::Conflict => "CONFLICT",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::UnprocessableEntity => "UNPROCESSABLE_ENTITY",
            Self::TooManyRequests => "TOO_MANY_REQUESTS",
            Self::InternalError => "INTERNAL_ERROR",
            Self::Unavailable => "SERVICE_UNAVAILABLE",
        }
    }
}

/// A refused call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The kind.
    pub reason: Reason,
    /// What happened.
    pub message: String,
    /// Every problem, each with its place; empty where there is only the message.
    pub errors: Vec<String>,
    /// Whether the caller may simply try again.
    pub is_retryable: bool,
}

impl Refusal {
    /// A refusal that is only a message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), errors: Vec::new(), is_retryable: false }
    }

    /// The error document (rest-api.md §1.1).
    pub fn document(&self) -> Json {
        let mut document = json!({ "status": self.reason.as_str(), "message": self.message });
        if !self.errors.is_empty() {
            document["errors"] = self.errors.clone().into();
        }
        document
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}
