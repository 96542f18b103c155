//! What a rehearsal showed, as one tree to be compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::is_loop_body,
    outcome::Outcome,
    port::{HarnessError, Rehearsed},
    time::Millis,
};

/// What the subjects of events of loop bodies begin with; no workflow has an id like this.
const LOOP: &str = "<loop>";

/// What one rehearsal showed.
#[derive(Clone, Debug)]
pub struct Showing {
    /// Statuses, params, attempts, artifacts; answers to acts; events.
    pub tree: Json,
    /// How long it took; `None` if it never ended.
    pub took: Option<Millis>,
}

impl Showing {
    /// Outcome, statuses of the answers to acts, and events.
    pub fn of(rehearsed: &Rehearsed) -> Self {
        let Json::Object(mut tree) = Outcome::of(&rehearsed.runs).into_json() else {
            return Self { tree: Json::Null, took: Some(rehearsed.took) };
        };
        if !rehearsed.answers.is_empty() {
            let statuses = rehearsed.answers.iter().map(|(status, _)| Json::from(*status));
            tree.insert("answers".to_owned(), statuses.collect());
        }
        tree.insert("events".to_owned(), events(&rehearsed.events));
        Self { tree: Json::Object(tree), took: Some(rehearsed.took) }
    }

    /// A sample that one engine refuses or never ends, and the other does not, is told apart by its status.
    pub fn of_failure(error: &HarnessError) -> Option<Self> {
        let status = match error {
            HarnessError::Refused(_) => "REFUSED",
            HarnessError::Endless(_) => "NEVER_ENDED",
            HarnessError::Broken(_) => return None,
        };
        Some(Self { tree: json!({ "status": status, "because": error.to_string() }), took: None })
    }

    pub(super) fn of_recorded(outcome: &Json, took: Millis) -> Self {
        Self { tree: outcome.clone(), took: Some(took) }
    }

    /// Only what a recording can tell: statuses, params, attempts, artifacts.
    pub(super) fn without_answers_and_events(mut self) -> Self {
        if let Json::Object(tree) = &mut self.tree {
            tree.shift_remove("answers");
            tree.shift_remove("events");
        }
        self
    }
}

/// Status changes by what changed. Delivery is at least once and may be batched, so a repeated change counts once.
fn events(events: &[Json]) -> Json {
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events {
        let Some(key) = subject(event) else { continue };
        let of_subject = changes.entry(key).or_default();
        let records = event.get("status_change_records").and_then(Json::as_array);
        for record in records.map_or(std::slice::from_ref(event), Vec::as_slice) {
            let change = format!("{} → {}", text(record, "old_status"), text(record, "new_status"));
            if !of_subject.contains(&change) {
                of_subject.push(change);
            }
        }
    }
    // Several loops share a subject: which of them was first says nothing.
    for (_, changes) in changes.iter_mut().filter(|(key, _)| key.starts_with(LOOP)) {
        changes.sort();
    }
    Json::Object(changes.into_iter().map(|(key, changes)| (key, Json::from(changes))).collect::<Map<_, _>>())
}

/// What an event is about; `None` for those about definitions. Ids of loop bodies differ from store to store, their steps do not.
fn subject(event: &Json) -> Option<String> {
    event.get("workflow_instance_id")?;
    let workflow = text(event, "workflow_id");
    let number = |name: &str| event.get(name).and_then(Json::as_i64).unwrap_or(0);
    let workflow = if is_loop_body(workflow) { LOOP } else { workflow };
    let run = format!("{workflow}/{}/{}", number("workflow_instance_id"), number("workflow_run_id"));
    let step = event.get("step_id").and_then(Json::as_str);
    Some(step.map_or_else(|| run.clone(), |step| format!("{run}/{step}/{}", number("step_attempt_id"))))
}

fn text<'a>(document: &'a Json, name: &str) -> &'a str {
    document.get(name).and_then(Json::as_str).unwrap_or("?")
}
