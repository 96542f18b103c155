//! The expression language: lexer, parser, evaluator with a budget.
//!
//! [`Program::parse_prepared`] reads an expression once; [`evaluate`] runs it as often as needed against a [`Scope`], within
//! [`Limits`]; [`conclude`] turns what came out into what the engine accepts. Nothing outside the allow-listed classes exists here.
//!
//! Invariant: no text and no input can make a program panic, exhaust the stack, or use more than its limits allow.

// What is said.
mod error;
mod escape;
mod parser;
mod parser_expression;
mod print;
mod program;
mod references;
mod syntax;
mod token;

// What it means.
mod builtin;
mod date;
mod machine;
mod scope;
mod value;

// What the engine makes of it.
mod conclusion;

pub use conclusion::{conclude, into_param, of_param};
pub use date::{Format, Moment, Property, Zone};
pub use error::{Class, Error, Kind};
pub use machine::evaluate;
pub use program::Program;
pub use scope::{Empty, Environment, Limits, Refusal, Scope};
pub use syntax::Span;
pub use value::{Type, Value};
