//! What remains of merged params: optional ones without a value go, required ones must have one.

use std::sync::Arc;

use super::{Body, Definition, Definitions, Error, InternalMode, Literal};

/// Drops what nobody supplied and what only merging needs; a required param without a value is an error.
pub fn cleanup(params: &Definitions) -> Result<Definitions, Error> {
    let mut cleaned = Definitions::with_capacity(params.len());
    for (name, definition) in params {
        cleaned.insert(Arc::clone(name), nested(definition)?);
    }
    let mut kept = Definitions::with_capacity(cleaned.len());
    for (name, definition) in cleaned {
        if is_unset(&definition) {
            continue;
        }
        if definition.body == Body::Absent {
            return Err(Error::Required { name: name.to_string(), kind: definition.kind });
        }
        kept.insert(name, without_internal_mode(definition));
    }
    Ok(kept)
}

/// The definition with the entries of a MAP cleaned; others are shared as they are.
fn nested(definition: &Arc<Definition>) -> Result<Arc<Definition>, Error> {
    match &definition.body {
        Body::Literal(Literal::Map(entries)) => {
            let body = Body::Literal(Literal::Map(Arc::new(cleanup(entries)?)));
            Ok(Arc::new(Definition { body, ..(**definition).clone() }))
        }
        _ => Ok(Arc::clone(definition)),
    }
}

/// Whether an optional param has nothing to say.
fn is_unset(definition: &Definition) -> bool {
    let is_empty = match &definition.body {
        Body::Absent => true,
        Body::Literal(Literal::Map(entries)) => entries.is_empty(),
        _ => false,
    };
    definition.internal_mode == Some(InternalMode::Optional) && is_empty
}

fn without_internal_mode(definition: Arc<Definition>) -> Arc<Definition> {
    if definition.internal_mode.is_none() {
        return definition;
    }
    Arc::new(Definition { internal_mode: None, ..Arc::unwrap_or_clone(definition) })
}
