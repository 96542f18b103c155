//! The shapes of parameters: as written, as merged, as evaluated.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value as Json};

use crate::{tag::Tags, time::Timestamp};

/// A parameter's name.
pub type Name = Arc<str>;

/// What a parameter holds; the JSON name is the upper snake case of the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    String,
    /// A 64-bit integer.
    Long,
    /// A decimal as written, a binary64 once evaluated.
    Double,
    /// True or false.
    Boolean,
    /// Texts.
    StringArray,
    /// Integers.
    LongArray,
    /// Decimals.
    DoubleArray,
    /// Booleans.
    BooleanArray,
    /// Text by text.
    StringMap,
    /// Parameter definitions by name.
    Map,
}

/// Who may still change a parameter, from nobody forbidden to nobody allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Any layer.
    Mutable,
    /// Start layers and restarts, not outputs.
    MutableOnStartRestart,
    /// Start layers only.
    MutableOnStart,
    /// Nobody; evaluated again on restart.
    Immutable,
    /// Nobody; keeps its value on restart.
    Constant,
}

/// How the bundled defaults treat a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternalMode {
    /// Somebody must supply a value.
    Required,
    /// Dropped when nobody supplies a value.
    Optional,
    /// Has a default.
    Provided,
    /// Users cannot override it.
    Reserved,
}

/// The layer that set a parameter last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the reference's; params.md §5.1 explains them")]
pub enum Source {
    System,
    SystemDefault,
    SystemInjected,
    TemplateSchema,
    Definition,
    Launch,
    Restart,
    Subworkflow,
    Foreach,
    While,
    Template,
    Signal,
    TimeTrigger,
    OutputParameter,
    WorkflowParameter,
}

/// A parameter as written or merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// What it holds.
    pub kind: Type,
    /// The literal or the expression.
    pub body: Body,
    /// Who may change it; unset means mutable.
    pub mode: Option<Mode>,
    /// Only in bundled defaults and while merging.
    pub internal_mode: Option<InternalMode>,
    /// The layer that set it.
    pub source: Option<Source>,
    /// Stored and returned, never evaluated.
    pub validator: Option<Arc<str>>,
    /// Labels.
    pub tags: Option<Tags>,
    /// Any other field of the definition; lost when merged into a run.
    pub extra: Map<String, Json>,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A value as written; texts may refer to other parameters as `$name`.
    Literal(Literal),
    /// A SEL program.
    Expression(Arc<str>),
    /// Neither; only legal before cleanup.
    Absent,
}

/// A value as written. Array and map entries may be null only where params.md §2 says so.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are those of `Type`")]
pub enum Literal {
    String(Arc<str>),
    Long(i64),
    /// The digits as written.
    Double(Number),
    Boolean(bool),
    StringArray(Arc<[Option<Arc<str>>]>),
    LongArray(Arc<[i64]>),
    DoubleArray(Arc<[Number]>),
    BooleanArray(Arc<[bool]>),
    StringMap(Arc<IndexMap<Arc<str>, Option<Arc<str>>>>),
    Map(Arc<Definitions>),
}

/// Definitions by name, in evaluation order. Entries are shared: a run does not copy its definition's params.
pub type Definitions = IndexMap<Name, Arc<Definition>>;

/// An evaluated value.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are those of `Type`, and null inside maps and arrays")]
pub enum Value {
    Null,
    String(Arc<str>),
    Long(i64),
    Double(f64),
    Boolean(bool),
    StringArray(Arc<[Option<Arc<str>>]>),
    LongArray(Arc<[i64]>),
    DoubleArray(Arc<[f64]>),
    BooleanArray(Arc<[bool]>),
    /// STRING_MAP and MAP alike: plain values by key.
    Map(Arc<IndexMap<Arc<str>, Value>>),
}

/// A parameter of a run or of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// As merged.
    pub definition: Arc<Definition>,
    /// Its value, once somebody needed it.
    pub evaluated: Option<Evaluated>,
}

/// What a parameter came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The value.
    pub value: Value,
    /// When.
    pub at: Timestamp,
    /// A note on how the value was converted to the declared type: (`info` or `warn`, text).
    pub note: Option<(&'static str, Arc<str>)>,
}

/// Parameters of one run or attempt, in evaluation order. Entries are shared between the runs that inherit them.
pub type Params = IndexMap<Name, Arc<Param>>;

impl Definition {
    /// A definition that is only a type and a value.
    pub fn literal(kind: Type, literal: Literal) -> Self {
        Self {
            kind,
            body: Body::Literal(literal),
            mode: None,
            internal_mode: None,
            source: None,
            validator: None,
            tags: None,
            extra: Map::new(),
        }
    }

    /// A definition that is only a type and a program.
    pub fn expression(kind: Type, expression: impl Into<Arc<str>>) -> Self {
        Self { body: Body::Expression(expression.into()), ..Self::literal(kind, Literal::Boolean(false)) }
    }
}

impl Param {
    /// Its value, once evaluated.
    pub fn value(&self) -> Option<&Value> {
        self.evaluated.as_ref().map(|evaluated| &evaluated.value)
    }
}
