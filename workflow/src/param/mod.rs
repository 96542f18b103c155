//! Parameters: literals and expressions with a type, merged in layers and evaluated by need.

pub mod model;
pub mod number;
pub mod read;
pub mod stored;
mod words;
pub mod write;

pub use model::{
    Body, Definition, Definitions, Evaluated, InternalMode, Literal, Mode, Name, Param, Params, Source, Type, Value,
};
