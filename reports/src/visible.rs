//! Foreign text made visible: what a terminal, a browser or an XML reader would act on is shown as its number instead.
//!
//! Ids, values and messages come from workflows that anybody may have written. A line break in an id, an escape sequence in a value
//! or a mark that turns the direction of writing must not change how the text around it reads.

use std::{borrow::Cow, fmt::Write as _};

/// On one line: line breaks and tabs are shown, too.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    shown(text, |c| is_hidden(c) || matches!(c, '\n' | '\t'))
}

/// Line breaks and tabs stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

/// At most so many characters; the rest is cut off and said to be.
pub(crate) fn bounded(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let rest = text[end..].chars().count();
            Cow::Owned(format!("{}… ({} more)", &text[..end], super::wording::count(rest, "character")))
        }
    }
}

fn shown(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_hidden(c) => told.push(c),
            '\n' => told.push('⏎'),
            '\t' => told.push('⇥'),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(told, "⟨U+{:04X}⟩", u32::from(c));
            }
        }
    }
    Cow::Owned(told)
}

/// Controls, marks that turn or join the writing, and what XML 1.0 has no way to say.
fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    is_control || turns || matches!(c, '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_is_shown_by_its_number() {
        assert_eq!(line("a\u{1b}[31mb"), "a⟨U+001B⟩[31mb");
        assert_eq!(line("user\u{202e}gpj.exe"), "user⟨U+202E⟩gpj.exe");
        assert_eq!(line("a\nb\tc\0"), "a⏎b⇥c⟨U+0000⟩");
        assert_eq!(lines("a\nb\tc\0"), "a\nb\tc⟨U+0000⟩");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "load → done", "שלום", "𝕊 <script> \"'&"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_is_cut_off_is_counted() {
        assert_eq!(bounded("äöü", 3), "äöü");
        assert_eq!(bounded("äöüß", 3), "äöü… (1 character more)");
    }
}
