//! Ids, names, tags and texts. Checks run in a fixed order; the first that fails is reported.

use super::{Rules, TEXT_MAX};
use crate::{
    param::{Body, Definitions, Literal},
    problem::{Path, code},
    tag::Tag,
};

const PREFIX: &str = "maestro_";
const SUFFIX: &str = "_maestro";

/// The id of a workflow.
pub fn workflow_id(rules: &mut Rules<'_>, path: &Path<'_>, id: &str) {
    let what = "[maestro id]";
    let found = id_problem(rules, what, id)
        .or_else(|| (!matches(id, true)).then(|| pattern(what, "[_a-zA-Z0-9][.\\-_a-zA-Z0-9]*+", id)))
        .or_else(|| reserved_prefix(what, id))
        .or_else(|| reserved_suffix(what, id));
    if let Some(message) = found {
        rules.report(code::ID, path, message);
    }
}

/// The id of a step or the name of a param.
pub fn reference_id(rules: &mut Rules<'_>, path: &Path<'_>, id: &str) {
    let what = "[maestro id or name reference]";
    let separator = &rules.limits.separator;
    let found = id_problem(rules, what, id)
        .or_else(|| (!matches(id, false)).then(|| pattern(what, "[_a-zA-Z][.\\-_a-zA-Z0-9]*+", id)))
        .or_else(|| {
            let is_in = !separator.is_empty() && id.contains(separator.as_str());
            is_in.then(|| {
                format!("{what} cannot contain the step param separator '{separator}' - rejected value is [{id}]")
            })
        })
        .or_else(|| reserved_prefix(what, id));
    if let Some(message) = found {
        rules.report(code::ID, path, message);
    }
}

fn id_problem(rules: &Rules<'_>, what: &str, id: &str) -> Option<String> {
    let (length, most) = (length(id), rules.limits.id_max);
    if id.is_empty() {
        return Some(format!("{what} cannot be null or empty"));
    }
    (length > most).then(|| {
        format!("{what} cannot be more than id length limit {most} - rejected length is [{length}] for value [{id}]")
    })
}

fn matches(id: &str, may_begin_with_digit: bool) -> bool {
    let is_first = |letter: char| {
        letter == '_' || letter.is_ascii_alphabetic() || (may_begin_with_digit && letter.is_ascii_digit())
    };
    let is_other = |letter: char| matches!(letter, '.' | '-' | '_') || letter.is_ascii_alphanumeric();
    id.starts_with(is_first) && id.chars().all(is_other)
}

fn pattern(what: &str, pattern: &str, value: &str) -> String {
    format!("{what} does not follow the regex rule: {pattern} - rejected value is [{value}]")
}

fn reserved_prefix(what: &str, value: &str) -> Option<String> {
    let is_reserved = value.to_lowercase().starts_with(PREFIX);
    is_reserved.then(|| format!("{what} cannot start with reserved prefix: {PREFIX} - rejected value is [{value}]"))
}

fn reserved_suffix(what: &str, value: &str) -> Option<String> {
    let is_reserved = value.to_lowercase().ends_with(SUFFIX);
    is_reserved.then(|| format!("{what} cannot end with reserved suffix: {SUFFIX} - rejected value is [{value}]"))
}

/// Characters as the reference counts them.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The name of a tag.
pub fn name(rules: &mut Rules<'_>, path: &Path<'_>, name: &str) {
    let what = "[maestro name]";
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || " _.,:@&='(){}$+[]-/\\".contains(letter);
    let found = if name.trim().is_empty() {
        Some(format!("{what} cannot be null or empty or blank spaces"))
    } else {
        too_long(rules, name)
            .or_else(|| {
                let rule = r"[\w \.,:@&='(){}$+\[\]\-\/\]+";
                (!name.chars().all(is_allowed)).then(|| pattern(what, rule, name))
            })
            .or_else(|| reserved_prefix(what, name))
            .or_else(|| reserved_suffix(what, name))
    };
    if let Some(message) = found {
        rules.report(code::NAME, path, message);
    }
}

/// The name of a workflow or a step: any text of a bounded length.
pub fn name_length(rules: &mut Rules<'_>, path: &Path<'_>, name: &str) {
    if let Some(message) = too_long(rules, name) {
        rules.report(code::NAME, path, message);
    }
}

fn too_long(rules: &Rules<'_>, name: &str) -> Option<String> {
    let (length, most) = (length(name), rules.limits.name_max);
    (length > most).then(|| {
        format!(
            "[maestro name] cannot be more than name length limit {most} - rejected length is [{length}] for value [{name}]"
        )
    })
}

/// A description.
pub(super) fn description(rules: &mut Rules<'_>, path: &Path<'_>, text: Option<&str>) {
    if text.is_some_and(|text| length(text) > TEXT_MAX) {
        rules.report(code::TEXT_TOO_LONG, path, format!("size must be between 0 and {TEXT_MAX}"));
    }
}

/// Tags.
pub(super) fn tags(rules: &mut Rules<'_>, path: &Path<'_>, tags: Option<&Vec<Tag>>) {
    for (index, tag) in tags.into_iter().flatten().enumerate() {
        name(rules, &path.index(index).key("name"), &tag.name);
    }
}

/// The names and tags of params, those inside of MAPs included.
pub(super) fn params(rules: &mut Rules<'_>, path: &Path<'_>, params: Option<&Definitions>) {
    for (name, definition) in params.into_iter().flatten() {
        let at = path.key(name);
        reference_id(rules, &at, name);
        tags(rules, &at.key("tags"), definition.tags.as_ref());
        if let Body::Literal(Literal::Map(entries)) = &definition.body {
            self::params(rules, &at.key("value"), Some(entries));
        }
    }
}
