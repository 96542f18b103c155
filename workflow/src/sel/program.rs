//! A parsed program.

use std::{borrow::Cow, fmt, sync::Arc};

use super::{Error, Limits, Span, error::Class, error::Kind, parser, references, syntax::Tree};

/// A parsed program: immutable, shared, cheap to clone.
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    /// As it was written, where preparing changed it.
    written: Option<Box<str>>,
    text: Box<str>,
    tree: Tree,
    inputs: Vec<Arc<str>>,
    /// By slot: whether a free name may be read from the scope.
    readable: Vec<bool>,
    is_prepared: bool,
}

impl Program {
    /// Parses the bare language, where every statement has its `;`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::build(text, None)
    }

    /// Parses an expression as the engine does: blanks around it are dropped and a missing last `;` is added. Such a program reads
    /// nothing from its scope but its inputs, and may call `Util.toJson`.
    pub fn parse_prepared(text: &str) -> Result<Self, Error> {
        Self::build(&prepared(text), Some(text))
    }

    /// Whether the text of a program is short enough; parsing does not look.
    pub fn check_length(text: &str, limits: &Limits) -> Result<(), Error> {
        // A UTF-8 text has at least as many bytes as UTF-16 units.
        if text.len() < limits.length {
            return Ok(());
        }
        let length = text.encode_utf16().count();
        if length < limits.length {
            return Ok(());
        }
        let message = format!("Expression length is over the limit: {} vs length: {length}", limits.length);
        Err(Error::limit(Class::IllegalArgument, message))
    }

    /// `written` is what was prepared, and absent for the bare language.
    fn build(text: &str, written: Option<&str>) -> Result<Self, Error> {
        let is_prepared = written.is_some();
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(Kind::Limit, Class::IllegalArgument, "the expression is longer than 4 GiB"));
        }
        let tree = parser::parse(text)?;
        let slots = references::inputs(&tree);
        let mut readable = vec![!is_prepared; tree.names.len()];
        for slot in &slots {
            readable[*slot as usize] = true;
        }
        let inputs = slots.iter().map(|slot| Arc::clone(&tree.names[*slot as usize])).collect();
        let written = written.filter(|written| *written != text).map(Into::into);
        Ok(Self(Arc::new(Inner { written, text: text.into(), tree, inputs, readable, is_prepared })))
    }

    /// The names that the program reads from its scope, in first-use order; `params` is one of them where it occurs.
    pub fn inputs(&self) -> &[Arc<str>] {
        &self.0.inputs
    }

    /// The text that was parsed: the prepared one for a prepared program. Spans count its bytes.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The text as it was written, which messages show.
    pub fn written(&self) -> &str {
        self.0.written.as_deref().unwrap_or(&self.0.text)
    }

    /// The characters that an error is about.
    pub fn excerpt(&self, span: Span) -> Option<&str> {
        self.0.text.get(span.start as usize..span.end as usize)
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.0.tree
    }

    pub(super) fn is_prepared(&self) -> bool {
        self.0.is_prepared
    }

    pub(super) fn is_readable(&self, slot: u32) -> bool {
        self.0.readable[slot as usize]
    }
}

/// The text as the engine hands it to the language.
fn prepared(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c <= ' ' || c.is_whitespace());
    let is_complete = text.is_empty() || text.ends_with(';') || (text.ends_with('}') && !text.starts_with("{\""));
    if is_complete { Cow::Borrowed(text) } else { Cow::Owned(format!("{text};")) }
}

/// Prints the program in a normal form that parses to the same tree.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.tree(), f)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.text()).finish()
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_prepared == other.0.is_prepared && self.text() == other.text()
    }
}
