//! What machines ask the server about itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, Router, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use serde_json::json;

/// `/healthz` (the process answers), `/readyz` (calls are welcome), `/metrics`, and the health path of Maestro's server.
pub(crate) fn router(metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>, is_ready: Arc<AtomicBool>) -> Router {
    let health = async || Json(json!({ "status": "UP" }));
    let ready = move || {
        let is_ready = is_ready.load(Ordering::Acquire);
        async move {
            if is_ready {
                (StatusCode::OK, Json(json!({ "status": "UP" })))
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "OUT_OF_SERVICE" })))
            }
        }
    };
    let router = Router::new()
        .route("/healthz", get(health))
        .route("/actuator/health", get(health))
        .route("/readyz", get(ready));
    let Some(render) = metrics else { return router };
    let metrics = move || {
        let text = render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response() }
    };
    router.route("/metrics", get(metrics))
}
