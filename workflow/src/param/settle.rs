//! Evaluated params as definitions again: what a restart, a child run and an output start from.

use std::sync::Arc;

use super::{Body, Definition, Definitions, Error, Literal, Mode, Param, Params, Type, Value, result};

/// The params of a run as the definitions that its next run starts from: values frozen, sources kept.
pub fn definitions(params: &Params) -> Result<Definitions, Error> {
    let kept = params.iter().filter(|(name, _)| !super::reserved::is_reserved(name));
    kept.map(|(name, param)| Ok((Arc::clone(name), definition(name, param)?))).collect()
}

/// One param as a literal of its value; an IMMUTABLE one keeps what was written and is evaluated again.
///
/// A param that was never evaluated keeps its body too.
pub fn definition(name: &str, param: &Param) -> Result<Arc<Definition>, Error> {
    let definition = &param.definition;
    let Some(evaluated) = param.evaluated.as_ref().filter(|_| definition.mode != Some(Mode::Immutable)) else {
        return Ok(Arc::clone(definition));
    };
    if let (Body::Literal(literal), false) = (&definition.body, definition.kind == Type::Map)
        && result::of_literal(literal).as_ref() == Some(&evaluated.value)
    {
        // Nothing would change: runs share the definition.
        return Ok(Arc::clone(definition));
    }
    let body = Body::Literal(literal(name, definition, &evaluated.value)?);
    Ok(Arc::new(Definition { body, ..(**definition).clone() }))
}

/// A value as the literal of its definition; entries of a MAP take the types that were declared for them.
fn literal(name: &str, definition: &Definition, value: &Value) -> Result<Literal, Error> {
    let unsayable = || Error::InvalidResult { name: name.to_owned(), value: result::text(value) };
    let (Type::Map, Value::Map(values)) = (definition.kind, value) else {
        return result::to_literal(definition.kind, value).ok_or_else(unsayable);
    };
    let mut entries = Definitions::with_capacity(values.len());
    for (key, value) in values.iter() {
        entries.insert(Arc::clone(key), entry(key, definition, value)?);
    }
    Ok(Literal::Map(Arc::new(entries)))
}

/// One entry of an evaluated MAP.
fn entry(key: &str, map: &Definition, value: &Value) -> Result<Arc<Definition>, Error> {
    let declared = match &map.body {
        Body::Literal(Literal::Map(entries)) => entries.get(key),
        _ => None,
    };
    let Some(declared) = declared else {
        let unsayable = || Error::InvalidResult { name: key.to_owned(), value: result::text(value) };
        let kind = result::kind_of(value).ok_or_else(unsayable)?;
        let mut derived = Definition { kind, body: Body::Absent, validator: None, ..map.clone() };
        derived.body = Body::Literal(literal(key, &derived, value)?);
        return Ok(Arc::new(derived));
    };
    let (value, _) = result::fit(key, declared.kind, value.clone())?;
    if declared.mode == Some(Mode::Immutable) {
        return Ok(Arc::clone(declared));
    }
    let body = Body::Literal(literal(key, declared, &value)?);
    Ok(Arc::new(Definition { body, ..(**declared).clone() }))
}

/// An entry of an evaluated MAP as a step runtime reads it: in the type that was declared for it. `None` when there is none.
pub fn map_entry(param: &Param, key: &str) -> Result<Option<Value>, Error> {
    let Some(Value::Map(values)) = param.evaluated.as_ref().map(|evaluated| &evaluated.value) else { return Ok(None) };
    let Some(value) = values.get(key) else { return Ok(None) };
    match &param.definition.body {
        Body::Literal(Literal::Map(entries)) => match entries.get(key) {
            Some(declared) => result::fit(key, declared.kind, value.clone()).map(|(value, _)| Some(value)),
            None => Ok(Some(value.clone())),
        },
        _ => Ok(Some(value.clone())),
    }
}
