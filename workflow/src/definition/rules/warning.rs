//! What the rules let pass and what goes wrong later, or is not what it looks like.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::{Rules, expression};
use crate::{
    definition::{Kind, Parsable, Step, Workflow, timeout},
    graph,
    problem::{Path, code},
};

/// A duration in which every character means something.
static DURATION: LazyLock<Regex> = LazyLock::new(|| {
    let part = r"\d+ ?(milliseconds?|ms|minutes?|mins?|days?|d|hours?|hrs?|h|seconds?|secs?|s)";
    let separator = r"(\s*,?\s*(and\s+)?)";
    Regex::new(&format!("(?i)^\\s*{part}({separator}{part})*\\s*$"))
        .expect("the pattern is a constant that tests compile")
});

/// Warnings about a workflow.
pub(super) fn workflow(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    duration(rules, &path.key("timeout"), workflow.timeout.as_ref());
    for (index, trigger) in workflow.time_triggers_or_none().iter().enumerate() {
        let triggers = path.key("time_triggers");
        delay(rules, &triggers.index(index).key("fuzzy_max_delay"), trigger.fuzzy_max_delay.as_ref());
    }
    expression::workflow(rules, path, workflow);
    steps(rules, &path.key("steps"), &workflow.steps);
}

fn steps(rules: &mut Rules<'_>, path: &Path<'_>, steps: &[Arc<Step>]) {
    for (index, step) in steps.iter().enumerate() {
        let at = path.index(index);
        self::step(rules, &at.key(step.wrapper()), step);
    }
}

fn step(rules: &mut Rules<'_>, path: &Path<'_>, step: &Step) {
    duration(rules, &path.key("timeout"), step.timeout.as_ref());
    expression::step(rules, path, step);
    if let Kind::Foreach { concurrency: Some(concurrency), .. } = &step.kind
        && *concurrency < 1
    {
        let message = format!("a concurrency of {concurrency} launches nothing: the step waits until its timeout");
        rules.report(code::NEVER_LAUNCHES, &path.key("concurrency"), message);
    }
    if matches!(step.kind, Kind::Foreach { .. } | Kind::While { .. }) {
        body(rules, &path.key("steps"), step);
    }
}

fn body(rules: &mut Rules<'_>, path: &Path<'_>, step: &Step) {
    if step.body().is_empty() {
        let message = format!("the body of `{}` has no steps: its first iteration will fail", step.id);
        rules.report(code::EMPTY_BODY, path, message);
    } else if let Err(error) = graph::translate(&step.id, step.body(), graph::Scope::Whole) {
        let message = format!("the body of `{}` will fail when it starts: {error}", step.id);
        rules.report(code::NESTED_DAG, path, message);
    }
    steps(rules, path, step.body());
}

/// A text of which only a part counts.
fn duration(rules: &mut Rules<'_>, path: &Path<'_>, written: Option<&Parsable>) {
    let Some(Parsable::Text(text)) = written else { return };
    let is_number = text.trim().parse::<i64>().is_ok();
    if is_number || text.contains('$') || DURATION.is_match(text) {
        return;
    }
    if let Some(Ok(millis)) = written.map(timeout::millis) {
        let seconds = millis.0 / 1000;
        rules.report(
            code::IGNORED_TEXT,
            path,
            format!("`{text}` is read as {seconds} seconds; the rest of it is ignored"),
        );
    }
}

/// A jitter that is none.
fn delay(rules: &mut Rules<'_>, path: &Path<'_>, written: Option<&Parsable>) {
    match written {
        Some(Parsable::Text(text)) if text.trim().parse::<i64>().is_ok() => {
            rules.report(code::NO_JITTER, path, format!("`{text}` has no unit and causes no delay at all"));
        }
        Some(Parsable::Number(number)) => {
            let message = format!("the number {number} is checked as seconds, but delays by that many milliseconds");
            rules.report(code::NO_JITTER, path, message);
        }
        Some(Parsable::Text(_)) => duration(rules, path, written),
        None => {}
    }
}
