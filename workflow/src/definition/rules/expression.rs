//! Expressions that nobody reads before a run does: whether they can be read at all, and texts that only look like references.
//!
//! A push evaluates the params of the workflow and nothing else. What is wrong with conditions and with the params of steps and
//! signals is accepted, and fails a run; so it is a warning.

use std::sync::LazyLock;

use regex::Regex;

use super::Rules;
use crate::{
    definition::{Kind, SignalTrigger, Step, Workflow},
    param::{Body, Definition, Definitions, Literal, interpolate},
    problem::{Path, Problem, code},
    sel::{self, Program},
};

/// Braces after a `$`, as other languages refer to names.
static BRACES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{[^{}$]*\}").expect("the pattern is a constant that tests compile"));

/// Warnings about the expressions of signal triggers and of the params of the workflow.
pub(super) fn workflow(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    let triggers = path.key("signal_triggers");
    for (index, found) in workflow.signal_triggers_or_none().iter().enumerate() {
        trigger(rules, &triggers.index(index), found);
    }
    references(rules, &path.key("params"), workflow.params.as_ref());
}

/// Warnings about one step; its body is looked at apart.
pub(super) fn step(rules: &mut Rules<'_>, path: &Path<'_>, step: &Step) {
    let transition = path.key("transition");
    let successors = transition.key("successors");
    for (next, condition) in step.transition.successors.iter().flatten() {
        if let Some(condition) = condition {
            readable(rules, &successors.key(next.as_str()), condition, "the condition");
        }
    }
    if let Kind::While { condition, .. } = &step.kind {
        readable(rules, &path.key("condition"), condition, "the condition");
    }
    let dependencies = path.key("signal_dependencies");
    for (index, dependency) in step.signal_dependencies.iter().flatten().enumerate() {
        let at = dependencies.index(index);
        let matches = at.key("match_params");
        for (name, matched) in dependency.match_params.iter().flatten() {
            let at = matches.key(name);
            param(rules, &at.key("param"), &matched.param);
        }
    }
    let outputs = path.key("signal_outputs");
    for (index, output) in step.signal_outputs.iter().flatten().enumerate() {
        let at = outputs.index(index);
        params(rules, &at.key("params"), output.params.as_ref());
        params(rules, &at.key("payload"), output.payload.as_ref());
    }
    params(rules, &path.key("params"), step.params.as_ref());
}

fn trigger(rules: &mut Rules<'_>, path: &Path<'_>, trigger: &SignalTrigger) {
    params(rules, &path.key("params"), trigger.params.as_ref());
    if let Some(condition) = &trigger.condition {
        readable(rules, &path.key("condition"), condition, "the condition");
    }
    if let Some(expression) = &trigger.dedup_expr {
        readable(rules, &path.key("dedup_expr"), expression, "the expression");
    }
}

fn params(rules: &mut Rules<'_>, path: &Path<'_>, params: Option<&Definitions>) {
    for (name, definition) in params.into_iter().flatten() {
        param(rules, &path.key(name), definition);
    }
}

fn param(rules: &mut Rules<'_>, path: &Path<'_>, definition: &Definition) {
    match &definition.body {
        Body::Expression(expression) => readable(rules, &path.key("expression"), expression, "the expression"),
        Body::Literal(Literal::Map(entries)) => params(rules, &path.key("value"), Some(entries)),
        Body::Literal(literal) => texts(rules, &path.key("value"), literal),
        Body::Absent => {}
    }
}

/// Params whose expressions are evaluated before a push is accepted: only their texts are looked at.
fn references(rules: &mut Rules<'_>, path: &Path<'_>, params: Option<&Definitions>) {
    for (name, definition) in params.into_iter().flatten() {
        let at = path.key(name);
        match &definition.body {
            Body::Literal(Literal::Map(entries)) => references(rules, &at.key("value"), Some(entries)),
            Body::Literal(literal) => texts(rules, &at.key("value"), literal),
            Body::Expression(_) | Body::Absent => {}
        }
    }
}

