//! Walking two outcome trees side by side.
//!
//! Outcomes keep everything under a key (runs by path, steps by id, attempts by number), so maps align by themselves. Arrays are values of
//! params or short lists; they align by a sequence diff, so that one inserted element does not make everything after it differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Difference, Kind};

/// Differences that one comparison may report; beyond it the outcomes are simply different everywhere.
pub(super) const DIFFERENCES_MAX: usize = 1_000;

/// Arrays longer than this are compared index by index.
const ALIGNED_ARRAY_MAX: usize = 2_000;

/// Every place where the trees disagree, in path order, at most [`DIFFERENCES_MAX`].
pub fn differences(left: &Json, right: &Json) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(&mut String::new(), left, right, &mut found);
    found
}

fn walk(path: &mut String, left: &Json, right: &Json, found: &mut Vec<Difference>) {
    if found.len() >= DIFFERENCES_MAX || left == right {
        return;
    }
    match (left, right) {
        (Json::Object(a), Json::Object(b)) => objects(path, a, b, found),
        (Json::Array(a), Json::Array(b)) => arrays(path, a, b, found),
        _ if is_same_number(left, right) => {}
        _ => report(path, Kind::Changed, left.clone(), right.clone(), found),
    }
}

fn objects(path: &mut String, left: &Map<String, Json>, right: &Map<String, Json>, found: &mut Vec<Difference>) {
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for key in keys {
        let above = path.len();
        push_segment(path, key);
        match (left.get(key), right.get(key)) {
            (Some(a), Some(b)) => walk(path, a, b, found),
            (Some(a), None) => report(path, Kind::Missing, a.clone(), Json::Null, found),
            (None, Some(b)) => report(path, Kind::Extra, Json::Null, b.clone(), found),
            (None, None) => {}
        }
        path.truncate(above);
    }
}

fn arrays(path: &mut String, left: &[Json], right: &[Json], found: &mut Vec<Difference>) {
    if left.len().max(right.len()) > ALIGNED_ARRAY_MAX {
        return pairwise(path, left, right, 0, found);
    }
    let (a, b): (Vec<String>, Vec<String>) =
        (left.iter().map(Json::to_string).collect(), right.iter().map(Json::to_string).collect());
    for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { old_index, old_len, .. } => {
                pairwise(path, &left[old_index..old_index + old_len], &[], old_index, found);
            }
            DiffOp::Insert { old_index, new_index, new_len } => {
                pairwise(path, &[], &right[new_index..new_index + new_len], old_index, found);
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let (a, b) = (&left[old_index..old_index + old_len], &right[new_index..new_index + new_len]);
                pairwise(path, a, b, old_index, found);
            }
        }
    }
}

fn pairwise(path: &mut String, left: &[Json], right: &[Json], from: usize, found: &mut Vec<Difference>) {
    for index in 0..left.len().max(right.len()) {
        let above = path.len();
        path.push_str(&format!("[{}]", from + index));
        match (left.get(index), right.get(index)) {
            (Some(a), Some(b)) => walk(path, a, b, found),
            (Some(a), None) => report(path, Kind::Missing, a.clone(), Json::Null, found),
            (None, Some(b)) => report(path, Kind::Extra, Json::Null, b.clone(), found),
            (None, None) => {}
        }
        path.truncate(above);
    }
}

fn report(path: &str, kind: Kind, left: Json, right: Json, found: &mut Vec<Difference>) {
    if found.len() < DIFFERENCES_MAX {
        found.push(Difference { path: path.to_owned(), kind, left, right, excused_by: None });
    }
}

fn push_segment(path: &mut String, key: &str) {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-#[]/~".contains(c));
    if !path.is_empty() {
        path.push('.');
    }
    if is_plain {
        path.push_str(key);
        return;
    }
    path.push('\'');
    for c in key.chars() {
        if matches!(c, '\'' | '\\') {
            path.push('\\');
        }
        path.push(c);
    }
    path.push('\'');
}

/// The segments of a path; dots within quotes separate nothing.
pub(super) fn segments(path: &str) -> Vec<&str> {
    let (mut segments, mut from, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in path.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '\'' => is_quoted = !is_quoted,
            '.' if !is_quoted => {
                segments.push(&path[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&path[from..]);
    segments
}

/// `1` and `1` written otherwise are one number; a long and a double never are (runtime.md §24, rule 12).
fn is_same_number(left: &Json, right: &Json) -> bool {
    let (Json::Number(a), Json::Number(b)) = (left, right) else { return false };
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.as_f64() == b.as_f64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(left: Json, right: Json, expected: &[&str]) {
        let found = differences(&left, &right);
        let told: Vec<_> =
            found.iter().map(|one| format!("{} {:?} {} {}", one.path, one.kind, one.left, one.right)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn equal_trees_have_no_differences() {
        check(json!({"a": [1, {"b": null}]}), json!({"a": [1, {"b": null}]}), &[]);
    }

    #[test]
    fn a_changed_leaf_is_named_by_its_path() {
        check(
            json!({"runs": {"": {"steps": {"a": {"1": {"status": "SUCCEEDED"}}}}}}),
            json!({"runs": {"": {"steps": {"a": {"1": {"status": "STOPPED"}}}}}}),
            &[r#"runs.''.steps.a.1.status Changed "SUCCEEDED" "STOPPED""#],
        );
    }

    #[test]
    fn a_dot_within_quotes_separates_no_segments() {
        check(json!({"a": {"b.c'd": 1}}), json!({"a": {"b.c'd": 2}}), &[r"a.'b.c\'d' Changed 1 2"]);
        assert_eq!(segments(r"a.'b.c\'d'.e"), ["a", r"'b.c\'d'", "e"]);
    }

    #[test]
    fn an_inserted_element_is_one_difference() {
        check(json!({"x": [1, 2, 3]}), json!({"x": [0, 1, 2, 3]}), &["x[0] Extra null 0"]);
    }

    #[test]
    fn a_missing_key_is_told_from_a_null_one() {
        check(json!({"a": null}), json!({}), &["a Missing null null"]);
    }

    #[test]
    fn a_long_is_not_a_double() {
        check(json!({"a": 1}), json!({"a": 1.0}), &["a Changed 1 1.0"]);
    }

    #[test]
    fn the_number_of_differences_is_bounded() {
        let many = |from: usize| Json::Object((0..5_000).map(|n| (n.to_string(), json!(n + from))).collect());
        assert_eq!(differences(&many(0), &many(1)).len(), DIFFERENCES_MAX);
    }
}
