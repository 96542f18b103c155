//! Regular expressions and zones, compiled once an evaluation.
//!
//! The reference's expressions are Java's. They are rewritten for an engine whose time is linear in the text: no expression can hang
//! it. What needs backtracking (back references, look-around, atomic groups, possessive quantifiers) runs on an engine that counts its
//! steps and gives up at a bound.

use std::{collections::HashMap, ops::Range, rc::Rc};

use regex::RegexBuilder;

use super::Error;
use crate::sel::{Zone, error::Class, machine::Budget};

/// Compiled expressions kept at a time; a program that uses more compiles some of them again.
const KEPT_MAX: usize = 32;
/// Memory that one compiled expression may take.
const COMPILED_MAX_BYTES: usize = 1 << 20;
/// Groups within groups.
const NESTING_MAX: u32 = 100;
/// Instructions of one backtracking expression.
const INSTRUCTIONS_MAX: usize = 20_000;

/// Steps that one backtracking search may take: some milliseconds.
const STEPS_MAX: usize = 200_000;
/// What a backtracking search costs in visits, whatever it finds: as many of them as an evaluation may make end within its time.
const SEARCH_VISITS: u64 = 2_000;

/// A compiled expression.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Its time is linear in the text.
    Linear(regex::Regex),
    /// Its steps are counted.
    Backtracking(fancy_regex::Regex),
}

/// What one match of an expression found: the whole, then its groups.
#[derive(Debug)]
pub(super) enum Match<'t> {
    Linear(regex::Captures<'t>),
    Backtracking(fancy_regex::Captures<'t, str>),
}

impl Pattern {
    /// The first match from a byte on.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
        from: usize,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Match<'t>>, Error> {
        match self {
            Self::Linear(regex) => Ok(regex.captures_at(text, from).map(Match::Linear)),
            Self::Backtracking(regex) => {
                budget.visits(SEARCH_VISITS)?;
                let found = regex.captures_from_pos(text, from);
                let found = found.map_err(|_| {
                    let message = format!("the regular expression takes more than {STEPS_MAX} steps");
                    Error::limit(Class::IllegalState, message)
                })?;
                Ok(found.map(Match::Backtracking))
            }
        }
    }
}

impl<'t> Match<'t> {
    /// Where in the text the whole match stands.
    pub(super) fn range(&self) -> Range<usize> {
        let whole = match self {
            Self::Linear(captures) => captures.get(0).map(|group| group.range()),
            Self::Backtracking(captures) => captures.get(0).map(|group| group.range()),
        };
        whole.unwrap_or_default()
    }

    /// How many groups the expression has, with the whole.
    pub(super) fn groups(&self) -> usize {
        match self {
            Self::Linear(captures) => captures.len(),
            Self::Backtracking(captures) => captures.len(),
        }
    }

    /// What a group found; nothing where it took no part in the match.
    pub(super) fn group(&self, number: usize) -> Option<&'t str> {
        match self {
            Self::Linear(captures) => captures.get(number).map(|group| group.as_str()),
            Self::Backtracking(captures) => captures.get(number).map(|group| group.as_str()),
        }
    }

    /// What a named group found.
    pub(super) fn named(&self, name: &str) -> Option<&'t str> {
        match self {
            Self::Linear(captures) => captures.name(name).map(|group| group.as_str()),
            Self::Backtracking(captures) => captures.name(name).map(|group| group.as_str()),
        }
    }
}

/// What an evaluation compiled so far.
#[derive(Debug, Default)]
pub(in crate::sel) struct Patterns {
    compiled: HashMap<String, Rc<Pattern>>,
    zones: HashMap<String, Zone>,
}

impl Patterns {
    /// The compiled form of a Java expression.
    pub(super) fn pattern(&mut self, pattern: &str) -> Result<Rc<Pattern>, Error> {
        if let Some(found) = self.compiled.get(pattern) {
            return Ok(Rc::clone(found));
        }
        let illegal = || Error::argument(format!("Illegal or unsupported expression near: {pattern}"));
        let compiled = Rc::new(compile(&rewrite(pattern)?).ok_or_else(illegal)?);
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

fn compile(rewritten: &Rewritten) -> Option<Pattern> {
    if !rewritten.backtracks {
        let built = RegexBuilder::new(&rewritten.expression)
            .size_limit(COMPILED_MAX_BYTES)
            .dfa_size_limit(COMPILED_MAX_BYTES)
            .nest_limit(NESTING_MAX)
            .build();
        return built.ok().map(Pattern::Linear);
    }
    let built = fancy_regex::RegexBuilder::new(&rewritten.expression)
        .backtrack_limit(STEPS_MAX)
        .max_prog_size(INSTRUCTIONS_MAX)
        .delegate_size_limit(COMPILED_MAX_BYTES)
        .delegate_dfa_size_limit(COMPILED_MAX_BYTES)
        .build();
    built.ok().map(Pattern::Backtracking)
}

/// An expression for our engines.
struct Rewritten {
    expression: String,
    /// Whether the linear engine cannot run it.
    backtracks: bool,
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
    backtracks: bool,
}

fn rewrite(pattern: &str) -> Result<Rewritten, Error> {
    let mut rewriter = Rewriter {
        pattern,
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 8),
        classes: 0,
        after_quantifier: false,
        dot_is_all: pattern.contains("(?s"),
        backtracks: false,
    };
    while let Some(next) = rewriter.rest.next() {
        rewriter.step(next)?;
    }
    Ok(Rewritten { expression: rewriter.out, backtracks: rewriter.backtracks })
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
            '+' if after_quantifier => {
                self.backtracks = true;
                self.out.push('+');
            }
            '?' if after_quantifier => self.out.push('?'),
            '*' | '+' | '?' | '}' => {
                self.out.push(next);
                self.after_quantifier = true;
            }
            '.' if !self.dot_is_all => self.out.push_str("[^\\n\\r\\u{85}\\u{2028}\\u{2029}]"),
            '(' => self.group(),
            _ => self.out.push(next),
        }
        Ok(())
    }

    /// The start of a group; what looks around it, or keeps what it took, needs the other engine.
    fn group(&mut self) {
        self.out.push('(');
        // The `?` of `(?:` is no quantifier.
        if self.rest.next_if_eq(&'?').is_none() {
            return;
        }
        self.out.push('?');
        match self.rest.peek() {
            Some('=' | '!' | '>') => self.backtracks = true,
            Some('<') => {
                self.rest.next();
                self.out.push('<');
                self.backtracks |= matches!(self.rest.peek(), Some('=' | '!'));
            }
            _ => {}
        }
    }

    /// `\1` and `\k<name>`.
    fn back_reference(&mut self, first: char) -> Result<(), Error> {
        self.backtracks = true;
        if first == '0' {
            return Err(self.refuse("an octal escape"));
        }
        // A digit after the reference is a text of its own.
        self.out.extend(if first == 'k' { vec!['\\', 'k'] } else { vec!['(', '?', ':', '\\', first, ')'] });
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
            '0'..='9' | 'k' if !in_class => return self.back_reference(escaped),
            '0'..='9' => return Err(self.refuse("an octal escape")),
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
