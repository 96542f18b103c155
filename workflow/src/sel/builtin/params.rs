//! `params`: the way to the scope.

use super::{Datum, Error, Machine, Type, no_method, shown};
use crate::sel::{Refusal, Value, machine::refused};

/// Arguments that a function can have.
const ARGUMENTS_MAX: usize = 3;

/// The value of an input; NULL when there is none.
pub(super) fn value(machine: &mut Machine<'_>, name: &str) -> Result<Datum, Error> {
    let value = machine.scope().param(name).map_err(|refusal| refused(refusal, &format!("params['{name}']")))?;
    value.map_or(Ok(Datum::Null), |value| machine.datum_of(&value))
}

pub(super) fn call(machine: &mut Machine<'_>, name: &str, arguments: &[Datum]) -> Result<Datum, Error> {
    match (name, arguments) {
        ("get", [Datum::Text(key)]) => return value(machine, key),
        ("containsKey", [Datum::Text(key)]) => {
            let found = machine.scope().contains_param(key);
            let found = found.map_err(|refusal| refused(refusal, &format!("params.containsKey('{}')", &**key)))?;
            return Ok(Datum::Boolean(found));
        }
        ("get" | "containsKey", [other]) => return Err(Error::cast(other.kind().name(), Type::String.name())),
        ("get" | "containsKey", _) => return Err(no_method(Type::Params, name, arguments)),
        _ => {}
    }
    let texts = arguments.iter().map(|argument| match argument {
        Datum::Text(text) => Some(Value::String(text.to_shared())),
        _ => None,
    });
    let texts: Option<Vec<Value>> = texts.collect();
    let unsupported = |by: &str| {
        let shown = shown(arguments);
        Error::unsupported(format!("{by} DO NOT support calling method: {name} with args: [{shown}]"))
    };
    let Some(texts) = texts.filter(|texts| texts.len() <= ARGUMENTS_MAX) else {
        return Err(unsupported("ParamExtension"));
    };
    match machine.scope().call(name, &texts) {
        Ok(value) => machine.datum_of(&value),
        Err(Refusal::UnknownFunction) => Err(unsupported("MaestroParamExtension")),
        Err(Refusal::NoFunctions) => Err(no_method(Type::Params, name, arguments)),
        Err(refusal) => Err(refused(refusal, &format!("params.{name}({})", shown(arguments)))),
    }
}
