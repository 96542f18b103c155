//! What a program may see and use of the world around it.

use std::fmt;

use super::Value;
use crate::{id::Ids, time::Timestamp};

/// The names that a program may read and the functions that it may call.
///
/// A program reads each name at most once an evaluation; an evaluation that ended with [`Refusal::Pending`] is repeated from its start.
pub trait Scope {
    /// The value of a free name. A prepared program asks only for its own [`inputs`](super::Program::inputs), as in the reference,
    /// which hands over nothing else; a bare one also asks for the variables it assigns, because an input of that name fixes their type.
    fn value(&mut self, name: &str) -> Result<Option<Value>, Refusal>;

    /// The value that `params.name`, `params['name']` and `params.get('name')` show.
    fn param(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        self.value(name)
    }

    /// Whether `params.containsKey('name')` holds.
    fn contains_param(&mut self, name: &str) -> Result<bool, Refusal> {
        Ok(self.param(name)?.is_some())
    }

    /// Calls `params.function(arguments…)`; at most three arguments, all of them STRING.
    fn call(&mut self, function: &str, arguments: &[Value]) -> Result<Value, Refusal>;
}

/// Why a scope gives no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was tried and did not work; the text is shown to people.
    Failed(String),
    /// There is no function of that name.
    UnknownFunction,
    /// There are no functions at all.
    NoFunctions,
    /// Something from outside has to be fetched first. The evaluation ends with [`Kind::Pending`](super::Kind::Pending).
    Pending,
}

/// Nothing to read and nothing to call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Scope for Empty {
    fn value(&mut self, _: &str) -> Result<Option<Value>, Refusal> {
        Ok(None)
    }

    fn call(&mut self, _: &str, _: &[Value]) -> Result<Value, Refusal> {
        Err(Refusal::NoFunctions)
    }
}

/// How much one evaluation may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operands that wait at the same time for others.
    pub stack: usize,
    /// Completed iterations of one loop that fail it: one less is the most that passes.
    pub loops: usize,
    /// Array sizes have to be below this.
    pub array: usize,
    /// UTF-16 units of the program's text have to be below this.
    pub length: usize,
    /// Executed syntax nodes that fail the evaluation.
    pub visits: u64,
    /// Bytes created over the whole evaluation, by the reference's estimate, that fail it.
    pub memory_bytes: u64,
}

impl Limits {
    /// The reference's defaults.
    pub const DEFAULT: Self = Self {
        stack: 128,
        loops: 25_001,
        array: 25_001,
        length: 10_000,
        visits: 100_000_000,
        memory_bytes: 100_000_000,
    };

    /// How long an evaluation may take in the reference; callers set their deadline by it.
    pub const WALL_CLOCK_MS: i64 = 120_000;
}

/// What an evaluation takes from outside that is no input.
pub struct Environment<'a> {
    /// The clock of `new DateTime()`, `System.currentTimeMillis()` and the deadlines of `Util`.
    pub now: Timestamp,
    /// Where `UUID.randomUUID()` and `Math.random()` take theirs from.
    pub ids: &'a mut dyn Ids,
    /// Says that the time is up; asked now and then. Without it only the visits bound the work.
    pub deadline: Option<&'a dyn Fn() -> bool>,
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("now", &self.now).finish_non_exhaustive()
    }
}
