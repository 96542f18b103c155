//! Parameters: literals and expressions with a type, merged in layers and evaluated by need.

pub mod model;
pub use model::{
    Body, Definition, Definitions, Evaluated, InternalMode, Literal, Mode, Name, Param, Params, Source, Type, Value,
};
