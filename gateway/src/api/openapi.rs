//! The API's own description, made from the table that makes the routes, so that it cannot be out of date.

use axum::{Json, Router, routing::get};
use serde_json::{Map, Value, json};

use super::{
    route::{Body, Kind, Route},
    table::routes,
};

/// Serves the document.
pub(crate) fn router() -> Router {
    Router::new().route("/openapi.json", get(async || Json(document())))
}

/// The OpenAPI 3.1 document of all calls.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let path = paths.entry(route.full_path()).or_insert_with(|| json!({}));
        let operations = path.as_object_mut().expect("made as an object just above");
        operations.insert(route.verb.as_str().to_ascii_lowercase(), operation(route));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Segue",
            "version": "3",
            "description": "Maestro's workflow API, answered by whichever engine a run belongs to.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": { "schemas": schemas() },
    })
}

fn operation(route: &Route) -> Value {
    let parts = route.parts().map(|(name, kind)| parameter(name, "path", kind, true));
    let query = route.query.iter().map(|query| parameter(query.name, "query", query.kind, query.is_required));
    let user = json!({
        "name": "user", "in": "header", "required": false, "schema": { "type": "string" },
        "description": "Who asks; needed wherever an author is stored.",
    });
    let mut operation = json!({
        "operationId": route.name,
        "tags": [tag(route.path)],
        "summary": route.about,
        "parameters": parts.chain(query).chain([user]).collect::<Value>(),
        "responses": {
            "2XX": { "description": "Done.", "content": { "application/json": { "schema": {} } } },
            "4XX": {
                "description": "Refused.",
                "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Error" } },
                    "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
                },
            },
            "5XX": {
                "description": "A defect, or an engine that cannot be reached.",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
            },
        },
    });
    if let Some(body) = request_body(route) {
        operation["requestBody"] = body;
    }
    operation
}

fn request_body(route: &Route) -> Option<Value> {
    let (media, schema) = match route.body {
        Body::None | Body::JsonHeader => return None,
        Body::Json | Body::JsonIfAny => ("application/json", json!({})),
        Body::Yaml => ("application/yaml", json!({ "type": "string" })),
    };
    Some(json!({ "required": route.body != Body::JsonIfAny, "content": { media: { "schema": schema } } }))
}

fn parameter(name: &str, place: &str, kind: Kind, is_required: bool) -> Value {
    let schema = match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Integer => json!({ "type": "integer", "format": "int64" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::PageSize => json!({ "type": "integer", "minimum": 1, "maximum": 200 }),
    };
    json!({ "name": name, "in": place, "required": is_required, "schema": schema })
}

/// Calls are grouped by the first word of their path.
fn tag(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

fn schemas() -> Value {
    json!({
        "Error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {
                "status": { "type": "string" },
                "message": { "type": "string" },
                "errors": { "type": "array", "items": { "type": "string" } },
            },
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "instance": { "type": "string" },
            },
        },
    })
}
