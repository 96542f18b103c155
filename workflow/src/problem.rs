//! What is wrong with something a person wrote, and where.

use std::fmt;

/// One place where an input is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, explained by `segue explain`.
    pub code: &'static str,
    /// Where in the document, e.g. `workflow.steps[2].step.params.n`; empty for the whole document.
    pub path: String,
    /// Byte range inside the text at `path` (an expression, a cron line), where one can be named.
    pub span: Option<(usize, usize)>,
    /// What is wrong, in the words that the API also answers with.
    pub message: String,
    /// What to do next, where it is known.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a span or a hint.
    pub fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), span: None, message: message.into(), hint: None }
    }

    /// The same problem, with what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}
