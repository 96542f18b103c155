//! Rules of the signals that a step waits for and sends. Empty lists and null entries are refused where they are read.

use super::{Rules, id};
use crate::{
    definition::{Operator, SignalDependency, SignalOutput},
    param::Type,
    problem::{Path, code},
};

/// Names and range conditions.
pub fn dependencies(rules: &mut Rules<'_>, path: &Path<'_>, dependencies: &[SignalDependency]) {
    for (index, dependency) in dependencies.iter().enumerate() {
        let at = path.index(index);
        if dependency.name.is_empty() {
            let message = "Signal step dependency definition doesn't contain mandatory name field";
            rules.report(code::SIGNAL_DEPENDENCY, &at, message);
        }
        let matches = dependency.match_params.iter().flatten();
        let mut ranges = matches.filter(|(_, condition)| condition.operator != Operator::Equals).map(|(name, _)| name);
        if let (Some(first), Some(second)) = (ranges.next(), ranges.next()) {
            let message = format!(
                "Invalid signal dependency for signal [{}] with more than one range params: [{first}] and [{second}]",
                dependency.name
            );
            rules.report(code::SIGNAL_DEPENDENCY, &at.key("match_params"), message);
        }
    }
}

/// Names and types.
pub fn outputs(rules: &mut Rules<'_>, path: &Path<'_>, outputs: &[SignalOutput]) {
    for (index, output) in outputs.iter().enumerate() {
        let at = path.index(index);
        if output.name.is_empty() {
            let message = "Signal step outputs definition doesn't contain mandatory name field";
            rules.report(code::SIGNAL_OUTPUT, &at, message);
        }
        id::params(rules, &at.key("params"), output.params.as_ref());
        id::params(rules, &at.key("payload"), output.payload.as_ref());
        let others =
            output.params.iter().flatten().filter(|(_, param)| !matches!(param.kind, Type::Long | Type::String));
        for (name, _) in others {
            let message = format!("SignalOutputDefinition params [{name}] only support param typ LONG or STRING");
            rules.report(code::SIGNAL_OUTPUT, &at.key("params").key(name), message);
        }
    }
}
