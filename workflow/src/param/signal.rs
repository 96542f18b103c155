//! Signal dependencies and outputs of steps as MAP params, so that they are evaluated like any other.

use std::sync::Arc;

use super::{Definition, Definitions, Literal, Type};
use crate::definition::{SignalDependency, SignalOutput};

/// The entry that holds the signal's name.
const NAME: &str = "name";

/// A dependency: what each match param is compared with, and the signal's name.
pub fn dependency(dependency: &SignalDependency) -> Definition {
    let params = dependency.match_params.iter().flatten();
    map(&dependency.name, params.map(|(name, matched)| (Arc::clone(name), Arc::clone(&matched.param))))
}

/// An output: its params and its payload, and the signal's name.
pub fn output(output: &SignalOutput) -> Definition {
    let params = output.params.iter().flatten().chain(output.payload.iter().flatten());
    map(&output.name, params.map(|(name, definition)| (Arc::clone(name), Arc::clone(definition))))
}

fn map(name: &Arc<str>, params: impl Iterator<Item = (Arc<str>, Arc<Definition>)>) -> Definition {
    let mut entries: Definitions = params.collect();
    let name = Definition::literal(Type::String, Literal::String(Arc::clone(name)));
    entries.insert(Arc::from(NAME), Arc::new(name));
    Definition::literal(Type::Map, Literal::Map(Arc::new(entries)))
}
