//! Why params could not be merged or evaluated, in the words that programs of Maestro's users match on.

use std::sync::Arc;

use super::{InternalMode, Mode, Type};
use crate::{port, sel};

/// What went wrong, or what is missing to go on.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it; the fields are what they mention")]
pub enum Error {
    // Merging.
    #[error("Cannot modify param with mode [{mode}] for parameter [{name}]")]
    Protected { mode: Mode, name: String },
    #[error("Cannot modify param mode to be less strict for parameter [{name}] from [{from}] to [{to}]")]
    LessStrict { name: String, from: Mode, to: Mode },
    #[error("Cannot modify system mode for parameter [{name}]")]
    InternalModeGiven { name: String },
    #[error("Cannot modify param with system mode [{mode}] for parameter [{name}]")]
    InternalModeProtected { mode: InternalMode, name: String },
    #[error("Cannot modify source for parameter [{name}]")]
    SourceGiven { name: String },
    #[error("ParameterDefinition type mismatch name [{name}] from [{from}] != to [{to}]")]
    TypeMismatch {
        name: String,
        from: Type,
        to: Type,
        #[source]
        because: Box<Error>,
    },
    #[error("ParameterDefinition type mismatch, [{name}] is not a [{wanted}] but [{got}]")]
    NotAMap { name: String, wanted: Type, got: Type },
    #[error("{kind} param [{name}] definition exp=[{expression}] is not a literal")]
    NotALiteral { kind: Type, name: String, expression: Arc<str> },
    #[error("[{name}] is a required parameter (type=[{kind}])")]
    Required { name: String, kind: Type },
    #[error("Invalid output parameter [{name}], not defined in params")]
    UndefinedOutput { name: String },

    // Finding what a param refers to.
    #[error("Param [{param}] referenced a non-existing param [{reference}] in workflow [{workflow}]")]
    UnknownInWorkflow { param: String, reference: String, workflow: String },
    #[error("Cannot find the referenced param [{reference}] in step [{step}] or upstream steps or the workflow")]
    UnknownInStep { reference: String, step: String },
    #[error("Param [{param}] referenced a non-existing param [{reference}] in step [{step}]")]
    UnknownOwn { param: String, reference: String, step: String },
    #[error("Cannot find the referenced param name [{name}] in step [{step}]")]
    UnknownInUpstream { name: String, step: String },
    #[error(
        "Referenced param [{name}] in step [{step}] is not evaluated yet. \
         Note that a step can only reference its upstream step's param."
    )]
    NotEvaluated { name: String, step: String },
    #[error(
        "Error: param [{param}] in step [{step}] referenced a non-existing step [{upstream}] in the expression \
         [{reference}]"
    )]
    NotStarted { param: String, step: String, upstream: String, reference: String },
    #[error(
        "reference [{reference}] cannot be parsed due to ambiguity \
         (both step ids [{short}] and [{long}] exist in the workflow"
    )]
    AmbiguousStep { reference: String, short: String, long: String },
    #[error(
        "reference [{reference}] cannot be parsed as cannot find either step id [{short}] or [{long}] in the workflow"
    )]
    NoSuchStep { reference: String, short: String, long: String },
    #[error(
        "Failed to evaluate the param with a definition: [{reference}]. \
         Please check if there is a typo in the expression."
    )]
    UnknownSignal { reference: String, because: String },
    #[error("In workflow [{workflow}], param [{param}] definition contains a cyclic reference chain")]
    CycleInWorkflow { workflow: String, param: String },
    #[error("In step [{step}], param [{param}] definition contains a cyclic reference chain")]
    CycleInStep { step: String, param: String },
    /// Deeper than any real workflow: the chain would exhaust the stack.
    #[error("param [{param}] needs a chain of more than {most} other params")]
    TooDeep { param: String, most: usize },

    // Evaluating.
    #[error("Cannot interpolate [{text}] as param [{name}] is not found")]
    NotInterpolated { text: String, name: String },
    #[error("Cannot interpolate [{text}] as param [{name}] is not evaluated yet")]
    NotEvaluatedYet { text: String, name: String },
    #[error("BAD_REQUEST - Expression validator throws an exception for expr=[{expression}]")]
    Unreadable {
        expression: Arc<str>,
        #[source]
        because: Arc<sel::Error>,
    },
    /// The language's own errors carry the expression and Maestro's wording.
    #[error(transparent)]
    Expression(Arc<sel::Error>),
    #[error("Param [{name}] is expected to be a {wanted} compatible type but is [{class}]")]
    Incompatible { name: String, wanted: &'static str, class: &'static str },
    #[error("Param [{name}] is expected to have a Boolean compatible result but is [{text}]")]
    NotABoolean { name: String, text: String },
    #[error("Param [{name}] has an invalid evaluated result [{value}]")]
    InvalidResult { name: String, value: String },
    #[error("For input string: \"{text}\"")]
    NotALong { text: String },
    #[error("Param [{name}] needs a decimal number but is [{text}]")]
    NotADecimal { name: String, text: String },
    #[error("class {class} cannot be cast to class java.util.Map for param [{name}]")]
    NotCastable { name: String, class: &'static str },
    #[error("Parameters' total size [{size}] is larger than system limit [{most}]")]
    TooLarge { size: usize, most: usize },
    #[error("Failed to parse attribute [{name}] for workflow [{workflow}] due to {because}")]
    Attribute { name: String, workflow: String, because: Box<Error> },

    /// Not a failure: evaluate again once the answer is there.
    #[error("waiting for rows of another run")]
    Pending(Box<port::Lookup>),
}

impl Error {
    /// The kind of this error by the name that Maestro's answers and logs give it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Protected { .. }
            | Self::LessStrict { .. }
            | Self::InternalModeGiven { .. }
            | Self::InternalModeProtected { .. }
            | Self::SourceGiven { .. }
            | Self::TypeMismatch { .. }
            | Self::NotAMap { .. }
            | Self::UndefinedOutput { .. }
            | Self::UnknownInWorkflow { .. } => "MaestroValidationException",
            Self::NotALiteral { .. }
            | Self::Required { .. }
            | Self::CycleInWorkflow { .. }
            | Self::CycleInStep { .. }
            | Self::TooDeep { .. }
            | Self::NotEvaluated { .. }
            | Self::Incompatible { .. }
            | Self::NotABoolean { .. }
            | Self::TooLarge { .. } => "IllegalArgumentException",
            Self::UnknownInUpstream { .. } | Self::NotStarted { .. } => "NullPointerException",
            Self::UnknownInStep { .. }
            | Self::UnknownOwn { .. }
            | Self::AmbiguousStep { .. }
            | Self::NoSuchStep { .. }
            | Self::NotInterpolated { .. }
            | Self::NotEvaluatedYet { .. }
            | Self::InvalidResult { .. } => "MaestroInternalError",
            Self::UnknownSignal { .. } | Self::Unreadable { .. } => "MaestroInvalidExpressionException",
            Self::Expression(error) => error.class().name(),
            Self::NotALong { .. } | Self::NotADecimal { .. } => "NumberFormatException",
            Self::NotCastable { .. } => "ClassCastException",
            Self::Attribute { .. } => "MaestroUnprocessableEntityException",
            Self::Pending(_) => "Pending",
        }
    }

    /// Whether Maestro's own exceptions (and not Java's) would say this; only those may be ignored or wrapped on the way.
    pub fn is_of_maestro(&self) -> bool {
        self.kind().starts_with("Maestro")
    }
}
