//! The HTML part of a mail: tables that every mail program shows, well below the size at which Gmail cuts mails off (102 kB).

use askama::Template;
use replay::campaign::{Kind, Report};

use super::Error;
use crate::{
    Summary,
    change::Change,
    summary::{matters, short, tone},
    text::bound_of,
    visible,
    wording::{count, number},
};

/// Findings in the mail; all are in the attachment.
const FINDINGS_MAX: usize = 8;

/// Differences of a finding in the mail.
const DIFFERENCES_MAX: usize = 3;

/// Kinds of workflow in the mail.
const KINDS_MAX: usize = 25;

/// Characters of any one text in the mail, so that a few long ones cannot fill it.
const TEXT_MAX_CHARS: usize = 240;

#[derive(Template)]
#[template(path = "mail.mjml", escape = "html")]
struct Layout<'a> {
    summary: &'a Summary,
    ink: &'static str,
    ground: &'static str,
    findings: Vec<Shown>,
    findings_more: usize,
    kinds: Vec<Row>,
    kinds_more: usize,
}

struct Shown {
    workflow: String,
    sample: String,
    error: Option<String>,
    changes: Vec<Change>,
    changes_more: usize,
    reproduce: String,
}

struct Row {
    name: String,
    n: String,
    bound: String,
    verdict: &'static str,
    ink: &'static str,
    /// Width of the bar's parts in percent, those that are not empty.
    bar: Vec<(u64, &'static str)>,
}

/// The HTML part of a mail.
pub fn layout(report: &Report, summary: &Summary) -> Result<String, Error> {
    let matters = matters(report);
    let (ink, ground) = colours(tone(&report.verdict));
    let page = Layout {
        summary,
        ink,
        ground,
        findings: matters.iter().take(FINDINGS_MAX).map(|finding| Shown::of(finding)).collect(),
        findings_more: matters.len().saturating_sub(FINDINGS_MAX),
        kinds: report.strata.iter().take(KINDS_MAX).map(Row::of).collect(),
        kinds_more: report.strata.len().saturating_sub(KINDS_MAX),
    };
    let written = page.render().map_err(|error| Error::Layout(error.to_string()))?;
    let parsed = mrml::parse(&written).map_err(|error| Error::Layout(error.to_string()))?;
    let options = mrml::prelude::render::RenderOptions::default();
    parsed.element.render(&options).map_err(|error| Error::Layout(error.to_string()))
}

impl Shown {
    fn of(finding: &replay::campaign::Finding) -> Self {
        let changes: Vec<_> = finding.unexplained().take(DIFFERENCES_MAX).map(Change::of).collect();
        let excused = finding.differences.len() - finding.unexplained().count();
        let error = finding.error.as_deref().filter(|_| finding.kind == Kind::HarnessError);
        Self {
            workflow: cut(&finding.workflow),
            sample: short(&finding.sample),
            error: error.map(cut),
            changes_more: finding.difference_count.saturating_sub(changes.len() + excused),
            changes,
            reproduce: cut(&finding.reproduce),
        }
    }
}

impl Row {
    fn of(kind: &replay::campaign::Stratum) -> Self {
        let (tally, total) = (kind.tally, kind.tally.total().max(1));
        let parts = [(tally.agree, "#14713f"), (tally.differ, "#b3261e"), (tally.noisy + tally.failed, "#c9a44c")];
        // Rounded up, so that one in a thousand is still seen; table cells share what is too much.
        let bar =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, colour)| ((n * 100).div_ceil(total), *colour)).collect();
        Self {
            name: cut(&kind.name),
            n: number(tally.conclusive()),
            bound: bound_of(&kind.verdict),
            verdict: kind.verdict.word(),
            ink: colours(tone(&kind.verdict)).0,
            bar,
        }
    }
}

fn cut(text: &str) -> String {
    visible::bounded(&visible::line(text), TEXT_MAX_CHARS).into_owned()
}

/// Ink and ground of a tone.
fn colours(tone: &str) -> (&'static str, &'static str) {
    match tone {
        "good" => ("#14713f", "#e3f5ea"),
        "bad" => ("#b3261e", "#fde7e5"),
        _ => ("#8a5800", "#fdf1d8"),
    }
}

/// `and 1 finding more`, for the template.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
fn more(n: &usize, noun: &str) -> String {
    format!("and {} more", count(*n, noun))
}
