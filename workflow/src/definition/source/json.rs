//! Where the values of a JSON text stand.

use std::{borrow::Cow, fmt::Write, ops::Range};

use serde_json::Value as Json;

use super::{Place, Places, Position, offset};
use crate::problem::{Problem, code, path};

/// A JSON text, its places, and keys that stand twice in one object.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document.
    pub json: Json,
    /// Where everything in it stands.
    pub places: Places,
    /// Keys that stand twice.
    pub warnings: Vec<Problem>,
}

/// Reads a text; a syntax error comes with the byte at which the text stops being JSON.
pub fn parse(text: &str) -> Result<Parsed, (Problem, usize)> {
    let json = serde_json::from_str::<Json>(text).map_err(|error| syntax(text, &error))?;
    let mut scanner = Scanner { text, at: 0, path: String::new(), places: Places::new(), warnings: Vec::new() };
    scanner.value(0..0);
    Ok(Parsed { json, places: scanner.places, warnings: scanner.warnings })
}

fn syntax(text: &str, error: &serde_json::Error) -> (Problem, usize) {
    // The parser counts columns in bytes.
    let line_start = offset(text, Position { line: error.line(), column: 1 });
    let at = (line_start + error.column().saturating_sub(1)).min(text.len());
    let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let full = error.to_string();
    let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
    let code = if message.contains("recursion limit") { code::TOO_DEEP } else { code::JSON_SYNTAX };
    (Problem::new(code, "", message), at)
}

/// Walks a text that is known to be JSON, at most as deep as the parser that read it before.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// The written path of where the walk is.
    path: String,
    places: Places,
    warnings: Vec<Problem>,
}

impl Scanner<'_> {
    /// The value at the path.
    fn value(&mut self, key: Range<usize>) {
        self.skip_space();
        let start = self.at;
        // Taken before what is inside, so that outer places come first.
        let (place, _) = self.places.insert_full(self.path.clone(), Place { key, value: start..start });
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => self.skip_text(),
            _ => self.skip_scalar(),
        }
        self.places[place].value.end = self.at;
    }

    fn object(&mut self) {
        self.at += 1;
        self.skip_space();
        let outer = self.path.len();
        while self.peek().is_some_and(|byte| byte != b'}') {
            let start = self.at;
            self.skip_text();
            let key = start..self.at;
            let written = &self.text[key.start + 1..key.end - 1];
            // A key without escapes is its own name.
            let name = if written.contains('\\') {
                Cow::Owned(serde_json::from_str(&self.text[key.clone()]).unwrap_or_default())
            } else {
                Cow::Borrowed(written)
            };
            path::push(&mut self.path, &name);
            if self.places.contains_key(&self.path) {
                let message = format!("`{name}` stands twice in this object; only the last one counts");
                self.warnings.push(Problem::new(code::DUPLICATE_KEY, self.path.clone(), message));
            }
            self.skip_space();
            self.at += 1;
            self.value(key);
            self.path.truncate(outer);
            self.skip_separator();
        }
        self.at += 1;
    }

    fn list(&mut self) {
        self.at += 1;
        self.skip_space();
        let outer = self.path.len();
        let mut index = 0_usize;
        while self.peek().is_some_and(|byte| byte != b']') {
            write!(self.path, "[{index}]").expect("a text takes all that is written to it");
            self.value(0..0);
            self.path.truncate(outer);
            index += 1;
            self.skip_separator();
        }
        self.at += 1;
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn skip_separator(&mut self) {
        self.skip_space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.skip_space();
        }
    }

    fn skip_text(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    fn skip_scalar(&mut self) {
        while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",]}".contains(&byte)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_where_it_stands() {
        let text = r#" {"a": [1, {"b.c": "x\"y"}], "d": null}"#;
        let parsed = parse(text).unwrap();
        let cases = [
            ("", r#"{"a": [1, {"b.c": "x\"y"}], "d": null}"#),
            ("a", r#"[1, {"b.c": "x\"y"}]"#),
            ("a[0]", "1"),
            (r#"a[1]["b.c"]"#, r#""x\"y""#),
            ("d", "null"),
        ];
        for (path, expected) in cases {
            assert_eq!(&text[parsed.places[path].value.clone()], expected, "{path}");
        }
        assert_eq!(&text[parsed.places[r#"a[1]["b.c"]"#].key.clone()], r#""b.c""#);
    }

    #[test]
    fn a_syntax_error_is_found_where_the_text_stops_being_json() {
        let text = "{\"a\": 1,\n \"b\" 2}";
        let (problem, at) = parse(text).unwrap_err();
        assert_eq!((problem.code, at), (code::JSON_SYNTAX, 14), "{problem}");
        let (_, at) = parse("{\"é\": ü}").unwrap_err();
        assert_eq!(at, 7);
    }

    #[test]
    fn a_key_that_stands_twice_is_pointed_out() {
        let parsed = parse(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(parsed.warnings.len(), 1);
        assert_eq!(parsed.warnings[0].path, "a");
    }
}
