//! Names that a start or restart request may not use, and how many params it may bring.

use super::Definitions;

/// The most params that one request may bring.
pub const RUN_PARAMS_MAX: usize = 128;

/// Names that mean something inside expressions, or that only the engine may set.
const NAMES: [&str; 17] = [
    "maestro",
    "Maestro",
    "MAESTRO",
    "scheduler",
    "Scheduler",
    "SCHEDULER",
    "util",
    "Util",
    "UTIL",
    "params",
    "Params",
    "PARAMS",
    "AUTH_BLOB",
    "AUTH_DATA",
    "AUTH_ACTING_ON_BEHALF_OF_BLOB",
    "AUTH_TRIGGERING_ON_BEHALF_OF_BLOB",
    "AUTHORIZED_MANAGERS",
];

/// Whether only the engine may bring a param of this name into a run.
pub fn is_reserved(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What is wrong with the params of a start or restart request, in Maestro's words.
pub fn violations(params: &Definitions) -> Vec<String> {
    let mut violations = Vec::new();
    if params.len() > RUN_PARAMS_MAX {
        let count = params.len();
        violations.push(format!(
            "[param definition] contain the number of params [{count}] more than param size limit {RUN_PARAMS_MAX}"
        ));
    }
    for (name, definition) in params {
        if is_reserved(name) {
            violations.push(format!(
                "[param definition] cannot use any of reserved param names - rejected value is [{name}]"
            ));
        }
        if definition.source.is_some() {
            violations.push(format!("[param definition] users cannot set param source for a param: {name}"));
        }
    }
    violations
}
