//! A report for a terminal, and for the plain part of a mail.

use std::fmt::{self, Write};

use replay::campaign::{Finding, Kind, Report};

use crate::{
    Occasion, Summary,
    change::Change,
    summary::{matters, short, tone},
    visible,
    wording::{bound, count, number},
};

/// Findings that are shown; the rest is counted.
const FINDINGS_MAX: usize = 20;

/// Differences of a finding that are shown.
const DIFFERENCES_MAX: usize = 5;

/// Kinds of workflow that are shown.
const KINDS_MAX: usize = 60;

/// Whether to colour; the caller knows where the text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// With escape sequences of a terminal.
    Always,
}

/// The report as text.
pub fn write(report: &Report, occasion: &Occasion, colour: Colour) -> String {
    let mut page = Page { told: String::new(), colour };
    // Writing to a string cannot fail.
    let _ = page.report(report, &Summary::of(report, occasion));
    page.told
}

struct Page {
    told: String,
    colour: Colour,
}

impl Page {
    fn report(&mut self, report: &Report, summary: &Summary) -> fmt::Result {
        let word = self.painted(code(tone(&report.verdict)), &summary.verdict.to_uppercase());
        writeln!(self.told, "{word}  {}", summary.answer)?;
        writeln!(self.told, "{}", summary.headline)?;
        writeln!(self.told, "{}", summary.meaning)?;
        for caveat in &summary.caveats {
            let note = self.painted("33", "note:");
            writeln!(self.told, "{note} {caveat}")?;
        }
        for fact in summary.latency.iter().chain(&summary.mutation) {
            writeln!(self.told, "{fact}")?;
        }
        self.findings(report)?;
        self.places(summary)?;
        self.kinds(report)?;
        self.set_aside(report)?;
        self.facts(summary)?;
        self.next(summary)
    }