/// What a simulated start says of the first expressions of the workflow's params that cannot be read; for where there is no such start.
pub(in crate::definition) fn unreadable_params(workflow: &Workflow, problems: &mut Vec<Problem>) {
    let (root, name) = (Path::Root.key("workflow"), "params");
    in_params(&root.key(name), workflow.params.as_ref(), problems);
}

fn in_params(path: &Path<'_>, params: Option<&Definitions>, problems: &mut Vec<Problem>) {
    for (name, definition) in params.into_iter().flatten() {
        let at = path.key(name);
        match &definition.body {
            Body::Expression(expression) => {
                problems.extend(problem(code::DRY_RUN, &at.key("expression"), expression, "the expression"));
            }
            Body::Literal(Literal::Map(entries)) => in_params(&at.key("value"), Some(entries), problems),
            Body::Literal(_) | Body::Absent => {}
        }
    }
}

fn readable(rules: &mut Rules<'_>, path: &Path<'_>, expression: &str, what: &str) {
    rules.problems.extend(problem(code::CONDITION, path, expression, what));
}

fn problem(code: &'static str, path: &Path<'_>, expression: &str, what: &str) -> Option<Problem> {
    let outcome = Program::parse_prepared(expression);
    let outcome = outcome.and_then(|program| Program::check_length(program.text(), &sel::Limits::DEFAULT));
    let error = outcome.err()?;
    // The program was read without the blanks around it, and with a last `;` that nobody wrote.
    let blanks = expression.len() - expression.trim_start().len();
    let written_end = expression.trim_end().len();
    let within = |at: u32| (blanks + at as usize).min(expression.len());
    let span = error.span().map(|span| (within(span.start), within(span.end)));
    let (span, said) = match span {
        Some((start, _)) if start >= written_end => {
            let last = expression[..written_end].char_indices().next_back().map_or(0, |(at, _)| at);
            let said = error.full_text().replacen("Encountered \";\"", "Encountered the end", 1);
            (Some((last, written_end)), said)
        }
        span => (span, error.full_text()),
    };
    let mut lines = said.lines();
    let message = format!("{what} cannot be read: {}", lines.next().unwrap_or_default());
    let problem = Problem::new(code, path.to_string(), message);
    let hint = lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let problem = if hint.is_empty() { problem } else { problem.with_hint(hint) };
    Some(match span {
        Some((start, end)) => problem.with_span(start, end),
        None => problem,
    })
}

fn texts(rules: &mut Rules<'_>, path: &Path<'_>, literal: &Literal) {
    match literal {
        Literal::String(text) => text_with_braces(rules, path, text),
        Literal::StringArray(texts) => {
            for (index, text) in texts.iter().enumerate() {
                if let Some(text) = text {
                    text_with_braces(rules, &path.index(index), text);
                }
            }
        }
        Literal::StringMap(entries) => {
            for (key, text) in entries.iter() {
                if let Some(text) = text {
                    text_with_braces(rules, &path.key(key), text);
                }
            }
        }
        _ => {}
    }
}

/// `${…}` around what is no name stays as it is written.
fn text_with_braces(rules: &mut Rules<'_>, path: &Path<'_>, text: &str) {
    if interpolate::is_plain(text) {
        return;
    }
    for found in BRACES.find_iter(text) {
        // A shell's `$${…}` is on purpose, and names are references.
        let is_escaped = text[..found.start()].ends_with('$');
        if is_escaped || !interpolate::names(found.as_str()).is_empty() {
            continue;
        }
        let message = format!("`{}` refers to nothing and stays as it is written", found.as_str());
        let problem = rules.report(code::LOOKS_LIKE_REFERENCE, path, message);
        problem.span = Some((found.start(), found.end()));
        problem.hint = Some("between the braces stands one name that begins with a letter, without blanks".to_owned());
    }
}
