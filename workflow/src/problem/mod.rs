//! What is wrong with something a person wrote, and where.

pub mod catalogue;
mod nearest;
pub(crate) mod path;

use std::fmt;

pub use catalogue::code;
pub use nearest::nearest;
pub use path::{Path, below};

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

/// How far a definition with this problem gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The text is not a document of its format.
    Syntax,
    /// The document is not a request: the API answers with the first such problem only.
    Parse,
    /// The request breaks rules: the API answers with all such problems.
    Rules,
    /// The request passes, but a simulated start of it fails.
    DryRun,
    /// The request is accepted; what is pointed out goes wrong later, or is not what it looks like.
    Warning,
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

    /// The same problem, narrowed to a byte range of the text at its path.
    #[must_use]
    pub fn with_span(mut self, start: usize, end: usize) -> Self {
        self.span = Some((start, end));
        self
    }

    /// How far a definition with this problem gets.
    pub fn stage(&self) -> Stage {
        catalogue::entry(self.code).map_or(Stage::Rules, |entry| entry.stage)
    }

    /// Whether the definition is refused for it.
    pub fn refuses(&self) -> bool {
        self.stage() != Stage::Warning
    }

    /// The problem as one line of the API's `errors`: the field in the API's notation, then the message.
    pub fn api_text(&self) -> String {
        let field = path::api_notation(self.constrained());
        if field.is_empty() { self.message.clone() } else { format!("{field} {}", self.message) }
    }
}

impl Problem {
    /// The field whose constraint the API says is broken; problems inside of it are told apart by their paths only.
    fn constrained(&self) -> &str {
        let end = |part: &str| self.path.find(part).map(|start| start + part.len());
        let cut = match self.code {
            code::RETRY_POLICY => end(".retry_policy"),
            code::UNKNOWN_SUCCESSOR
            | code::PREDECESSORS
            | code::DUPLICATE_STEP
            | code::LOOP_NAME
            | code::LOOP_PARAMS => end("workflow.steps"),
            _ => None,
        };
        &self.path[..cut.unwrap_or(self.path.len())]
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}
