//! What can go wrong with a program, in terms a caller can act on.

use std::fmt;

use super::Span;

/// A failure of parsing or of evaluation. Cheap to pass on; the details stand behind one pointer.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    class: Class,
    message: String,
    span: Option<Span>,
    cause: Option<Error>,
}

/// What a caller can do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text is no program: change it.
    Parse,
    /// The program does something it must not, with these inputs.
    Evaluation,
    /// The program needs more than it may use.
    Limit,
    /// The caller's deadline passed.
    Timeout,
    /// The program itself threw a message.
    Thrown,
    /// The scope waits for something from outside: evaluate again later.
    Pending,
    /// An engine's verdict: the expression is invalid (a bad request).
    Invalid,
    /// An engine's verdict: the evaluation failed for no fault of the text (an internal error).
    Internal,
}

/// The reference's name for a failure, kept because clients and recorded runs show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the reference's class names")]
pub enum Class {
    Parse,
    Unsupported,
    IllegalArgument,
    IllegalState,
    Cast,
    NumberFormat,
    Arithmetic,
    IndexOutOfBounds,
    NullPointer,
    Timeout,
    InvalidExpression,
    InternalError,
}

impl Class {
    /// The simple name of the reference's class.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "ParseException",
            Self::Unsupported => "UnsupportedOperationException",
            Self::IllegalArgument => "IllegalArgumentException",
            Self::IllegalState => "IllegalStateException",
            Self::Cast => "ClassCastException",
            Self::NumberFormat => "NumberFormatException",
            Self::Arithmetic => "ArithmeticException",
            Self::IndexOutOfBounds => "ArrayIndexOutOfBoundsException",
            Self::NullPointer => "NullPointerException",
            Self::Timeout => "TimeoutException",
            Self::InvalidExpression => "MaestroInvalidExpressionException",
            Self::InternalError => "MaestroInternalError",
        }
    }
}

impl Error {
    pub(super) fn new(kind: Kind, class: Class, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, class, message: message.into(), span: None, cause: None }))
    }

    pub(super) fn parse(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Parse, Class::Parse, message).at(span)
    }

    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self::new(Kind::Evaluation, Class::IllegalArgument, message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Evaluation, Class::Unsupported, message)
    }

    pub(super) fn cast(from: &str, to: &str) -> Self {
        Self::new(Kind::Evaluation, Class::Cast, format!("{from} cannot be cast to {to}"))
    }

    pub(super) fn number_format(text: &str) -> Self {
        Self::new(Kind::Evaluation, Class::NumberFormat, format!("For input string: \"{text}\""))
    }

    pub(super) fn arithmetic(message: impl Into<String>) -> Self {
        Self::new(Kind::Evaluation, Class::Arithmetic, message)
    }

    pub(super) fn null(message: impl Into<String>) -> Self {
        Self::new(Kind::Evaluation, Class::NullPointer, message)
    }

    pub(super) fn index(message: impl Into<String>) -> Self {
        Self::new(Kind::Evaluation, Class::IndexOutOfBounds, message)
    }

    pub(super) fn limit(class: Class, message: impl Into<String>) -> Self {
        Self::new(Kind::Limit, class, message)
    }

    /// Points at the characters, unless something closer to the cause already did.
    #[must_use]
    pub(super) fn at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    #[must_use]
    pub(super) fn because(mut self, cause: Self) -> Self {
        self.0.span = self.0.span.or(cause.0.span);
        self.0.cause = Some(cause);
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The reference's name for it.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// The message without the causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The bytes of the program's text that it is about, where known.
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// What led to it.
    pub fn cause(&self) -> Option<&Self> {
        self.0.cause.as_ref()
    }

    /// The message and those of all causes, outermost first.
    pub fn full_text(&self) -> String {
        let chain = std::iter::successors(Some(self), |error| error.cause());
        chain.map(Self::message).collect::<Vec<_>>().join(": ")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}", self.full_text(), self.0.kind)?;
        if let Some(span) = self.0.span {
            write!(f, " at {}..{}", span.start, span.end)?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
