//! The tree of a program.
//!
//! Chains of equal kind (`a + b + c`, `- - a`, `a.b().c()`, `else if`, `? : ? :`) are lists, not nests, so that the depth of the tree is
//! bounded by what the parser counts and no walk over it can exhaust the stack. Parentheses stay in the tree, so printing needs no
//! precedence.

use std::sync::Arc;

/// Bytes of the program's text, from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    pub(super) fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }
}

/// A name of the program, resolved to its place in [`Tree::names`].
pub(super) type Slot = u32;

#[derive(Debug)]
pub(super) struct Tree {
    pub imports: Vec<Import>,
    pub body: Vec<Statement>,
    pub names: Vec<Arc<str>>,
    pub literals: Vec<Literal>,
}

#[derive(Debug)]
pub(super) struct Import {
    pub is_static: bool,
    pub path: Vec<Arc<str>>,
    pub is_wildcard: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Literal {
    Long(i64),
    Double(f64),
    String(Arc<str>),
    Boolean(bool),
    Null,
}

/// A type as written: a class or primitive name, perhaps with `[]`.
#[derive(Clone, Debug)]
pub(super) struct TypeName {
    pub name: Arc<str>,
    pub is_array: bool,
    pub span: Span,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug)]
pub(super) enum StatementKind {
    Declare(Declaration),
    Block(Vec<Statement>),
    Evaluate(Expression),
    If { arms: Vec<(Expression, Statement)>, otherwise: Option<Box<Statement>> },
    While { condition: Expression, body: Box<Statement> },
    For(Box<For>),
    Break,
    Continue,
    Return(Expression),
    Throw(Expression),
}

#[derive(Debug)]
pub(super) struct Declaration {
    pub declared: TypeName,
    pub declarators: Vec<Declarator>,
}

#[derive(Debug)]
pub(super) struct Declarator {
    pub target: Slot,
    pub span: Span,
    pub value: Option<Expression>,
}

#[derive(Debug)]
pub(super) struct For {
    pub init: Option<ForInit>,
    pub condition: Option<Expression>,
    pub update: Option<Expression>,
    pub body: Statement,
}

#[derive(Debug)]
pub(super) enum ForInit {
    Declare(Declaration),
    Evaluate(Expression),
}

#[derive(Debug)]
pub(super) struct Expression {
    pub kind: ExpressionKind,
    pub span: Span,
}

#[derive(Debug)]
pub(super) enum ExpressionKind {
    Literal(u32),
    Name(Slot),
    Paren(Box<Expression>),
    Unary(Vec<UnaryOperator>, Box<Expression>),
    /// Operators of one precedence level, applied from left to right.
    Binary(Box<Expression>, Vec<(BinaryOperator, Expression)>),
    Conditional(Vec<(Expression, Expression)>, Box<Expression>),
    Assign(Box<Assign>),
    Access(Box<Expression>, Vec<Suffix>),
    NewArray {
        element: TypeName,
        size: Box<Expression>,
    },
    NewArrayOf {
        element: TypeName,
        items: Vec<Expression>,
    },
    New {
        class: TypeName,
        arguments: Vec<Expression>,
    },
}

#[derive(Debug)]
pub(super) struct Assign {
    pub target: Slot,
    pub index: Option<Expression>,
    pub operator: AssignOperator,
    pub value: Expression,
}

#[derive(Debug)]
pub(super) enum Suffix {
    Index(Expression),
    Field(Arc<str>, Span),
    Call(Arc<str>, Span, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnaryOperator {
    Minus,
    Plus,
    Not,
}

impl UnaryOperator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Plus => "+",
            Self::Not => "!",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl BinaryOperator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// Binds tighter the higher it is; operators of one level stand in one chain.
    pub(super) fn level(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::Greater | Self::LessOrEqual | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssignOperator {
    Set,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl AssignOperator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Set => "=",
            Self::Add => "+=",
            Self::Subtract => "-=",
            Self::Multiply => "*=",
            Self::Divide => "/=",
            Self::Remainder => "%=",
        }
    }

    /// What it does to the value before; nothing for a plain assignment.
    pub(super) fn arithmetic(self) -> Option<BinaryOperator> {
        Some(match self {
            Self::Set => return None,
            Self::Add => BinaryOperator::Add,
            Self::Subtract => BinaryOperator::Subtract,
            Self::Multiply => BinaryOperator::Multiply,
            Self::Divide => BinaryOperator::Divide,
            Self::Remainder => BinaryOperator::Remainder,
        })
    }
}
