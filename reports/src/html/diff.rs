//! A unified diff as coloured lines, with what changed within a line marked.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::visible;

/// Lines that may follow each other removed and added and still be compared word by word.
const BLOCK_MAX_LINES: usize = 200;

/// How long the words of one block may take to compare; then whole lines are shown.
const BLOCK_TIME_MAX: Duration = Duration::from_millis(200);

/// Characters of a line.
const LINE_MAX_CHARS: usize = 1_000;

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// `head`, `hunk`, `same`, `gone` or `new`; the style sheet knows them.
    pub(super) class: &'static str,
    /// What stands in front of it.
    pub(super) sign: &'static str,
    /// Its text in pieces.
    pub(super) parts: Vec<Part>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Whether it is what changed within the line.
    pub(super) is_marked: bool,
    pub(super) text: String,
}

/// The lines of a unified diff, and how many more there are.
pub(super) fn lines(unified: &str, lines_max: usize) -> (Vec<Line>, usize) {
    let all = unified.lines().count();
    let mut told = Vec::new();
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for (index, line) in unified.lines().take(lines_max).enumerate() {
        match line.split_at_checked(1) {
            _ if index < 2 && (line.starts_with("---") || line.starts_with("+++")) => {
                told.push(plain("head", "", line));
            }
            Some(("-", text)) => {
                // A removed line behind an added one begins another block.
                if !new.is_empty() {
                    block(&mut gone, &mut new, &mut told);
                }
                gone.push(text);
            }
            Some(("+", text)) => new.push(text),
            other => {
                block(&mut gone, &mut new, &mut told);
                told.push(match other {
                    Some((" ", text)) => plain("same", " ", text),
                    // Where a hunk begins, that lines are cut off, or an empty line.
                    _ => plain("hunk", "", line),
                });
            }
        }
    }
    block(&mut gone, &mut new, &mut told);
    (told, all.saturating_sub(lines_max))
}

/// Lines that were removed and those that took their place.
fn block(gone: &mut Vec<&str>, new: &mut Vec<&str>, told: &mut Vec<Line>) {
    if gone.is_empty() || new.is_empty() || gone.len() + new.len() > BLOCK_MAX_LINES {
        told.extend(gone.drain(..).map(|text| plain("gone", "-", text)));
        told.extend(new.drain(..).map(|text| plain("new", "+", text)));
        return;
    }
    let (left, right) = (gone.join("\n"), new.join("\n"));
    let diff = TextDiff::configure().timeout(BLOCK_TIME_MAX).diff_lines(&left, &right);
    for op in diff.ops() {
        for change in diff.iter_inline_changes(op) {
            let (class, sign) = match change.tag() {
                ChangeTag::Equal => ("same", " "),
                ChangeTag::Delete => ("gone", "-"),
                ChangeTag::Insert => ("new", "+"),
            };
            let parts = change
                .iter_strings_lossy()
                .map(|(is_marked, text)| Part { is_marked, text: shown(text.trim_end_matches('\n')) });
            told.push(Line { class, sign, parts: parts.filter(|part| !part.text.is_empty()).collect() });
        }
    }
    gone.clear();
    new.clear();
}

fn plain(class: &'static str, sign: &'static str, text: &str) -> Line {
    Line { class, sign, parts: vec![Part { is_marked: false, text: shown(text) }] }
}

fn shown(text: &str) -> String {
    visible::bounded(&visible::line(text), LINE_MAX_CHARS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(unified: &str) -> Vec<String> {
        let tell = |line: &Line| {
            let part = |part: &Part| if part.is_marked { format!("[{}]", part.text) } else { part.text.clone() };
            format!("{} {}{}", line.class, line.sign, line.parts.iter().map(part).collect::<String>())
        };
        lines(unified, 100).0.iter().map(tell).collect()
    }

    #[test]
    fn what_changed_within_a_line_is_marked() {
        let unified =
            "--- old\n+++ new\n@@ -1,2 +1,2 @@\n {\n-  \"status\": \"SUCCEEDED\"\n+  \"status\": \"FAILED\"\n";
        assert_eq!(
            told(unified),
            [
                "head --- old",
                "head +++ new",
                "hunk @@ -1,2 +1,2 @@",
                "same  {",
                "gone -  \"status\": [\"SUCCEEDED\"]",
                "new +  \"status\": [\"FAILED\"]",
            ]
        );
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_is_none() {
        assert_eq!(told("--- a\n+++ b\n@@ -1 +0,0 @@\n--- c\n")[3], "gone ---- c".replacen("----", "---", 1));
    }

    #[test]
    fn lines_beyond_the_bound_are_counted() {
        let unified = " same\n".repeat(30);
        let (shown, more) = lines(&unified, 10);
        assert_eq!((shown.len(), more), (10, 20));
    }
}
