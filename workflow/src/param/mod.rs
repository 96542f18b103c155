//! Parameters: literals and expressions with a type, merged in layers and evaluated by need.
//!
//! A param's way: [`read`] from a document, [`merge`]d in [`layers`] and [`cleanup`]ed, evaluated once per run or attempt, merged with
//! what the job publishes ([`output`]), and turned back into definitions for the next run ([`settle`]).

pub mod model;
mod words;

// In and out of documents.
pub mod number;
pub mod read;
pub mod reserved;
pub mod stored;
pub mod write;

// Layer over layer.
pub mod children;
mod cleanup;
pub mod defaults;
pub mod layers;
mod merge;
pub mod output;
pub mod settle;

// Values.
mod cache;
pub mod context;
mod error;
mod evaluator;
mod expression;
pub mod functions;
pub mod interpolate;
pub mod reference;
pub mod result;
pub mod signal;
pub mod size;

pub use cache::Cache;
pub use cleanup::cleanup;
pub use context::Context;
pub use error::Error;
pub use evaluator::{Evaluator, StepLevel, evaluate_plain};
pub use merge::{Authority, Layer, merge};
pub use model::{
    Body, Definition, Definitions, Evaluated, InternalMode, Literal, Mode, Name, Param, Params, Source, Type, Value,
};
