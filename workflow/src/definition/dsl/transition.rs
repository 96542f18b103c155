//! Transitions: `next`, `IF condition THEN next`, `OTHERWISE next`, and the order of a whole level.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value as Json, json};

use super::{Converter, job::Job};
use crate::{
    definition::source::{
        Place,
        yaml::{Node, Value},
    },
    problem::{Path, code, nearest},
};

static CONDITIONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)^IF\s+(.+)\s+THEN\s+(\S+)$").expect("the pattern is a constant that tests compile")
});
static OTHERWISE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?is)^OTHERWISE\s+(\S+)$").expect("the pattern is a constant that tests compile"));

/// An entry is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not one of the three forms.
    #[error("Invalid transition: [{0}]. Expected formats: 'job_id', 'IF condition THEN job_id', or 'OTHERWISE job_id'")]
    Form(String),
    /// Something follows the entry for all other cases.
    #[error("'OTHERWISE' must be the last row in the transition list: [{0}]")]
    NotLast(String),
}

/// The successors that a list of entries stands for, with their conditions; where it fails, the index of the entry too.
pub fn edges(entries: &[&str]) -> Result<Vec<(String, String)>, (usize, Error)> {
    let mut edges: Vec<(String, String)> = Vec::new();
    let mut conditions = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let entry = entry.trim();
        let (next, condition) = if let Some(parts) = CONDITIONAL.captures(entry) {
            let condition = parts[1].trim().to_owned();
            conditions.push(format!("({condition})"));
            (parts[2].to_owned(), condition)
        } else if let Some(parts) = OTHERWISE.captures(entry) {
            if index + 1 < entries.len() {
                return Err((index, Error::NotLast(entries.join(", "))));
            }
            let negation = format!("!({})", conditions.join(" || "));
            (parts[1].to_owned(), if conditions.is_empty() { "true".to_owned() } else { negation })
        } else if entry.is_empty() || entry.contains(char::is_whitespace) {
            return Err((index, Error::Form(entry.to_owned())));
        } else {
            (entry.to_owned(), "true".to_owned())
        };
        if let Some((_, known)) = edges.iter_mut().find(|(known, _)| *known == next) {
            *known = condition;
        } else {
            edges.push((next, condition));
        }
    }
    Ok(edges)
}

/// The successors that a `transition` stands for; `None` where there are none.
pub(super) fn list(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node) -> Option<Map<String, Json>> {
    if node.is_null() {
        return None;
    }
    let list = converter.list(path, node)?;
    let mut entries = Vec::with_capacity(list.len());
    for node in list {
        let Some(entry) = node.as_str() else {
            converter.report(code::DSL_TRANSITION, path, node, "an entry of a transition is a text");
            return None;
        };
        entries.push(entry);
    }
    match edges(&entries) {
        Ok(edges) if edges.is_empty() => None,
        Ok(edges) => {
            let successors = path.key("successors");
            converter.place(&successors, &(0..0), node);
            for (next, _) in &edges {
                let entry = list
                    .iter()
                    .rev()
                    .find(|entry| entry.as_str().is_some_and(|text| text.trim().ends_with(next.as_str())));
                let entry = entry.map_or(node, |entry| entry);
                let written = Place { key: 0..0, value: condition_place(entry) };
                converter.places.insert(successors.key(next).to_string(), written);
            }
            Some(edges.into_iter().map(|(next, condition)| (next, Json::from(condition))).collect())
        }
        Err((index, error)) => {
            converter.report(code::DSL_TRANSITION, &path.index(index), &list[index], error.to_string());
            None
        }
    }
}

/// Where the condition of an entry stands; the whole entry where it has none, or is written with escapes.
fn condition_place(entry: &Node) -> Range<usize> {
    let text = entry.as_str().unwrap_or_default();
    let condition = CONDITIONAL.captures(text.trim_end()).and_then(|parts| parts.get(1));
    let quotes = entry.span.len().checked_sub(text.len());
    match (condition, quotes) {
        (Some(condition), Some(quotes @ (0 | 2))) => {
            let first = entry.span.start + quotes / 2;
            first + condition.start()..first + condition.end()
        }
        _ => entry.span.clone(),
    }
}

/// Gives the jobs of a level that have no transition of their own the edges that `dag` says.
pub(super) fn dag(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node, jobs: &mut [Job]) {
    match &node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                let Some(index) = jobs.iter().position(|job| job.id == key.name) else {
                    let message = format!("DAG transition refers to an unknown job id: [{}]", key.name);
                    let hint = nearest(&key.name, jobs.iter().map(|job| job.id.as_str()));
                    let hint = hint.map(|meant| format!("did you mean `{meant}`?"));
                    converter.report(code::DSL_DAG, &path.key(&key.name), node, message).hint = hint;
                    continue;
                };
                let wrapper = jobs[index].wrapper;
                let (at, key) = (path.index(index), "transition");
                let body = at.key(wrapper);
                let successors = list(converter, &body.key(key), node);
                if let Some(successors) = successors.filter(|_| !jobs[index].has_transition) {
                    jobs[index].step.insert("transition".to_owned(), json!({ "successors": successors }));
                }
            }
        }
        _ if node.as_str().is_some_and(|order| order.eq_ignore_ascii_case("parallel")) => {}
        _ if node.as_str().is_some_and(|order| order.eq_ignore_ascii_case("sequential")) => {
            for index in 1..jobs.len() {
                let next = jobs[index].id.clone();
                let job = &mut jobs[index - 1];
                if !job.has_transition {
                    job.step.insert("transition".to_owned(), json!({"successors": {next: "true"}}));
                }
            }
        }
        _ => {
            let order = super::text(node).unwrap_or_else(|| node.to_json().to_string());
            let message = format!("Invalid DAG order: {order}. Supported orders are SEQUENTIAL and PARALLEL.");
            converter.report(code::DSL_DAG, path, node, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[&str], expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(next, condition)| ((*next).to_owned(), (*condition).to_owned())).collect();
        assert_eq!(edges(entries), Ok(expected));
    }

    #[test]
    fn otherwise_negates_every_condition() {
        check(
            &["IF a THEN x", "y", "if b then x", "Otherwise z"],
            &[("x", "b"), ("y", "true"), ("z", "!((a) || (b))")],
        );
        check(&["OTHERWISE z"], &[("z", "true")]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(edges(&["WHEN a THEN x"]).unwrap_err().0, 0);
        assert!(matches!(edges(&["OTHERWISE x", "y"]).unwrap_err(), (0, Error::NotLast(_))));
    }
}
