//! A report as one HTML file: nothing outside it is loaded, everything in it is escaped, and its size is bounded.

mod diff;
mod plot;

use askama::Template;
use replay::{
    campaign::{Finding, Kind, Report},
    sample::Table,
    verdict::Tally,
};

use self::{diff::Line, plot::Plot};
use crate::{
    Occasion, Summary,
    change::Change,
    summary::{matters, short, tone},
    text::{bound_of, side},
    visible,
    wording::{count, may_move, number},
};

/// Findings that are shown.
const FINDINGS_MAX: usize = 200;

/// Findings that are shown unfolded.
const FINDINGS_OPEN: usize = 3;

/// Differences of a finding that are shown.
const DIFFERENCES_MAX: usize = 50;

/// Lines of a finding's diff that are shown.
const DIFF_MAX_LINES: usize = 400;

/// Bytes of all diffs together, so that the file can be mailed.
const DIFFS_MAX_BYTES: usize = 2 * 1024 * 1024;

/// Rows of the tables of kinds, noise and excuses that are shown.
const ROWS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    summary: Summary,
    tone: &'static str,
    mark: &'static str,
    baseline: String,
    candidate: String,
    findings: Vec<Shown>,
    findings_more: usize,
    kinds: Vec<Row>,
    kinds_more: usize,
    plot: Option<Plot>,
    coverage: Vec<Matrix>,
    empty: usize,
    cells: usize,
    noise: Vec<[String; 3]>,
    excused: Vec<[String; 2]>,
    expired: Vec<[String; 3]>,
    set_aside_more: usize,
    mutants: Vec<(String, bool)>,
}

/// A finding, ready to be shown.
struct Shown {
    workflow: String,
    sample: String,
    id: String,
    kind: String,
    verdict: &'static str,
    tone: &'static str,
    is_open: bool,
    error: Option<String>,
    changes: Vec<Change>,
    changes_more: usize,
    noise: Vec<String>,
    diff: Vec<Line>,
    diff_more: usize,
    diff_is_left_out: bool,
    reproduce: String,
}

/// A kind of workflow in the table.
struct Row {
    name: String,
    workflows: String,
    n: String,
    differ: String,
    aside: String,
    bound: String,
    verdict: &'static str,
    may_move: &'static str,
    tone: &'static str,
    /// Widths of the bar's parts in percent: agree, differ, noisy, failed.
    bar: [String; 4],
    told: String,
}

/// A table of the coverage matrix.
struct Matrix {
    title: String,
    row: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
}

struct Cell {
    n: String,
    is_empty: bool,
    /// How strongly the cell is tinted, in percent.
    tint: u64,
}

/// The report as one HTML file.
pub fn write(report: &Report, occasion: &Occasion) -> String {
    // The template calls nothing that fails, and writing to a string does not.
    Page::of(report, occasion).render().expect("the template is complete")
}

impl Page {
    fn of(report: &Report, occasion: &Occasion) -> Self {
        let matters = matters(report);
        let mut room = DIFFS_MAX_BYTES;
        let findings = matters.iter().take(FINDINGS_MAX).enumerate();
        let (noise, excused, expired) = (&report.noise, &report.excused, &report.expired_rules);
        let line = |text: &str| visible::line(text).into_owned();
        let empty = report.coverage.empty().count();
        Self {
            summary: Summary::of(report, occasion),
            tone: tone(&report.verdict),
            mark: mark(tone(&report.verdict)),
            baseline: line(&report.baseline),
            candidate: line(&report.candidate),
            findings: findings.map(|(index, finding)| Shown::of(finding, report, index, &mut room)).collect(),
            findings_more: matters.len().saturating_sub(FINDINGS_MAX),
            kinds: report.strata.iter().take(ROWS_MAX).map(Row::of).collect(),
            kinds_more: report.strata.len().saturating_sub(ROWS_MAX),
            plot: Plot::of(report),
            coverage: report.coverage.tables.iter().map(Matrix::of).collect(),
            empty,
            cells: report.coverage.tables.iter().map(|table| table.rows.len() * table.columns.len()).sum(),
            noise: noise
                .iter()
                .take(ROWS_MAX)
                .map(|one| [line(&one.path), side(report, one.side), number(one.samples)])
                .collect(),
            excused: excused.iter().take(ROWS_MAX).map(|one| [line(&one.reason), number(one.samples)]).collect(),
            expired: expired
                .iter()
                .take(ROWS_MAX)
                .map(|rule| [line(&rule.path), line(&rule.reason), line(&rule.expires)])
                .collect(),
            set_aside_more: [noise.len(), excused.len(), expired.len()]
                .iter()
                .map(|n| n.saturating_sub(ROWS_MAX))
                .sum(),
            mutants: occasion.mutants.iter().map(|mutant| (line(&mutant.defect), mutant.is_caught)).collect(),
        }
    }
}

