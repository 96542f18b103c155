//! What people and machines see: data on standard output, narration on standard error.
//!
//! Colour and width follow the terminal; a pipe gets plain text. No other module prints.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the one place that prints")]

use std::{
    io::{IsTerminal, Write as _},
    ops::Range,
    path::Path,
};

use annotate_snippets::{AnnotationKind, Level, Renderer};
use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::exit::Failure;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// It is refused.
    Error,
    /// It is accepted, and worth a look.
    Warning,
}

/// Something about a part of a text.
#[derive(Debug)]
pub(crate) struct Snippet<'a> {
    pub(crate) grade: Grade,
    /// Stable code.
    pub(crate) code: &'a str,
    /// What is the matter.
    pub(crate) title: &'a str,
    /// What stands beside the underlined characters.
    pub(crate) label: &'a str,
    /// Which file.
    pub(crate) path: &'a Path,
    /// Its whole text.
    pub(crate) text: &'a str,
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    /// What to do next.
    pub(crate) hint: Option<&'a str>,
}

/// Where a command's words go.
#[derive(Debug)]
pub(crate) struct Output {
    is_terminal: bool,
    /// Whether lines take the place of those on the screen.
    is_drawing: bool,
}

impl Output {
    /// The process's own streams.
    pub(crate) fn standard() -> Self {
        Self { is_terminal: std::io::stdout().is_terminal(), is_drawing: false }
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether a person is watching the narration.
    pub(crate) fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// One line of data.
    pub(crate) fn line(&mut self, text: impl std::fmt::Display) {
        if !self.is_drawing {
            return anstream::println!("{text}");
        }
        for line in text.to_string().lines() {
            anstream::println!("{line}\x1b[K");
        }
    }

    /// A document for a machine.
    pub(crate) fn json(&mut self, document: &impl Serialize) {
        let text =
            if self.is_terminal { serde_json::to_string_pretty(document) } else { serde_json::to_string(document) };
        match text {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("error: the result could not be written as JSON: {error}"),
        }
    }

    /// A table: ruled on a terminal, aligned columns in a pipe.
    pub(crate) fn table(&mut self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let mut table = Table::new();
        table.load_style(if self.is_terminal { presets::UTF8_HORIZONTAL_ONLY } else { presets::NOTHING });
        table.set_content_arrangement(if self.is_terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        table.set_header(head);
        table.add_rows(rows);
        self.line(table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
    }

    /// A line that stands out.
    pub(crate) fn heading(&mut self, text: impl std::fmt::Display) {
        self.line(text.bold());
    }

    /// Takes the whole screen, with nothing on it; what was there comes back.
    pub(crate) fn take_screen(&mut self) {
        anstream::print!("\x1b[?1049h\x1b[?25l");
    }

    /// Draws a screen over the one that is there: lines take the place of lines, so that nothing flickers, and what is left over goes.
    pub(crate) fn redraw(&mut self, draw: impl FnOnce(&mut Self)) {
        self.is_drawing = true;
        anstream::print!("\x1b[H");
        draw(self);
        anstream::print!("\x1b[J");
        self.is_drawing = false;
        // Whoever watches a terminal that is gone is told so by its next signal.
        let _gone = std::io::stdout().flush();
    }

    /// The screen as it was before it was taken.
    pub(crate) fn give_screen_back(&mut self) {
        anstream::print!("\x1b[?25h\x1b[?1049l");
    }

    /// A part of a text with what is the matter there.
    pub(crate) fn snippet(&mut self, snippet: &Snippet<'_>) {
        let level = match snippet.grade {
            Grade::Error => Level::ERROR,
            Grade::Warning => Level::WARNING,
        };
        let path = snippet.path.display().to_string();
        let annotation = AnnotationKind::Primary.span(snippet.span.clone()).label(snippet.label);
        let source = annotate_snippets::Snippet::source(snippet.text).path(path.as_str()).annotation(annotation);
        let mut group = level.primary_title(snippet.title).id(snippet.code).element(source);
        if let Some(hint) = snippet.hint {
            group = group.element(Level::HELP.message(hint));
        }
        anstream::println!("{}\n", Renderer::styled().render(&[group]));
    }

    /// A sentence about what is going on.
    pub(crate) fn say(&mut self, text: impl std::fmt::Display) {
        anstream::eprintln!("{text}");
    }

    /// Why a command failed, its causes, and what to do next.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        anstream::eprintln!("{} {}", "error:".red().bold(), failure.error);
        for cause in failure.error.chain().skip(1) {
            anstream::eprintln!("  because {cause}");
        }
        if let Some(hint) = &failure.hint {
            anstream::eprintln!("{} {hint}", "hint:".cyan().bold());
        }
    }
}

/// Sends spans and events to standard error; `SEGUE_LOG` overrides the flags.
pub(crate) fn log_to_stderr(verbose: u8) {
    let level = ["warn", "info", "debug"][usize::from(verbose.min(2))];
    // The S3 library narrates what the error that it returns says again.
    let filter = format!("{level},aws_config=off,aws_smithy_runtime=off");
    let filter = EnvFilter::try_from_env("SEGUE_LOG").unwrap_or_else(|_| EnvFilter::new(filter));
    let has_colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(has_colour).with_writer(std::io::stderr).init();
}
