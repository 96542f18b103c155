//! An engine's answer as an HTTP response.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::Value as Json;
use workflow::port::Answer;

/// Documents are JSON; a text is sent as it is; no body means an empty one.
pub(crate) fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    match answer.body {
        None => status.into_response(),
        Some(Json::String(text)) => {
            (status, [(header::CONTENT_TYPE, "text/plain;charset=UTF-8")], text).into_response()
        }
        Some(document) => (status, axum::Json(document)).into_response(),
    }
}
