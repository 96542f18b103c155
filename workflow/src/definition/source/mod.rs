//! Where in a text the parts of a document stand.

pub mod json;
pub mod yaml;

use std::ops::Range;

use indexmap::IndexMap;

use crate::problem::{Problem, code};

/// Where one value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its key, quotes included; empty for elements of lists and for the whole document.
    pub key: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

/// Byte ranges by path.
pub type Places = IndexMap<String, Place>;

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// The position of a byte.
pub fn position(text: &str, at: usize) -> Position {
    let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// The byte at a line and a column, as parsers name them.
pub fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 1..position.line {
        match text[start..].find('\n') {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    let column = text[start..].char_indices().nth(position.column.saturating_sub(1));
    column.map_or(text.len(), |(index, _)| start + index)
}

/// The part of the text that a problem is about: the place that its path names, or the nearest one around it.
pub fn locate(text: &str, places: &Places, problem: &Problem) -> Range<usize> {
    let mut path = problem.path.as_str();
    loop {
        if let Some(place) = places.get(path) {
            let is_exact = path == problem.path;
            return if is_exact { narrowed(text, place, problem) } else { place.value.clone() };
        }
        match path.rfind(['.', '[']) {
            Some(end) => path = &path[..end],
            None if path.is_empty() => return 0..0,
            None => path = "",
        }
    }
}

fn narrowed(text: &str, place: &Place, problem: &Problem) -> Range<usize> {
    let is_about_key = matches!(problem.code, code::UNKNOWN_FIELD | code::LOOKS_LIKE_FIELD | code::DUPLICATE_KEY)
        || (problem.code == code::ID && !text[place.value.clone()].starts_with('"') && !place.key.is_empty());
    if is_about_key && !place.key.is_empty() {
        return place.key.clone();
    }
    let written = &text[place.value.clone()];
    match problem.span {
        // Offsets inside a text hold in its source as long as nothing in it is escaped.
        Some((start, end)) if !written.contains('\\') && start + 2 < written.len() => {
            let quote = usize::from(written.starts_with(['"', '\'']));
            let first = place.value.start + quote;
            let (start, end) = (first + start, first + end.max(start + 1));
            start.min(place.value.end)..end.min(place.value.end)
        }
        _ => place.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let text = "a\nbé c\n";
        for (at, line, column) in [(0, 1, 1), (2, 2, 1), (5, 2, 3), (6, 2, 4), (99, 3, 1)] {
            assert_eq!(position(text, at), Position { line, column }, "{at}");
        }
        assert_eq!(offset(text, Position { line: 2, column: 3 }), 5);
        assert_eq!(offset(text, Position { line: 9, column: 1 }), text.len());
    }
}
