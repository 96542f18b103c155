//! A difference as people read it: short, on one line, safe to show.

use replay::compare::{Difference, Kind};
use serde_json::Value as Json;

use crate::visible;

/// Characters of a value; a diff shows more of it.
const VALUE_MAX_CHARS: usize = 160;

/// Characters of a path.
const PATH_MAX_CHARS: usize = 300;

/// A difference as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) excused_by: Option<String>,
}

impl Change {
    pub(crate) fn of(difference: &Difference) -> Self {
        let (left, right) = match difference.kind {
            Kind::Changed => (value(&difference.left), value(&difference.right)),
            Kind::Missing => (value(&difference.left), "nothing".to_owned()),
            Kind::Extra => ("nothing".to_owned(), value(&difference.right)),
        };
        Self {
            path: visible::bounded(&visible::line(&difference.path), PATH_MAX_CHARS).into_owned(),
            left,
            right,
            excused_by: difference.excused_by.as_deref().map(|reason| visible::line(reason).into_owned()),
        }
    }
}

/// A word like a status goes without quotes; everything else as JSON.
fn value(value: &Json) -> String {
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let text = match value {
        Json::String(text) if is_word(text) && text.parse::<f64>().is_err() && text != "nothing" => text.clone(),
        other => other.to_string(),
    };
    visible::bounded(&visible::line(&text), VALUE_MAX_CHARS).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: Kind, left: Json, right: Json, told: &str) {
        let change = Change::of(&Difference { path: "a".to_owned(), kind, left, right, excused_by: None });
        assert_eq!(format!("{} → {}", change.left, change.right), told);
    }

    #[test]
    fn words_go_bare_and_everything_else_as_json() {
        check(Kind::Changed, json!("SUCCEEDED"), json!("FATALLY_FAILED"), "SUCCEEDED → FATALLY_FAILED");
        check(Kind::Changed, json!("1"), json!(1), "\"1\" → 1");
        check(Kind::Changed, json!("two words"), json!(["x"]), "\"two words\" → [\"x\"]");
    }

    #[test]
    fn what_is_not_there_is_told_from_null() {
        check(Kind::Missing, json!(null), json!(null), "null → nothing");
        check(Kind::Extra, json!(null), json!("nothing"), "nothing → \"nothing\"");
    }
}
