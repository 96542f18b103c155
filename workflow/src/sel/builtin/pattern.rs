//! Regular expressions and zones, compiled once an evaluation.
//!
//! The reference's expressions are Java's. They are rewritten for an engine whose time is linear in the text: no expression can hang
//! it. What needs backtracking (back references, look-around, possessive quantifiers) is refused.

use std::{collections::HashMap, rc::Rc};

use regex::{Regex, RegexBuilder};

use super::Error;
use crate::sel::Zone;

/// Compiled expressions kept at a time; a program that uses more compiles some of them again.
const KEPT_MAX: usize = 32;
/// Memory that one compiled expression may take.
const COMPILED_MAX_BYTES: usize = 1 << 20;
/// Groups within groups.
const NESTING_MAX: u32 = 100;

/// What an evaluation compiled so far.
#[derive(Debug, Default)]
pub(in crate::sel) struct Patterns {
    compiled: HashMap<String, Rc<Regex>>,
    zones: HashMap<String, Zone>,
}

impl Patterns {
    /// The compiled form of a Java expression.
    pub(super) fn regex(&mut self, pattern: &str) -> Result<Rc<Regex>, Error> {
        if let Some(found) = self.compiled.get(pattern) {
            return Ok(Rc::clone(found));
        }
        let rewritten = rewrite(pattern)?;
        let built = RegexBuilder::new(&rewritten)
            .size_limit(COMPILED_MAX_BYTES)
            .dfa_size_limit(COMPILED_MAX_BYTES)
            .nest_limit(NESTING_MAX)
            .build();
        let compiled =
            Rc::new(built.map_err(|_| Error::argument(format!("Illegal or unsupported expression near: {pattern}")))?);
        if self.compiled.len() >= KEPT_MAX {
            self.compiled.clear();
        }
        self.compiled.insert(pattern.to_owned(), Rc::clone(&compiled));
        Ok(compiled)
    }

    /// The zone of an id.
    pub(super) fn zone(&mut self, id: &str) -> Result<Zone, Error> {
        if let Some(found) = self.zones.get(id) {
            return Ok(found.clone());
        }
        let zone = Zone::of_id(id)?;
        if self.zones.len() >= KEPT_MAX {
            self.zones.clear();
        }
        self.zones.insert(id.to_owned(), zone.clone());
        Ok(zone)
    }
}

/// Where in an expression the rewriting is.
struct Rewriter<'a> {
    pattern: &'a str,
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    out: String,
    /// Brackets that are open.
    classes: usize,
    /// The last thing was a quantifier, after which `+` means "possessive".
    after_quantifier: bool,
    dot_is_all: bool,
}

fn rewrite(pattern: &str) -> Result<String, Error> {
    let rest = pattern.chars().peekable();
    let dot_is_all = pattern.contains("(?s");
    let out = String::with_capacity(pattern.len() + 8);
    let mut rewriter = Rewriter { pattern, rest, out, classes: 0, after_quantifier: false, dot_is_all };
    while let Some(next) = rewriter.rest.next() {
        rewriter.step(next)?;
    }
    Ok(rewriter.out)
}

impl Rewriter<'_> {
    fn refuse(&self, what: &str) -> Error {
        Error::argument(format!("{what} in the expression {} is not supported", self.pattern))
    }

    fn step(&mut self, next: char) -> Result<(), Error> {
        let after_quantifier = std::mem::take(&mut self.after_quantifier);
        match next {
            '\\' => return self.escape(),
            '[' => {
                self.classes += 1;
                self.out.push('[');
                if self.rest.next_if_eq(&'^').is_some() {
                    self.out.push('^');
                }
            }
            ']' if self.classes > 0 => {
                self.classes -= 1;
                self.out.push(']');
            }
            // These are operators on classes for our engine only.
            '-' if self.classes > 0 && self.rest.peek() == Some(&'-') => self.out.push_str("\\-"),
            '~' if self.classes > 0 => self.out.push_str("\\~"),
            _ if self.classes > 0 => self.out.push(next),
            '+' if after_quantifier => return Err(self.refuse("a possessive quantifier")),
            '?' if after_quantifier => self.out.push('?'),
            '*' | '+' | '?' | '}' => {
                self.out.push(next);
                self.after_quantifier = true;
            }
            '.' if !self.dot_is_all => self.out.push_str("[^\\n\\r\\u{85}\\u{2028}\\u{2029}]"),
            '(' => {
                self.out.push('(');
                // The `?` of `(?:` is no quantifier.
                if self.rest.next_if_eq(&'?').is_some() {
                    self.out.push('?');
                }
            }
            _ => self.out.push(next),
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Error> {
        let Some(escaped) = self.rest.next() else {
            return Err(self.refuse("a trailing backslash"));
        };
        let in_class = self.classes > 0;
        let class = |inside: &str| if in_class { inside.to_owned() } else { format!("[{inside}]") };
        let rewritten = match escaped {
            'd' => class("0-9"),
            's' => class(" \\t\\n\\x0B\\f\\r"),
            'w' => class("a-zA-Z_0-9"),
            'h' => class(" \\t\\u{A0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}"),
            'D' => "[^0-9]".to_owned(),
            'S' => "[^ \\t\\n\\x0B\\f\\r]".to_owned(),
            'W' => "[^a-zA-Z_0-9]".to_owned(),
            'b' | 'B' if !in_class => format!("(?-u:\\{escaped})"),
            'R' if !in_class => "(?:\\r\\n|[\\n\\x0B\\f\\r\\u{85}\\u{2028}\\u{2029}])".to_owned(),
            'Z' if !in_class => "\\z".to_owned(),
            'e' => "\\x1B".to_owned(),
            'Q' => {
                self.quoted();
                return Ok(());
            }
            'p' | 'P' => return self.property(escaped),
            'A' | 'z' | 't' | 'n' | 'r' | 'f' | 'a' | 'x' | 'u' => format!("\\{escaped}"),
            '0'..='9' | 'k' => return Err(self.refuse("a back reference")),
            'a'..='z' | 'A'..='Z' => return Err(self.refuse("an unknown escape")),
            other => regex::escape(&other.to_string()),
        };
        self.out.push_str(&rewritten);
        Ok(())
    }

    /// Everything up to `\E` stands for itself.
    fn quoted(&mut self) {
        while let Some(next) = self.rest.next() {
            if next == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.out.push_str(&regex::escape(&next.to_string()));
        }
    }

    /// `\p{…}`: the ASCII classes by name, Unicode's by their own.
    fn property(&mut self, letter: char) -> Result<(), Error> {
        let mut name = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            loop {
                match self.rest.next() {
                    Some('}') => break,
                    Some(next) => name.push(next),
                    None => return Err(self.refuse("an open property")),
                }
            }
        } else {
            name.extend(self.rest.next());
        }
        let ascii = match name.as_str() {
            "Lower" | "Upper" | "Alpha" | "Digit" | "Alnum" | "Punct" | "Graph" | "Print" | "Blank" | "Cntrl"
            | "XDigit" | "Space" | "ASCII" => name.to_lowercase(),
            _ => {
                let name = name.strip_prefix("Is").unwrap_or(&name);
                self.out.extend(["\\", letter.encode_utf8(&mut [0; 4]), "{", name, "}"]);
                return Ok(());
            }
        };
        let not = if letter == 'P' { "^" } else { "" };
        self.out.extend(["[[:", not, &ascii, ":]]"]);
        Ok(())
    }
}
