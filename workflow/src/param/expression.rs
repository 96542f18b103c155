//! Expressions of params as programs of the language: names in, one value out.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    Context, Error, Name, Params, Value,
    functions::{self, Refused},
};
use crate::{id::Ids, port::Lookup, sel, time::Timestamp};

/// What a program may read.
#[derive(Debug, Default)]
pub(super) struct Inputs<'p> {
    /// The names that it refers to.
    pub values: Vec<(Name, Value)>,
    /// What `params.get('name')` sees beside them.
    pub all: Option<&'p Params>,
}

/// What an evaluation takes from outside.
pub(super) struct World<'w> {
    pub context: &'w dyn Context,
    pub limits: &'w sel::Limits,
    pub now: Timestamp,
    pub ids: &'w mut dyn Ids,
    pub deadline: Option<&'w dyn Fn() -> bool>,
}

/// The failure of a text that is no program.
pub(super) fn unreadable(text: &Arc<str>, because: sel::Error) -> Error {
    Error::Unreadable { expression: Arc::clone(text), because: Arc::new(because) }
}

/// Runs a program.
pub(super) fn evaluate(program: &sel::Program, inputs: &Inputs<'_>, world: World<'_>) -> Result<Value, Error> {
    let World { context, limits, now, ids, deadline } = world;
    // The language and the functions draw from the same source.
    let ids = Mutex::new(ids);
    let mut scope = Scope { inputs, context, ids: SharedIds(&ids), pending: None };
    let mut drawn = SharedIds(&ids);
    let mut environment = sel::Environment { now, ids: &mut drawn, deadline };
    let outcome = sel::evaluate(program, &mut scope, limits, &mut environment);
    if let Some(lookup) = scope.pending {
        return Err(Error::Pending(Box::new(lookup)));
    }
    sel::conclude(program, outcome).map_err(|error| Error::Expression(Arc::new(error)))
}

/// Two hands on one source of ids.
struct SharedIds<'m, 'i>(&'m Mutex<&'i mut (dyn Ids + 'i)>);

impl Ids for SharedIds<'_, '_> {
    fn uuid(&mut self) -> uuid::Uuid {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).uuid()
    }

    fn number(&mut self) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).number()
    }
}

struct Scope<'s, 'i> {
    inputs: &'s Inputs<'s>,
    context: &'s dyn Context,
    ids: SharedIds<'s, 'i>,
    pending: Option<Lookup>,
}

impl Scope<'_, '_> {
    fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.values.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }
}

impl sel::Scope for Scope<'_, '_> {
    fn value(&mut self, name: &str) -> Result<Option<sel::Value>, sel::Refusal> {
        Ok(self.input(name).map(sel::of_param))
    }

    fn param(&mut self, name: &str) -> Result<Option<sel::Value>, sel::Refusal> {
        let listed = || self.inputs.all.and_then(|params| params.get(name)).and_then(|param| param.value());
        Ok(self.input(name).or_else(listed).map(sel::of_param))
    }

    fn call(&mut self, function: &str, arguments: &[sel::Value]) -> Result<sel::Value, sel::Refusal> {
        let text = |argument: &sel::Value| match argument {
            sel::Value::String(text) => Some(Arc::clone(text)),
            _ => None,
        };
        let Some(texts) = arguments.iter().map(text).collect::<Option<Vec<_>>>() else {
            return Err(sel::Refusal::UnknownFunction);
        };
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        match functions::call(self.context, &mut self.ids, function, &texts) {
            Ok(value) => Ok(sel::of_param(&value)),
            Err(Refused::Failed(text)) => Err(sel::Refusal::Failed(text)),
            Err(Refused::Unknown) => Err(sel::Refusal::UnknownFunction),
            Err(Refused::Pending(lookup)) => {
                self.pending = Some(lookup);
                Err(sel::Refusal::Pending)
            }
        }
    }
}