impl Shown {
    fn of(finding: &Finding, report: &Report, index: usize, room: &mut usize) -> Self {
        let changes: Vec<_> = finding.differences.iter().take(DIFFERENCES_MAX).map(Change::of).collect();
        let diff = finding.diff.as_deref().filter(|diff| diff.len() <= *room);
        *room -= diff.map_or(0, str::len);
        let (lines, diff_more) = diff.map(|diff| diff::lines(diff, DIFF_MAX_LINES)).unwrap_or_default();
        let (verdict, tone) = match finding.kind {
            Kind::Differs => ("differs", "bad"),
            Kind::HarnessError => ("not replayed", "open"),
            Kind::Noisy => ("noisy", "open"),
            Kind::Agrees => ("agrees", "good"),
        };
        Self {
            workflow: visible::line(&finding.workflow).into_owned(),
            sample: short(&finding.sample),
            id: visible::line(&finding.sample).into_owned(),
            kind: visible::line(&finding.stratum).into_owned(),
            verdict,
            tone,
            is_open: index < FINDINGS_OPEN,
            error: finding.error.as_deref().map(|error| visible::bounded(&visible::lines(error), 4_000).into_owned()),
            changes_more: finding.difference_count.saturating_sub(changes.len()),
            changes,
            noise: finding
                .noise
                .iter()
                .take(DIFFERENCES_MAX)
                .map(|noise| format!("{} on {}", visible::line(&noise.difference.path), side(report, noise.side)))
                .collect(),
            diff: lines,
            diff_more,
            diff_is_left_out: diff.is_none() && finding.diff.is_some(),
            reproduce: visible::line(&finding.reproduce).into_owned(),
        }
    }
}

impl Row {
    fn of(kind: &replay::campaign::Stratum) -> Self {
        let tally = kind.tally;
        Self {
            name: visible::line(&kind.name).into_owned(),
            workflows: number(kind.workflows),
            n: number(tally.conclusive()),
            differ: number(tally.differ),
            aside: number(tally.noisy + tally.failed),
            bound: bound_of(&kind.verdict),
            verdict: kind.verdict.word(),
            may_move: may_move(&kind.verdict),
            tone: tone(&kind.verdict),
            bar: bar(&tally),
            told: told(&tally),
        }
    }
}

/// Widths in percent; a part that is there can be seen, however small it is.
fn bar(tally: &Tally) -> [String; 4] {
    const WIDTH_MIN: f64 = 2.0;
    let parts = [tally.agree, tally.differ, tally.noisy, tally.failed];
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    let width = |n: u64| if n == 0 { 0.0 } else { (n as f64 / tally.total() as f64 * 100.0).max(WIDTH_MIN) };
    let sum: f64 = parts.iter().map(|n| width(*n)).sum();
    parts.map(|n| format!("{:.2}", if sum > 0.0 { width(n) / sum * 100.0 } else { 0.0 }))
}

fn told(tally: &Tally) -> String {
    let Tally { agree, differ, noisy, failed } = *tally;
    let [agree, differ, noisy, failed] = [agree, differ, noisy, failed].map(number);
    format!("{agree} agree, {differ} differ, {noisy} noisy, {failed} not replayed")
}

impl Matrix {
    fn of(table: &Table) -> Self {
        let most = table.cells.iter().flatten().copied().max().unwrap_or(0).max(1);
        let cell = |&n: &u64| Cell { n: number(n), is_empty: n == 0, tint: 10 + tint(n, most) };
        let line = |text: &String| visible::line(text).into_owned();
        let rows =
            table.rows.iter().zip(&table.cells).map(|(name, cells)| (line(name), cells.iter().map(cell).collect()));
        Self {
            title: format!("{} × {}", line(&table.row), line(&table.column)),
            row: line(&table.row),
            columns: table.columns.iter().map(line).collect(),
            rows: rows.collect(),
        }
    }
}

/// By order of magnitude: 3 samples should not vanish beside 3,000.
fn tint(n: u64, most: u64) -> u64 {
    let steps = |n: u64| u64::from(n.checked_ilog2().map_or(0, |log| log + 1));
    40 * steps(n) / steps(most).max(1)
}

fn mark(tone: &str) -> &'static str {
    match tone {
        "good" => "✓",
        "bad" => "✗",
        _ => "?",
    }
}

/// `1 finding more`, for the template.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
fn more(n: &usize, noun: &str) -> String {
    format!("and {} more", count(*n, noun))
}
