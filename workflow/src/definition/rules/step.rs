//! Rules of single steps, at every nesting level.

use std::sync::Arc;

use super::{Rules, id, signal};
use crate::{
    definition::{Kind, Parsable, RetryPolicy, Step, timeout},
    problem::{Path, code},
    retry,
};

/// The most iterations of a foreach that may run at once.
const FOREACH_CONCURRENCY_MAX: i64 = 500;

/// All steps of a level and of those below.
pub(super) fn steps(rules: &mut Rules<'_>, path: &Path<'_>, steps: &[Arc<Step>]) {
    for (index, step) in steps.iter().enumerate() {
        let at = path.index(index);
        self::step(rules, &at.key(step.wrapper()), step);
    }
}

fn step(rules: &mut Rules<'_>, path: &Path<'_>, step: &Step) {
    id::reference_id(rules, &path.key("id"), &step.id);
    id::name_length(rules, &path.key("name"), step.name.as_deref().unwrap_or_default());
    id::description(rules, &path.key("description"), step.description.as_deref());
    id::tags(rules, &path.key("tags"), step.tags.as_ref());
    id::params(rules, &path.key("params"), step.params.as_ref());
    if let Some(timeout) = &step.timeout {
        self::timeout(rules, &path.key("timeout"), timeout);
    }
    if let Some(dependencies) = &step.signal_dependencies {
        signal::dependencies(rules, &path.key("signal_dependencies"), dependencies);
    }
    if let Some(outputs) = &step.signal_outputs {
        signal::outputs(rules, &path.key("signal_outputs"), outputs);
    }
    match &step.kind {
        Kind::Typed { retry_policy: Some(policy), .. } => retry_policy(rules, &path.key("retry_policy"), policy),
        Kind::Foreach { concurrency: Some(concurrency), .. } if *concurrency > FOREACH_CONCURRENCY_MAX => {
            let message = format!("must be less than or equal to {FOREACH_CONCURRENCY_MAX}");
            rules.report(code::FOREACH_CONCURRENCY, &path.key("concurrency"), message);
        }
        _ => {}
    }
    steps(rules, &path.key("steps"), step.body());
}

/// A timeout, or a delay that keeps the same rules; text that waits for params passes.
pub fn timeout(rules: &mut Rules<'_>, path: &Path<'_>, written: &Parsable) {
    if timeout::is_open(written) {
        return;
    }
    if let Err(error) = timeout::millis(written) {
        rules.report(code::TIMEOUT, path, error.to_string());
    }
}

/// The ranges of a policy; texts that wait for params count as 2.
pub fn retry_policy(rules: &mut Rules<'_>, path: &Path<'_>, policy: &RetryPolicy) {
    let mut dummy = |text: &str| Ok(if text.contains('$') { "2".to_owned() } else { text.to_owned() });
    if let Err(error) = retry::parse(policy, &mut dummy) {
        let field = error.field().to_owned();
        let place = field.split('.').fold(path.to_string(), |path, name| format!("{path}.{name}"));
        rules.report(code::RETRY_POLICY, &Path::At(&place), format!("RetryPolicy: {error}"));
    }
}
