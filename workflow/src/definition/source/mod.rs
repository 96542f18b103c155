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
    // What `OTHERWISE` stands for is written nowhere.
    let is_derived = written.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("otherwise"));
    match problem.span.filter(|_| !is_derived) {
        Some((start, end)) => match (source_offset(written, start), source_offset(written, end.max(start + 1))) {
            (Some(start), Some(end)) if start < end => place.value.start + start..place.value.start + end,
            _ => place.value.clone(),
        },
        None => place.value.clone(),
    }
}

/// Where in the source of a text the byte `at` of the text stands; `None` for forms whose offsets cannot be told from the source.
fn source_offset(written: &str, at: usize) -> Option<usize> {
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
    let Some(quote) = quote.filter(|quote| is_quoted(written, *quote)) else {
        // Blocks and folded lines of YAML lose their indentation.
        return (!written.contains('\n') && written.is_char_boundary(at)).then_some(at);
    };
    let end = written.len() - 1;
    let (mut from, mut decoded) = (1, 0);
    while decoded < at && from < end {
        let (source, text) = unit(&written[from..end], quote)?;
        from += source;
        decoded += text;
    }
    (decoded == at).then_some(from)
}

/// Whether a quote at the end closes the one at the start.
fn is_quoted(written: &str, quote: char) -> bool {
    let mut at = 1;
    while at < written.len() {
        if written.as_bytes()[at] == quote as u8 && !(quote == '\'' && written[at + 1..].starts_with('\'')) {
            return at + 1 == written.len();
        }
        match unit(&written[at..], quote) {
            Some((source, _)) => at += source,
            None => return true,
        }
    }
    false
}

/// How many bytes the next character takes in the source, and how many in the text; `None` where escapes say more than that.
fn unit(rest: &str, quote: char) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    match (first, quote) {
        ('\n', _) => None,
        ('\'', '\'') => Some((2, 1)),
        ('\\', '"') => match rest.as_bytes().get(1)? {
            b'u' => {
                let code = u32::from_str_radix(rest.get(2..6)?, 16).ok()?;
                Some((6, char::from_u32(code)?.len_utf8()))
            }
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some((2, 1)),
            _ => None,
        },
        _ => Some((first.len_utf8(), first.len_utf8())),
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

    #[test]
    fn offsets_in_a_text_are_found_in_its_source() {
        for (written, at, expected) in [
            ("a > b", 2, Some(2)),
            ("\"a > b\"", 2, Some(3)),
            (r#""a == \"b\" +""#, 9, Some(12)),
            (r#""\u00e9 x""#, 3, Some(8)),
            ("'a == ''b'' +'", 9, Some(12)),
            ("'a' == 'b' +", 11, Some(11)),
            ("|\n  a +", 2, None),
            (r#""\x41 +""#, 2, None),
        ] {
            assert_eq!(source_offset(written, at), expected, "{written}");
        }
    }
}
