//! Where in a document: `workflow.steps[2].step.params["a.b"].value`.

use std::fmt;

/// A place in a document, built on the stack while reading; becomes text only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole document.
    Root,
    /// A document that is itself a part of a larger one, at this place.
    At(&'a str),
    /// The value of an object's key.
    Key(&'a Path<'a>, &'a str),
    /// An element of a list, from 0.
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// The value of a key in here.
    #[must_use]
    pub fn key(&'a self, name: &'a str) -> Self {
        Self::Key(self, name)
    }

    /// An element in here, from 0.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The last key, as the API names a property in its messages.
    pub fn last_key(&self) -> Option<&'a str> {
        match self {
            Self::Root | Self::At(_) => None,
            Self::Key(_, name) => Some(name),
            Self::Index(parent, _) => parent.last_key(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::At(place) => f.write_str(place),
            Self::Key(Self::Root | Self::At(""), name) if is_plain(name) => f.write_str(name),
            Self::Key(parent, name) => write!(f, "{parent}{}", below(name)),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What a key adds to the path of its object.
pub fn below(name: &str) -> String {
    if is_plain(name) { format!(".{name}") } else { format!("[{name:?}]") }
}

/// Appends a key to a written path.
pub(crate) fn push(path: &mut String, name: &str) {
    if !is_plain(name) {
        path.push_str(&below(name));
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// Whether a key can stand in a path without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|letter: char| matches!(letter, '.' | '[' | ']' | '"' | '\\') || letter.is_control())
}

/// One part of a written path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A key.
    Key(String),
    /// An index.
    Index(usize),
}

/// Takes a written path apart again.
pub(crate) fn parts(path: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (name, after) = unquote(quoted);
            found.push(Part::Key(name));
            rest = after.strip_prefix(']').unwrap_or(after);
        } else if let Some(bracket) = rest.strip_prefix('[') {
            let end = bracket.find(']').unwrap_or(bracket.len());
            found.push(bracket[..end].parse().map_or_else(|_| Part::Key(bracket[..end].to_owned()), Part::Index));
            rest = bracket.get(end + 1..).unwrap_or_default();
        } else {
            let plain = rest.strip_prefix('.').unwrap_or(rest);
            let end = plain.find(['.', '[']).unwrap_or(plain.len());
            found.push(Part::Key(plain[..end].to_owned()));
            rest = &plain[end..];
        }
    }
    found
}

/// Reads a quoted key up to its closing quote; also what follows the quote.
fn unquote(text: &str) -> (String, &str) {
    let mut end = text.len();
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !is_escaped => {
                end = at;
                break;
            }
            _ => is_escaped = letter == '\\' && !is_escaped,
        }
    }
    let name = serde_json::from_str(&format!("\"{}\"", &text[..end])).unwrap_or_else(|_| text[..end].to_owned());
    (name, text.get(end + 1..).unwrap_or_default())
}

/// The path as the API writes it: wrappers left out, properties in camel case, entries of maps in brackets.
pub(super) fn api_notation(path: &str) -> String {
    let mut text = String::new();
    let mut names_follow = false;
    let mut wrapper_follows = false;
    let parts = parts(path);
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Index(index) => {
                text.extend(["[", &index.to_string(), "]"]);
                wrapper_follows = at > 0 && parts[at - 1] == Part::Key("steps".to_owned());
            }
            Part::Key(_) if wrapper_follows => wrapper_follows = false,
            Part::Key(name) if names_follow => {
                text.extend(["[", name, "]"]);
                names_follow = false;
                if at + 1 == parts.len() {
                    text.push_str(".name");
                }
            }
            Part::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&camel(name));
                let is_inside_params =
                    matches!(parts.get(at.wrapping_sub(2)), Some(Part::Key(map)) if map == "params" || map == "value");
                names_follow = name == "params" || (name == "value" && is_inside_params);
            }
        }
    }
    text
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_taken_apart_again() {
        let (root, strange) = (Path::Root, "a.\"b]");
        let (workflow, at) = (root.key("workflow"), Path::At("steps[1]"));
        let (steps, params) = (workflow.key("steps"), at.key("params"));
        let (first, odd) = (steps.index(0), params.key(strange));
        assert_eq!(first.to_string(), "workflow.steps[0]");
        assert_eq!(odd.to_string(), r#"steps[1].params["a.\"b]"]"#);
        let key = |name: &str| Part::Key(name.to_owned());
        assert_eq!(parts(&first.to_string()), [key("workflow"), key("steps"), Part::Index(0)]);
        assert_eq!(parts(&odd.to_string()), [key("steps"), Part::Index(1), key("params"), key(strange)]);
    }

    #[test]
    fn the_api_names_fields_without_wrappers_and_in_camel_case() {
        let cases = [
            ("", ""),
            ("workflow.id", "workflow.id"),
            ("workflow.steps[0].step.retry_policy", "workflow.steps[0].retryPolicy"),
            ("workflow.steps[0].foreach.steps[1].step.id", "workflow.steps[0].steps[1].id"),
            ("workflow.params.$foo", "workflow.params[$foo].name"),
            ("workflow.params[\"a.b\"].value.x", "workflow.params[a.b].value[x].name"),
            ("properties.step_concurrency", "properties.stepConcurrency"),
        ];
        for (path, expected) in cases {
            assert_eq!(api_notation(path), expected, "{path}");
        }
    }
}
