//! What http steps call: a stub of a server, as a function.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use workflow::{
    definition::StepType,
    param::{Value, write},
    port::{Conclusion, Report, Work},
    runtime::http::AllowList,
    time::Millis,
};

/// Where the stub is said to be.
pub(super) const URL: &str = "http://127.0.0.1:8123";

/// Does the work of http steps; other typed kinds have no runtime here.
pub(super) fn outside() -> impl FnMut(&Work) -> (Report, Millis) {
    let mut counts = HashMap::new();
    move |work| match work.step_type {
        StepType::Http => http(work, &mut counts),
        _ => (failed("no runtime is registered for this step type"), Millis(1)),
    }
}

fn http(work: &Work, counts: &mut HashMap<String, usize>) -> (Report, Millis) {
    let request = match work.params.get("http").and_then(|param| param.value()) {
        Some(Value::Map(map)) => map.clone(),
        _ => return (failed("the http param is missing"), Millis(1)),
    };
    let text = |name: &str| match request.get(name) {
        Some(Value::String(text)) => Some(text.to_string()),
        _ => None,
    };
    let (url, method) = (text("url").unwrap_or_default(), text("method").unwrap_or_default());
    if let Err(refused) = AllowList::new(["127.0.0.1"]).check(Some(&url)) {
        let error = format!("MaestroValidationException: {refused}");
        let entry = json!({
            "type": "DETAILS", "status": "INTERNAL_ERROR", "message": "Failed to execute http step runtime with an error",
            "errors": [error], "retryable": false,
        });
        let report = Report {
            conclusion: Conclusion::FatalError,
            outputs: Map::new(),
            artifacts: Map::new(),
            timeline: vec![entry],
        };
        return (report, Millis(1));
    }
    let path = url.strip_prefix(URL).unwrap_or_default();
    let (code, body, took) = respond(path, &method, text("body").unwrap_or_default(), counts);
    let request: Map<String, Json> =
        request.iter().map(|(name, value)| (name.to_string(), write::value(value))).collect();
    let status = if (200..300).contains(&code) { "SUCCESS" } else { "FAILED" };
    let artifact = json!({ "request": request, "status": status, "status_code": code, "body": body, "type": "HTTP" });
    let output = |kind: &str, value: Json| json!({ "value": value, "type": kind, "evaluated_result": value, "evaluated_time": 1 });
    let outputs = [("status_code", output("LONG", code.into())), ("response_body", output("STRING", body.into()))];
    let log = |message: String| json!({ "type": "LOG", "level": "INFO", "message": message });
    let report = Report {
        conclusion: Conclusion::Done,
        outputs: outputs.into_iter().map(|(name, output)| (name.to_owned(), output)).collect(),
        artifacts: Map::from_iter([("maestro_http".to_owned(), artifact)]),
        timeline: vec![
            log(format!("Making the HTTP request: method=[{method}], url=[{url}]")),
            log(format!("The HTTP request completed with status code=[{code}]")),
        ],
    };
    (report, took)
}

/// `/status/CODE` · `/flaky/KEY/FAILS/CODE` · `/slow/MS` · `/json` · `/echo`
fn respond(path: &str, method: &str, body: String, counts: &mut HashMap<String, usize>) -> (u16, String, Millis) {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let plain = format!("{{\"path\": \"{path}\", \"method\": \"{method}\"}}");
    match parts.as_slice() {
        ["status", code] => (code.parse().unwrap(), plain, Millis(1)),
        ["flaky", key, fails, code] => {
            let count = counts.entry((*key).to_owned()).or_default();
            *count += 1;
            let code = if *count <= fails.parse().unwrap() { code.parse().unwrap() } else { 200 };
            (code, plain, Millis(1))
        }
        ["slow", millis] => (200, plain, Millis(millis.parse().unwrap())),
        ["json"] => (200, r#"{"answer":42,"name":"x"}"#.to_owned(), Millis(1)),
        ["echo"] => (200, body, Millis(1)),
        _ => (200, plain, Millis(1)),
    }
}

fn failed(message: &str) -> Report {
    let timeline = vec![json!({ "type": "LOG", "level": "WARN", "message": message })];
    Report { conclusion: Conclusion::FatalError, outputs: Map::new(), artifacts: Map::new(), timeline }
}
