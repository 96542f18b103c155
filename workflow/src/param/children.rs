//! Params that a step hands to the runs it starts: children of sub-workflow steps and iterations of loops.

use std::sync::Arc;

use super::{
    Definition, Definitions, Error, Layer, Literal, Name, Param, Params, Type, Value, cleanup, merge, result, settle,
};

/// What only the step itself reads.
const OF_SUBWORKFLOW: [&str; 2] = ["subworkflow_id", "subworkflow_version"];

/// The map of loop variables.
const LOOP_PARAMS: &str = "loop_params";

/// Which iteration it is, from 0.
const LOOP_INDEX: &str = "loop_index";

/// Run params of a child: the workflow's (`None` where the step asks for explicit params only), then those that the step defines.
pub fn of_subworkflow(workflow: Option<&Params>, step: &Params, defined: &Definitions) -> Result<Definitions, Error> {
    handed_down(workflow, step, defined, &OF_SUBWORKFLOW)
}

/// Run params that all iterations of a loop share.
pub fn of_loop(workflow: &Params, step: &Params, defined: &Definitions) -> Result<Definitions, Error> {
    handed_down(Some(workflow), step, defined, &[LOOP_PARAMS])
}

/// Values as literals: children do not evaluate them again, apart from what looks like a reference in a text.
fn handed_down(
    workflow: Option<&Params>,
    step: &Params,
    defined: &Definitions,
    without: &[&str],
) -> Result<Definitions, Error> {
    let own = step.iter().filter(|(name, _)| defined.contains_key(*name));
    let mut handed = Definitions::new();
    for (name, param) in workflow.into_iter().flatten().chain(own) {
        handed.insert(Arc::clone(name), settle::definition(name, param)?);
    }
    handed.retain(|name, _| !without.contains(&&**name));
    Ok(handed)
}

/// What an iteration has of its own: its index from 0, and its variables.
pub fn of_iteration(index: i64, variables: impl IntoIterator<Item = (Name, Value)>) -> Definitions {
    let mut own = Definitions::new();
    own.insert(Arc::from(LOOP_INDEX), Arc::new(Definition::literal(Type::Long, Literal::Long(index))));
    for (name, value) in variables {
        let kind = result::kind_of(&value).unwrap_or(Type::String);
        if let Some(literal) = result::to_literal(kind, &value) {
            own.insert(name, Arc::new(Definition::literal(kind, literal)));
        }
    }
    own
}

/// The params of one more iteration: `shared` are those that all have, merged and as far as possible evaluated; `own` are merged over them.
///
/// Only what the iteration adds is new; everything else is shared between the iterations.
pub fn iteration(shared: &Params, own: &Definitions, layer: Layer) -> Result<Params, Error> {
    let mut params = shared.clone();
    for (name, definition) in own {
        let mut one = Definitions::new();
        if let Some(known) = shared.get(name) {
            one.insert(Arc::clone(name), Arc::clone(&known.definition));
        }
        let mut incoming = Definitions::new();
        incoming.insert(Arc::clone(name), Arc::clone(definition));
        merge(&mut one, &incoming, layer)?;
        for (name, definition) in cleanup(&one)? {
            params.insert(name, Arc::new(Param { definition, evaluated: None }));
        }
    }
    Ok(params)
}
