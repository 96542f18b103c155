//! The live view: one screen, drawn anew each time, and the keys that end it.

use std::{collections::VecDeque, thread};

use tokio::sync::oneshot;

use super::Figures;
use crate::output::Output;

/// Moments that the line of steps a second shows.
const MOMENTS: usize = 60;

/// From nothing to the most of what is shown.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The screen for as long as somebody watches; afterwards it is as it was before.
#[derive(Debug)]
pub(crate) struct View<'a> {
    output: &'a mut Output,
    steps: VecDeque<f64>,
}

impl<'a> View<'a> {
    /// Takes the screen.
    pub(crate) fn open(output: &'a mut Output) -> Self {
        output.take_screen();
        Self { output, steps: VecDeque::with_capacity(MOMENTS) }
    }

    /// Draws what a server said, or why it said nothing.
    pub(crate) fn draw(&mut self, server: &str, state: &str, figures: Option<&Figures>) {
        if let Some(figures) = figures {
            if self.steps.len() == MOMENTS {
                self.steps.pop_front();
            }
            self.steps.push_back(figures.steps_per_s);
        }
        let steps = &self.steps;
        self.output.redraw(|output| {
            output.heading(format_args!("segue top  {server}  {state}"));
            if let Some(figures) = figures {
                output.table(&["WHAT", "NOW", "MORE"], figures.rows());
                let most = steps.iter().copied().fold(0.0, f64::max);
                output.line(format_args!("\nsteps a second, up to {most:.0}: {}", bars(steps, most)));
            }
            output.line("\n`q` or Ctrl-C ends this");
        });
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        self.output.give_screen_back();
    }
}

/// Resolves when somebody presses `q`. Ctrl-C is a signal as everywhere.
pub(crate) async fn quit() {
    let (tell, told) = oneshot::channel();
    // It ends with the process: nobody can take a thread from a terminal that it reads.
    thread::spawn(move || {
        let terminal = console::Term::stdout();
        while let Ok(key) = terminal.read_key() {
            if matches!(key, console::Key::Char('q' | 'Q') | console::Key::Escape) {
                break;
            }
        }
        let _nobody_waits = tell.send(());
    });
    let _ended = told.await;
}

fn bars(values: &VecDeque<f64>, most: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of seven")]
    let bar = |value: &f64| BARS[((value / most.max(f64::MIN_POSITIVE) * 7.0).round() as usize).min(7)];
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_nothing_to_the_most() {
        for (values, expected) in [(vec![0.0, 50.0, 100.0], "▁▅█"), (vec![0.0, 0.0], "▁▁"), (vec![], "")] {
            let most = values.iter().copied().fold(0.0, f64::max);
            assert_eq!(bars(&values.into(), most), expected);
        }
    }
}