    fn findings(&mut self, report: &Report) -> fmt::Result {
        let findings = matters(report);
        for finding in findings.iter().take(FINDINGS_MAX) {
            self.finding(finding)?;
        }
        let rest = findings.len().saturating_sub(FINDINGS_MAX);
        if rest > 0 {
            writeln!(self.told, "\n  and {} more, all in the JSON report", count(rest, "finding"))?;
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> fmt::Result {
        let name = self.painted("1", &visible::line(&finding.workflow));
        writeln!(self.told, "\n  {name}   sample {}", short(&finding.sample))?;
        if finding.kind == Kind::HarnessError {
            let error = finding.error.as_deref().unwrap_or("without a message");
            writeln!(self.told, "    could not be replayed: {}", visible::bounded(&visible::line(error), 500))?;
        }
        let changes: Vec<_> = finding.unexplained().take(DIFFERENCES_MAX).map(Change::of).collect();
        let width = changes.iter().map(|change| change.path.chars().count()).max().unwrap_or(0).min(60);
        for change in &changes {
            let (left, right) = (self.painted("31", &change.left), self.painted("32", &change.right));
            writeln!(self.told, "    {:width$}   {left} → {right}", change.path)?;
        }
        let excused = finding.differences.iter().filter(|difference| !difference.is_unexplained()).count();
        let rest = finding.difference_count.saturating_sub(changes.len() + excused);
        if rest > 0 {
            writeln!(self.told, "    and {} more", count(rest, "difference"))?;
        }
        let hint = self.painted("36", "hint:");
        writeln!(self.told, "    {hint} `{}`", visible::line(&finding.reproduce))
    }

    fn places(&mut self, summary: &Summary) -> fmt::Result {
        self.heading("Where most samples differ", summary.places.len())?;
        for place in &summary.places {
            writeln!(self.told, "  {:>7}   {}", number(place.samples), place.path)?;
        }
        Ok(())
    }

    fn kinds(&mut self, report: &Report) -> fmt::Result {
        self.heading("Kinds of workflow", report.strata.len())?;
        let names: Vec<_> = report.strata.iter().take(KINDS_MAX).map(|kind| visible::line(&kind.name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).clamp(4, 48);
        if !names.is_empty() {
            writeln!(
                self.told,
                "  {:width$}   {:>7}   {:>6}   {:>10}   verdict",
                "kind", "samples", "differ", "95 % bound"
            )?;
        }
        for (kind, name) in report.strata.iter().zip(&names) {
            let (tally, rate) = (kind.tally, bound_of(&kind.verdict));
            let word = self.painted(code(tone(&kind.verdict)), kind.verdict.word());
            let (n, differ) = (number(tally.conclusive()), number(tally.differ));
            writeln!(self.told, "  {name:width$}   {n:>7}   {differ:>6}   {rate:>10}   {word}")?;
        }
        let rest = report.strata.len().saturating_sub(KINDS_MAX);
        if rest > 0 {
            writeln!(self.told, "  and {} more", count(rest, "kind"))?;
        }
        let empty = report.coverage.empty().count();
        if empty > 0 {
            let cells: usize = report.coverage.tables.iter().map(|table| table.rows.len() * table.columns.len()).sum();
            writeln!(self.told, "  {} of {} of the coverage matrix are empty", number(empty), count(cells, "cell"))?;
        }
        Ok(())
    }

    fn set_aside(&mut self, report: &Report) -> fmt::Result {
        self.heading("Set aside", report.noise.len() + report.excused.len() + report.expired_rules.len())?;
        for place in report.noise.iter().take(FINDINGS_MAX) {
            let side = side(report, place.side);
            writeln!(
                self.told,
                "  noise in {}: {} wavers on {side}",
                count(place.samples, "sample"),
                visible::line(&place.path)
            )?;
        }
        for excuse in report.excused.iter().take(FINDINGS_MAX) {
            writeln!(self.told, "  excused in {}: {}", count(excuse.samples, "sample"), visible::line(&excuse.reason))?;
        }
        for rule in report.expired_rules.iter().take(FINDINGS_MAX) {
            let (path, reason) = (visible::line(&rule.path), visible::line(&rule.reason));
            writeln!(self.told, "  expired on {}: {path} ({reason})", visible::line(&rule.expires))?;
        }
        Ok(())
    }

    fn facts(&mut self, summary: &Summary) -> fmt::Result {
        self.heading("Campaign", 1)?;
        writeln!(self.told, "  {:<9}  {}, {}", "about", summary.title, summary.at)?;
        for (name, value) in &summary.facts {
            writeln!(self.told, "  {name:<9}  {value}")?;
        }
        Ok(())
    }

    fn next(&mut self, summary: &Summary) -> fmt::Result {
        self.heading("What to do next", summary.next.len())?;
        for (index, advice) in summary.next.iter().enumerate() {
            writeln!(self.told, "  {}. {}", index + 1, advice.text)?;
            if let Some(command) = &advice.command {
                writeln!(self.told, "     `{command}`")?;
            }
        }
        Ok(())
    }

    fn heading(&mut self, heading: &str, lines: usize) -> fmt::Result {
        if lines == 0 {
            return Ok(());
        }
        let heading = self.painted("1", heading);
        writeln!(self.told, "\n{heading}")
    }

    fn painted(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// The bound of a kind in percent.
pub(crate) fn bound_of(verdict: &replay::verdict::Verdict) -> String {
    use replay::verdict::Verdict::{Agrees, Differs, Inconclusive};
    let (Agrees { bound: rate, .. } | Inconclusive { bound: rate, .. } | Differs { bound: rate, .. }) = verdict;
    bound(*rate)
}

/// The name of the engine on a side.
pub(crate) fn side(report: &Report, side: replay::campaign::Side) -> String {
    let name = match side {
        replay::campaign::Side::Baseline => &report.baseline,
        replay::campaign::Side::Candidate => &report.candidate,
    };
    visible::line(name).into_owned()
}

fn code(tone: &str) -> &'static str {
    match tone {
        "good" => "1;32",
        "bad" => "1;31",
        _ => "1;33",
    }
}
