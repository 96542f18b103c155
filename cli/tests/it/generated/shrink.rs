//! The smallest case in which the engines still disagree.

use serde_json::Value as Json;
use workflow::port::Rehearsal;

/// Plays that shrinking may take; a case is small enough to be read long before.
const PLAYS_MAX: usize = 2_000;

/// Fields that a step, a workflow or its properties can do without.
const OPTIONAL: [&str; 17] = [
    "timeout",
    "failure_mode",
    "retry_policy",
    "tags",
    "signal_dependencies",
    "signal_outputs",
    "signal_triggers",
    "concurrency",
    "strict_ordering",
    "sync",
    "explicit_params",
    "instance_step_concurrency",
    "step_concurrency",
    "run_strategy",
    "transition",
    "p",
    "run_params",
];

/// Takes away what is not needed for `still` to hold, as long as something can be taken away.
pub(super) fn shrink(case: &Rehearsal, still: impl Fn(&Rehearsal) -> bool) -> Rehearsal {
    let (mut smallest, mut plays) = (case.clone(), 0);
    loop {
        let better = smaller(&smallest).into_iter().find(|other| {
            plays += 1;
            plays <= PLAYS_MAX && still(other)
        });
        match better {
            Some(better) => smallest = better,
            None => return smallest,
        }
    }
}

/// Everything that is one thing smaller, larger savings first.
fn smaller(case: &Rehearsal) -> Vec<Rehearsal> {
    let mut all = Vec::new();
    // The last one only waits until all is quiet.
    for at in 0..case.acts.len().saturating_sub(1) {
        let mut other = case.clone();
        other.acts.remove(at);
        all.push(other);
    }
    for at in 0..case.definitions.len().saturating_sub(1) {
        let mut other = case.clone();
        other.definitions.remove(at);
        all.push(other);
    }
    for at in 0..case.definitions.len() {
        for definition in without_one(&case.definitions[at]) {
            let mut other = case.clone();
            other.definitions[at] = definition;
            all.push(other);
        }
    }
    for key in case.stand_ins.keys() {
        let mut other = case.clone();
        other.stand_ins.remove(key);
        all.push(other);
    }
    all.extend(without_one(&case.start).into_iter().map(|start| Rehearsal { start, ..case.clone() }));
    all
}

/// A document without one step, one edge or one optional field, anywhere in it.
fn without_one(document: &Json) -> Vec<Json> {
    let mut places = Vec::new();
    removable(document, &mut String::new(), &mut places);
    places.iter().filter_map(|place| without(document, place)).collect()
}

fn removable(document: &Json, path: &mut String, places: &mut Vec<String>) {
    let above = path.len();
    match document {
        Json::Object(fields) => {
            for (name, value) in fields {
                path.push_str(&format!("/{name}"));
                let is_edge = path[..above].ends_with("/successors");
                if is_edge || OPTIONAL.contains(&name.as_str()) {
                    places.push(path.clone());
                }
                removable(value, path, places);
                path.truncate(above);
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push_str(&format!("/{at}"));
                // Without the step that counts, a loop would not end.
                let is_body = path[..above].ends_with("/while/steps");
                if path[..above].ends_with("/steps") && !is_body && items.len() > 1 {
                    places.push(path.clone());
                }
                removable(item, path, places);
                path.truncate(above);
            }
        }
        _ => {}
    }
}

fn without(document: &Json, place: &str) -> Option<Json> {
    let mut other = document.clone();
    let (above, last) = place.rsplit_once('/')?;
    match other.pointer_mut(above)? {
        Json::Object(fields) => drop(fields.shift_remove(last)),
        Json::Array(items) => {
            let step = items.remove(last.parse().ok()?);
            let gone = step.as_object()?.values().next()?.get("id")?.as_str()?.to_owned();
            for item in items {
                let step = item.as_object_mut().and_then(|step| step.values_mut().next());
                if let Some(Json::Object(edges)) = step.and_then(|step| step.pointer_mut("/transition/successors")) {
                    edges.shift_remove(&gone);
                }
            }
        }
        _ => return None,
    }
    Some(other)
}
