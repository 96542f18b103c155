//! Output params: what a job publishes, merged over what its step declared.

use std::sync::Arc;

use super::{
    Body, Definition, Error, Evaluated, Layer, Literal, Param, Params, Source, Type, Value, merge::merge_one, result,
    settle,
};
use crate::time::Timestamp;

/// Merges published params over those of the attempt; the published results are taken as they are.
pub fn merge_output(params: &mut Params, published: &Params) -> Result<(), Error> {
    for (name, param) in published {
        let Some(known) = params.get(name) else { return Err(Error::UndefinedOutput { name: name.to_string() }) };
        let merged = merged(name, param, known)?;
        params.insert(Arc::clone(name), Arc::new(merged));
    }
    Ok(())
}

fn merged(name: &str, published: &Param, known: &Param) -> Result<Param, Error> {
    let incoming = settle::definition(name, published)?;
    let known = settle::definition(name, known)?;
    let definition = merge_one(name, &incoming, Some(&known), Layer::of(Source::OutputParameter), None)?;
    let is_map = matches!(published.definition.kind, Type::Map | Type::StringMap)
        && !matches!(published.definition.body, Body::Expression(_));
    let at = published.evaluated.as_ref().map(|evaluated| evaluated.at);
    let evaluated = if is_map {
        Some(Evaluated { value: value_of(&definition), at: at.unwrap_or(Timestamp(0)), note: None })
    } else if let Some(evaluated) = &published.evaluated {
        let (value, note) = result::fit(name, definition.kind, evaluated.value.clone())?;
        Some(Evaluated { value, at: evaluated.at, note })
    } else {
        None
    };
    Ok(Param { definition: Arc::new(definition), evaluated })
}

/// The value of a map that was merged from literals; what is not one counts as null.
fn value_of(definition: &Definition) -> Value {
    match &definition.body {
        Body::Literal(Literal::Map(entries)) => {
            let values = entries.iter().map(|(key, entry)| (Arc::clone(key), value_of(entry)));
            Value::Map(Arc::new(values.collect()))
        }
        Body::Literal(literal) => result::of_literal(literal).unwrap_or(Value::Null),
        _ => Value::Null,
    }
}
