//! Differences at three depths: outcome, document, text.

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::normal::is_empty;

const TEXT: [&str; 7] = ["message", "errors", "timeline", "timeline_event", "timeline_events", "details", "info"];

const OUTCOME: [&str; 60] = [
    "status",
    "runtime_state",
    "step_id",
    "step_attempt_id",
    "workflow_id",
    "workflow_version_id",
    "workflow_run_id",
    "workflow_instance_id",
    "step_retry",
    "error_retries",
    "platform_retries",
    "timeout_retries",
    "manual_retries",
    "retryable",
    "params",
    "evaluated_result",
    "type",
    "transition",
    "successors",
    "runtime_overview",
    "run_status",
    "total_step_count",
    "step_overview",
    "rollup_overview",
    "total_leaf_count",
    "overview",
    "cnt",
    "aggregated_info",
    "workflow_instance_status",
    "step_aggregated_views",
    "elements",
    "total_count",
    "page_info",
    "has_next_page",
    "has_previous_page",
    "artifacts",
    "foreach_overview",
    "stats",
    "total_loop_count",
    "first_iteration",
    "last_iteration",
    "loop_param_values",
    "completed",
    "signal_dependencies",
    "dependencies",
    "nonterminal_instances",
    "failed_instances",
    "active_version_id",
    "latest_version_id",
    "default_version_id",
    "latest_instance_id",
    "run_strategy",
    "rule",
    "workflow_concurrency",
    "step_concurrency",
    "is_active",
    "is_latest",
    "subworkflow_status",
    "run_policy",
    "policy",
];

const FREE: [&str; 9] = [
    "params",
    "step_overview",
    "overview",
    "stats",
    "successors",
    "loop_param_values",
    "artifacts",
    "nonterminal_instances",
    "step_aggregated_views",
];

/// At which depths a scenario agrees.
pub(crate) struct Depths {
    pub outcome: bool,
    pub document: bool,
    pub text: bool,
}

impl Depths {
    pub(super) const ALL: Self = Self { outcome: true, document: true, text: true };
}

/// Where one answer differs.
pub(super) struct Differences {
    outcome: Vec<String>,
    document: Vec<String>,
    text: Vec<String>,
}

impl Differences {
    pub(super) fn lower(&mut self, depths: &mut Depths) {
        depths.outcome &= self.outcome.is_empty();
        depths.document &= self.document.is_empty();
        depths.text &= self.text.is_empty();
    }

    /// The outcome's differences, or else the document's, or else the text's.
    pub(super) fn worst(&self) -> impl Iterator<Item = &String> {
        let depths = [&self.outcome, &self.document, &self.text];
        depths.into_iter().find(|depth| !depth.is_empty()).unwrap_or(&self.text).iter()
    }
}

/// Compares an answer with what was recorded.
pub(super) fn differences(expect: &Json, status: u16, got: &Json) -> Differences {
    let want = &expect["body"];
    let ignored: Vec<Regex> = expect["ignore"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|path| Regex::new(&format!("^(?:{})", path.as_str().unwrap())).unwrap())
        .collect();
    let found = |want: &Json, got: &Json| {
        let mut all = Vec::new();
        walk(want, got, "", &mut all);
        all.retain(|(path, _)| !ignored.iter().any(|pattern| pattern.is_match(path)));
        all.into_iter().map(|(path, what)| format!("{path}: {what}")).collect::<Vec<_>>()
    };
    let mut by_outcome = found(&outcome(want, ""), &outcome(got, ""));
    if expect["status"] != status {
        by_outcome.insert(0, format!("HTTP status: expected {}, got {status}: {got}", expect["status"]));
    }
    if expect["outcome_only"] == true {
        return Differences { outcome: by_outcome.clone(), document: by_outcome.clone(), text: by_outcome };
    }
    Differences {
        outcome: by_outcome,
        document: found(&without_text(want), &without_text(got)),
        text: found(want, got),
    }
}

fn outcome(json: &Json, key: &str) -> Json {
    match json {
        Json::Object(object) => {
            let is_free = FREE.contains(&key);
            let kept = object.iter().filter(|(name, _)| is_free || OUTCOME.contains(&name.as_str()));
            let kept = kept.map(|(name, json)| (name.clone(), outcome(json, name))).filter(|(_, json)| !is_empty(json));
            Json::Object(kept.collect::<Map<_, _>>())
        }
        Json::Array(array) => array.iter().map(|json| outcome(json, key)).collect(),
        other => other.clone(),
    }
}

fn without_text(json: &Json) -> Json {
    match json {
        Json::Object(object) => {
            let kept = object.iter().filter(|(name, _)| !TEXT.contains(&name.as_str()));
            Json::Object(kept.map(|(name, json)| (name.clone(), without_text(json))).collect())
        }
        Json::Array(array) => array.iter().map(without_text).collect(),
        other => other.clone(),
    }
}

fn walk(want: &Json, got: &Json, path: &str, out: &mut Vec<(String, String)>) {
    let brief = |json: &Json| json.to_string().chars().take(160).collect::<String>();
    match (want, got) {
        (Json::Object(left), Json::Object(right)) => {
            let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (left.get(name), right.get(name)) {
                    (Some(left), Some(right)) => walk(left, right, &inner, out),
                    (Some(left), None) => out.push((inner, format!("missing, expected {}", brief(left)))),
                    (None, Some(right)) => out.push((inner, format!("unexpected {}", brief(right)))),
                    (None, None) => {}
                }
            }
        }
        (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                walk(left, right, &format!("{path}[{index}]"), out);
            }
        }
        _ if want == got => {}
        // The same decimal may be written in several ways; a whole number is not a decimal.
        (Json::Number(left), Json::Number(right))
            if left.as_i64().is_none() && right.as_i64().is_none() && left.as_f64() == right.as_f64() => {}
        _ => out.push((path.to_owned(), format!("expected {}, got {}", brief(want), brief(got)))),
    }
}
