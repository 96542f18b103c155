//! One case of a case file, and whether we agree with it.

use serde_json::Value as Json;

use super::{Adapter, compare};

/// One recorded fact.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique, stable name.
    pub id: String,
    /// Which operation; empty where the file has only one.
    pub function: String,
    /// The whole line, for files whose inputs do not stand under `input`.
    pub line: Json,
}

/// How an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error's kind, by the reference's name for it (`IllegalArgumentException`, …).
    pub kind: &'static str,
    /// The full text, causes included.
    pub text: String,
}

/// What running a case showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `None` when we agree; otherwise in which way we do not.
    pub disagreement: Option<String>,
    /// Whether the error's kind agrees; `None` where the case names none.
    pub kind_agrees: Option<bool>,
}

/// A line that is no case.
#[derive(Debug, thiserror::Error)]
#[error("line {number} is not a case: {why}")]
pub struct Unreadable {
    /// 1-based.
    pub number: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Case {
    /// Reads a case file's text.
    pub fn read_all(text: &str) -> Result<Vec<Self>, Unreadable> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(index, line)| Self::read(line).map_err(|why| Unreadable { number: index + 1, why })).collect()
    }

    fn read(line: &str) -> Result<Self, String> {
        let line: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |name: &str| line.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (id, function) = (text("id"), text("fn"));
        if id.is_empty() {
            return Err("it has no `id`".to_owned());
        }
        Ok(Self { id, function, line })
    }

    /// The named argument of `input`; null when absent.
    pub fn input(&self, name: &str) -> &Json {
        self.line.get("input").and_then(|input| input.get(name)).unwrap_or(&Json::Null)
    }

    /// Runs the case and compares.
    pub fn check(&self, adapter: Adapter) -> Finding {
        let outcome = adapter(self);
        match self.line.get("error") {
            Some(expected) => compare::failure(expected, &outcome),
            None => compare::result(self, &outcome),
        }
    }
}

impl Failure {
    /// An argument that the operation does not take.
    pub(super) fn illegal_argument(error: &dyn std::error::Error) -> Self {
        Self { kind: "IllegalArgumentException", text: error.to_string() }
    }

    /// A case of an operation that no adapter knows; no case expects this kind.
    pub(super) fn unknown_function(name: &str) -> Self {
        Self { kind: "unknown operation", text: format!("no adapter for the operation {name:?}") }
    }
}
