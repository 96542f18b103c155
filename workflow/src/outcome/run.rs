//! The outcome of one run: its own document, then its steps.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    attempt,
    symbol::{Symbols, is_nothing, object},
};

/// The normalised run.
pub(super) fn outcome(instance: &Json, attempts: &[Json], symbols: &mut Symbols) -> Json {
    let field = |name: &str| instance.get(name).cloned().unwrap_or(Json::Null);
    object([
        ("status", field("status")),
        ("run_status", instance.pointer("/runtime_overview/run_status").cloned().unwrap_or(Json::Null)),
        ("policy", instance.pointer("/run_config/policy").cloned().unwrap_or(Json::Null)),
        ("was_started", Json::Bool(!is_nothing(&field("start_time")))),
        ("dag", dag(&field("runtime_dag"))),
        ("params", params(instance.get("params"), symbols)),
        ("artifacts", symbols.value(&field("artifacts"))),
        ("step_counts", step_counts(instance)),
        ("rollup", rollup(instance.pointer("/runtime_overview/rollup_overview"))),
        ("steps", steps(attempts, symbols)),
        ("broken_order", broken_order(instance, attempts)),
    ])
}

/// Evaluated values by name; the clock's are only said to be there.
pub(super) fn params(params: Option<&Json>, symbols: &mut Symbols) -> Json {
    let Some(Json::Object(params)) = params else { return Json::Null };
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let value = |(name, param): (&String, &Json), symbols: &mut Symbols| {
        let value = match param.get("evaluated_result") {
            None => "<not evaluated>".into(),
            Some(_) if Symbols::is_volatile(name) => "<volatile>".into(),
            Some(result) => symbols.value(result),
        };
        (name.clone(), value)
    };
    Json::Object(sorted.into_iter().map(|entry| value(entry, symbols)).collect::<Map<_, _>>())
}

/// Predecessors as a sorted set, successors as a map.
fn dag(dag: &Json) -> Json {
    let Json::Object(steps) = dag else { return Json::Null };
    let node = |node: &Json| {
        let mut before: Vec<String> = texts(node.get("predecessors"));
        before.sort();
        object([("after", before.into()), ("to", sorted(node.get("successors").unwrap_or(&Json::Null)))])
    };
    let sorted: BTreeMap<_, _> = steps.iter().collect();
    Json::Object(sorted.into_iter().map(|(id, step)| (id.clone(), node(step))).collect())
}

fn texts(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            Json::Object(sorted.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// How many steps stand in which status; the ordinals and times beside the counts say nothing more than the steps do.
fn step_counts(instance: &Json) -> Json {
    counts(instance.pointer("/runtime_overview/step_overview"))
}

fn rollup(rollup: Option<&Json>) -> Json {
    let leaves = rollup.and_then(|rollup| rollup.get("total_leaf_count")).cloned().unwrap_or(Json::Null);
    object([("leaves", leaves), ("counts", counts(rollup.and_then(|rollup| rollup.get("overview"))))])
}

fn counts(overview: Option<&Json>) -> Json {
    let Some(Json::Object(by_status)) = overview else { return Json::Null };
    let sorted: BTreeMap<_, _> = by_status.iter().collect();
    let count = |entry: &Json| entry.get("cnt").cloned().unwrap_or(Json::Null);
    Json::Object(sorted.into_iter().map(|(status, entry)| (status.clone(), count(entry))).collect())
}

/// Attempts by step id and number.
fn steps(attempts: &[Json], symbols: &mut Symbols) -> Json {
    let mut steps: BTreeMap<&str, BTreeMap<i64, &Json>> = BTreeMap::new();
    for document in attempts {
        let step = document.get("step_id").and_then(Json::as_str).unwrap_or("?");
        let number = document.get("step_attempt_id").and_then(Json::as_i64).unwrap_or(1);
        steps.entry(step).or_default().insert(number, document);
    }
    let mut named = |tries: BTreeMap<i64, &Json>| {
        Json::Object(
            tries
                .into_iter()
                .map(|(number, document)| (number.to_string(), attempt::outcome(document, symbols)))
                .collect(),
        )
    };
    Json::Object(steps.into_iter().map(|(step, tries)| (step.to_owned(), named(tries))).collect())
}

/// Edges of the DAG whose later step was created before the earlier one ended: the partial order that every engine must keep.
fn broken_order(instance: &Json, attempts: &[Json]) -> Json {
    let moment =
        |document: &Json, name: &str| document.pointer(&format!("/runtime_state/{name}")).and_then(Json::as_i64);
    let mut ended: BTreeMap<&str, i64> = BTreeMap::new();
    let mut created: BTreeMap<&str, i64> = BTreeMap::new();
    for document in attempts {
        let Some(step) = document.get("step_id").and_then(Json::as_str) else { continue };
        if let Some(at) = moment(document, "end_time") {
            ended.entry(step).and_modify(|first| *first = (*first).min(at)).or_insert(at);
        }
        if let Some(at) = moment(document, "create_time") {
            created.entry(step).and_modify(|first| *first = (*first).min(at)).or_insert(at);
        }
    }
    let Some(Json::Object(dag)) = instance.get("runtime_dag") else { return Json::Null };
    let mut broken = Vec::new();
    for (step, node) in dag {
        for before in texts(node.get("predecessors")) {
            let pair = created.get(step.as_str()).zip(ended.get(before.as_str()));
            let is_unended = created.contains_key(step.as_str()) && !ended.contains_key(before.as_str());
            if is_unended || pair.is_some_and(|(created, ended)| created < ended) {
                broken.push(format!("{step} began before {before} had ended"));
            }
        }
    }
    broken.sort();
    broken.into()
}
