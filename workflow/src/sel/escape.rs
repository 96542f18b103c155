//! Unicode escapes, decoded before the text is split into tokens.

use std::borrow::Cow;

use super::{Error, Span};

/// A text without unicode escapes that still knows where its characters came from.
pub(super) struct Decoded<'a> {
    text: Cow<'a, str>,
    /// From this decoded byte on, the original byte stands that much further, up to the next entry.
    shifts: Vec<(usize, usize)>,
}

impl Decoded<'_> {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span { start: self.original(start), end: self.original(end.min(self.text.len())) }
    }

    fn original(&self, decoded: usize) -> u32 {
        let after = self.shifts.partition_point(|(from, _)| *from <= decoded);
        let shift = after.checked_sub(1).map_or(0, |index| self.shifts[index].1);
        u32::try_from(decoded + shift).unwrap_or(u32::MAX)
    }
}

/// Replaces every `\uXXXX` that an odd run of backslashes introduces.
///
/// A half of a surrogate pair that stands alone becomes U+FFFD: our texts are UTF-8.
pub(super) fn decode(text: &str) -> Result<Decoded<'_>, Error> {
    if !text.contains("\\u") {
        return Ok(Decoded { text: Cow::Borrowed(text), shifts: Vec::new() });
    }
    let mut decoded = String::with_capacity(text.len());
    let mut shifts = Vec::new();
    let mut rest = text;
    let mut high: Option<u16> = None;
    while let Some(first) = rest.chars().next() {
        let run = rest.bytes().take_while(|byte| *byte == b'\\').count();
        if run % 2 == 1 && rest[run..].starts_with('u') {
            flush(&mut decoded, if run > 1 { high.take() } else { None });
            decoded.push_str(&rest[..run - 1]);
            let at = text.len() - rest.len() + run - 1;
            let (unit, length) = unit(&rest[run - 1..]).ok_or_else(|| malformed(at))?;
            rest = &rest[run - 1 + length..];
            match (high.take(), unit) {
                (Some(first), 0xdc00..=0xdfff) => decoded.extend(char::decode_utf16([first, unit]).flatten()),
                (waiting, unit) => {
                    flush(&mut decoded, waiting);
                    if (0xd800..=0xdbff).contains(&unit) {
                        high = Some(unit);
                    } else {
                        decoded.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
            }
            let original = text.len() - rest.len();
            // A replacement can be longer than what it stood for never: six bytes become at most four.
            shifts.push((decoded.len(), original.saturating_sub(decoded.len())));
            continue;
        }
        flush(&mut decoded, high.take());
        let length = if run > 0 { run } else { first.len_utf8() };
        decoded.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    flush(&mut decoded, high);
    Ok(Decoded { text: Cow::Owned(decoded), shifts })
}

fn flush(decoded: &mut String, high: Option<u16>) {
    if high.is_some() {
        decoded.push(char::REPLACEMENT_CHARACTER);
    }
}

/// The UTF-16 unit of an escape at the start of `text` and the escape's length.
fn unit(text: &str) -> Option<(u16, usize)> {
    let marks = text[1..].bytes().take_while(|byte| *byte == b'u').count();
    let hex = text.get(1 + marks..5 + marks)?;
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u16::from_str_radix(hex, 16).ok()?, 5 + marks))
}

fn malformed(at: usize) -> Error {
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    Error::parse("Lexical error: an invalid unicode escape", Span { start, end: start.saturating_add(2) })
}
