//! Values handed from run to run as literals.

use std::sync::Arc;

use crate::{
    param::{Definition, Evaluated, Mode, Param, Params, Source, Type, Value, result},
    time::Timestamp,
};

/// A literal of a value, with its result.
pub(super) fn literal(value: Value) -> Param {
    let definition = Arc::new(definition_of(&value));
    let evaluated = Some(Evaluated { value, at: Timestamp(0), note: None });
    Param { definition, evaluated }
}

/// A literal of a value.
pub(super) fn definition_of(value: &Value) -> Definition {
    let kind = result::kind_of(value).unwrap_or(Type::String);
    let body = result::to_literal(kind, value);
    let empty = crate::param::Literal::String("".into());
    Definition::literal(kind, body.unwrap_or(empty))
}

/// The literal of an evaluated param, with its mode and source.
pub(super) fn frozen(param: &Param) -> Option<Arc<Definition>> {
    let value = param.value()?;
    let body = result::to_literal(param.definition.kind, value)?;
    let definition = Definition { body: crate::param::Body::Literal(body), ..(*param.definition).clone() };
    Some(Arc::new(definition))
}

/// A param that an engine sets in a nested run.
pub(super) fn injected(value: &Value, mode: Option<Mode>, source: Source) -> Arc<Definition> {
    Arc::new(Definition { mode, source: Some(source), ..definition_of(value) })
}

/// All evaluated params as literals.
pub(super) fn frozen_all(params: &Params) -> crate::param::Definitions {
    params.iter().filter_map(|(name, param)| Some((Arc::clone(name), frozen(param)?))).collect()
}
