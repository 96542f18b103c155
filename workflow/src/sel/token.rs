//! From text to tokens, with the bytes each one came from.

use std::sync::Arc;

use super::{Error, Span, escape};

/// A word or sign of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Identifier(Arc<str>),
    /// A reserved word, with or without a meaning.
    Reserved(&'static str),
    /// The digits as written, without the suffix.
    Integer(Arc<str>),
    Double(f64),
    String(Arc<str>),
    Sign(&'static str),
    End,
}

/// A token and where it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub token: Token,
    pub span: Span,
}

const RESERVED: [&str; 50] = [
    "abstract",
    "boolean",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "extends",
    "false",
    "final",
    "finally",
    "float",
    "for",
    "goto",
    "if",
    "implements",
    "import",
    "instanceof",
    "int",
    "interface",
    "long",
    "native",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "short",
    "static",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "transient",
    "true",
    "try",
    "void",
    "volatile",
    "while",
];

/// Longest first: the first one that fits is the token.
const SIGNS: [&str; 46] = [
    ">>>=", "<<=", ">>=", ">>>", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "<<", ">>", "*=", "/=", "%=", "+=",
    "-=", "&=", "|=", "^=", "(", ")", "{", "}", "[", "]", ";", ",", ".", "=", "<", ">", "+", "-", "*", "/", "%", "!",
    "?", ":", "~", "&", "|", "^",
];

/// Splits a text into tokens; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Lexeme>, Error> {
    let decoded = escape::decode(text)?;
    let mut lexer = Lexer { text: decoded.text(), at: 0 };
    let mut lexemes = Vec::with_capacity(text.len() / 3 + 1);
    loop {
        let place = |range: (usize, usize)| decoded.span(range.0, range.1);
        lexer.skip_blank().map_err(|failure| failure.into_error(place))?;
        let start = lexer.at;
        let token = lexer.next().map_err(|failure| failure.into_error(place))?;
        let is_end = token == Token::End;
        lexemes.push(Lexeme { token, span: decoded.span(start, lexer.at) });
        if is_end {
            return Ok(lexemes);
        }
    }
}

struct Failure {
    message: String,
    range: (usize, usize),
}

impl Failure {
    fn into_error(self, place: impl Fn((usize, usize)) -> Span) -> Error {
        Error::parse(self.message, place(self.range))
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, start: usize, message: impl Into<String>) -> Result<T, Failure> {
        Err(Failure { message: format!("Lexical error: {}", message.into()), range: (start, self.at.max(start + 1)) })
    }

    fn skip_blank(&mut self) -> Result<(), Failure> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(length) => self.at += length + 4,
                    None => return self.fail(self.at, "a comment without an end"),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> Result<Token, Failure> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        let digit_follows_dot = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if first.is_ascii_digit() || digit_follows_dot {
            return self.number();
        }
        if is_letter(first) {
            let length = rest.find(|c| !is_letter(c) && !is_digit(c)).unwrap_or(rest.len());
            self.at += length;
            let word = &rest[..length];
            let reserved = RESERVED.iter().find(|reserved| **reserved == word);
            return Ok(reserved.map_or_else(|| Token::Identifier(word.into()), |word| Token::Reserved(word)));
        }
        if first == '\'' || first == '"' {
            return self.string(first);
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(Token::Sign(sign))
            }
            None => self.fail(self.at, format!("unexpected character {first:?}")),
        }
    }

    fn number(&mut self) -> Result<Token, Failure> {
        let rest = self.rest();
        let start = self.at;
        let whole = digits(rest);
        if let Some(length) = floating(rest, whole) {
            self.at += length;
            let text = rest[..length].trim_end_matches(['f', 'F', 'd', 'D']);
            return match text.parse() {
                Ok(value) => Ok(Token::Double(value)),
                Err(_) => self.fail(start, "not a number"),
            };
        }
        let length = integer(rest, whole);
        let has_suffix = rest[length..].starts_with(['l', 'L']);
        self.at += length + usize::from(has_suffix);
        Ok(Token::Integer(rest[..length].into()))
    }

    fn string(&mut self, quote: char) -> Result<Token, Failure> {
        let start = self.at;
        let mut content = String::new();
        let mut characters = self.text[start + 1..].char_indices();
        while let Some((offset, character)) = characters.next() {
            self.at = start + 1 + offset + character.len_utf8();
            match character {
                '\n' | '\r' => return self.fail(start, "a text without an end"),
                '\\' => {
                    let escaped = characters.next().map_or('\n', |(_, escaped)| escaped);
                    self.at += escaped.len_utf8();
                    match unescaped(escaped) {
                        Some(meant) => content.push(meant),
                        None if escaped.is_digit(8) => {
                            let range = (start, self.at);
                            let message = format!("Invalid escaped literal string: {}", &self.text[start..self.at]);
                            return Err(Failure { message, range });
                        }
                        None => return self.fail(start, format!("unknown escape \\{escaped}")),
                    }
                }
                _ if character == quote => return Ok(Token::String(content.into())),
                _ => content.push(character),
            }
        }
        self.fail(start, "a text without an end")
    }
}

fn unescaped(escaped: char) -> Option<char> {
    Some(match escaped {
        'b' => '\u{8}',
        'n' => '\n',
        't' => '\t',
        'f' => '\u{c}',
        'r' => '\r',
        '\\' | '\'' | '"' => escaped,
        _ => return None,
    })
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The length of a floating literal at the start of `text`, if there is one.
fn floating(text: &str, whole: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let has_point = bytes.get(whole) == Some(&b'.');
    let fraction = if has_point { 1 + digits(&text[whole + 1..]) } else { 0 };
    let mantissa = whole + fraction;
    let mut exponent = 0;
    if matches!(bytes.get(mantissa), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(mantissa + 1), Some(b'+' | b'-')));
        let power = digits(&text[mantissa + 1 + sign..]);
        exponent = if power > 0 { 1 + sign + power } else { 0 };
    }
    let suffix = usize::from(matches!(bytes.get(mantissa + exponent), Some(b'f' | b'F' | b'd' | b'D')));
    (has_point || exponent + suffix > 0).then_some(mantissa + exponent + suffix)
}

/// The length of an integer literal at the start of `text`, which starts with `whole` decimal digits.
fn integer(text: &str, whole: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes[0] != b'0' {
        return whole;
    }
    if matches!(bytes.get(1), Some(b'x' | b'X')) {
        let hexadecimal = bytes[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        return if hexadecimal > 0 { 2 + hexadecimal } else { 1 };
    }
    1 + bytes[1..].iter().take_while(|byte| (b'0'..=b'7').contains(*byte)).count()
}

/// The reference's letters: those of the Java language as of its first edition.
pub(super) fn is_letter(c: char) -> bool {
    matches!(c, '$' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{1fff}'
        | '\u{3040}'..='\u{318f}' | '\u{3300}'..='\u{337f}' | '\u{3400}'..='\u{3d2d}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}')
}

fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '\u{966}'..='\u{96f}'
        | '\u{9e6}'..='\u{9ef}' | '\u{a66}'..='\u{a6f}' | '\u{ae6}'..='\u{aef}' | '\u{b66}'..='\u{b6f}'
        | '\u{be7}'..='\u{bef}' | '\u{c66}'..='\u{c6f}' | '\u{ce6}'..='\u{cef}' | '\u{d66}'..='\u{d6f}'
        | '\u{e50}'..='\u{e59}' | '\u{ed0}'..='\u{ed9}' | '\u{1040}'..='\u{1049}')
}
