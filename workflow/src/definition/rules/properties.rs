//! Rules of properties.

use super::{Rules, id};
use crate::{
    definition::Properties,
    problem::{Path, code},
};

const CONCURRENCY_MAX: i64 = 1000;

/// Concurrency limits and texts.
pub fn properties(rules: &mut Rules<'_>, path: &Path<'_>, properties: &Properties) {
    let is_in_range = |number: i64| (1..=CONCURRENCY_MAX).contains(&number);
    if let Some(strategy) = properties.run_strategy.filter(|strategy| !is_in_range(strategy.workflow_concurrency)) {
        let message = format!(
            "[workflow properties run_strategy] workflow_concurrency should be positive and no greater than {CONCURRENCY_MAX} - rejected value is [{}]",
            strategy.workflow_concurrency
        );
        rules.report(code::WORKFLOW_CONCURRENCY, &path.key("run_strategy"), message);
    }
    if let Some(number) = properties.step_concurrency.filter(|number| !is_in_range(*number)) {
        let message = format!(
            "[workflow properties] step_concurrency should be positive and no greater than {CONCURRENCY_MAX} - rejected value is [{number}]"
        );
        rules.report(code::STEP_CONCURRENCY, &path.key("step_concurrency"), message);
    }
    id::description(rules, &path.key("description"), properties.description.as_deref());
    id::tags(rules, &path.key("tags"), properties.tags.as_ref());
}
