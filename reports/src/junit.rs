//! A report as JUnit XML, for build servers: one suite a kind of workflow, one case a sample.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use replay::campaign::{Finding, Kind, Report};

use crate::{Occasion, Summary, change::Change, visible, wording::count};

/// Differences in a failure's message; its body has the diff.
const DIFFERENCES_MAX: usize = 50;

/// Bytes of the diffs of all cases together; build servers refuse what is much larger.
const DIFFS_MAX_BYTES: usize = 8 * 1024 * 1024;

/// The report as JUnit XML.
pub fn write(report: &Report, occasion: &Occasion) -> String {
    let summary = Summary::of(report, occasion);
    let mut page = Page { told: String::new(), room: DIFFS_MAX_BYTES };
    // Writing to a string cannot fail.
    let _ = page.report(report, &summary);
    page.told
}

struct Page {
    told: String,
    room: usize,
}

/// How many cases came out how, as JUnit counts.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    ms: i64,
}

impl Page {
    fn report(&mut self, report: &Report, summary: &Summary) -> fmt::Result {
        let mut suites: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &report.findings {
            suites.entry(&finding.stratum).or_default().push(finding);
        }
        writeln!(self.told, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        let all = Counts::of(report.findings.iter());
        writeln!(self.told, "<testsuites name=\"{}\"{}>", Attribute(&summary.title), all)?;
        for (index, (name, findings)) in suites.iter().enumerate() {
            let counts = Counts::of(findings.iter().copied());
            write!(self.told, "  <testsuite id=\"{index}\" name=\"{}\"{counts}", Attribute(name))?;
            writeln!(self.told, " skipped=\"{}\">", counts.skipped)?;
            self.properties(report, summary, name)?;
            for finding in findings {
                self.case(finding, report)?;
            }
            writeln!(self.told, "  </testsuite>")?;
        }
        writeln!(self.told, "</testsuites>")
    }

    fn properties(&mut self, report: &Report, summary: &Summary, suite: &str) -> fmt::Result {
        writeln!(self.told, "    <properties>")?;
        let verdict = report.strata.iter().find(|kind| kind.name == suite).map(|kind| kind.verdict.word());
        let of_suite = verdict.map(|word| ("verdict", word.to_owned()));
        for (name, value) in of_suite.iter().chain(&summary.facts) {
            writeln!(self.told, "      <property name=\"{name}\" value=\"{}\"/>", Attribute(value))?;
        }
        writeln!(self.told, "    </properties>")
    }

    fn case(&mut self, finding: &Finding, report: &Report) -> fmt::Result {
        let (class, name) = (Attribute(&finding.workflow), Attribute(&finding.sample));
        let time = seconds(finding.candidate_ms.unwrap_or(0));
        write!(self.told, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\"")?;
        match finding.kind {
            Kind::Agrees => writeln!(self.told, "/>"),
            Kind::Differs => self.failure(finding),
            Kind::HarnessError => {
                let error = finding.error.as_deref().unwrap_or("without a message");
                let body = format!("{error}\n\nrepeat it by: {}\n", finding.reproduce);
                let message = Attribute("could not be replayed");
                write!(self.told, ">\n      <error type=\"harness\" message=\"{message}\">{}</error>\n", Text(&body))?;
                writeln!(self.told, "    </testcase>")
            }
            Kind::Noisy => {
                let places =
                    finding.noise.iter().filter(|noise| noise.difference.is_unexplained()).take(DIFFERENCES_MAX);
                let told: Vec<_> = places
                    .map(|noise| format!("{} on {}", noise.difference.path, crate::text::side(report, noise.side)))
                    .collect();
                let message = format!("noisy: equal engines disagree at {}", told.join(", "));
                writeln!(self.told, ">\n      <skipped message=\"{}\"/>\n    </testcase>", Attribute(&message))
            }
        }
    }

    fn failure(&mut self, finding: &Finding) -> fmt::Result {
        let changes: Vec<_> = finding.unexplained().take(DIFFERENCES_MAX).map(Change::of).collect();
        let message = changes.first().map_or_else(String::new, |change| {
            let more = if changes.len() > 1 { ", …" } else { "" };
            format!("{}: {} → {}{more}", change.path, change.left, change.right)
        });
        let mut body = String::new();
        for change in &changes {
            writeln!(body, "{}: {} → {}", change.path, change.left, change.right)?;
        }
        if finding.difference_count > changes.len() {
            writeln!(body, "({} in all, excused ones included)", count(finding.difference_count, "difference"))?;
        }
        writeln!(body, "\nrepeat it by: {}", finding.reproduce)?;
        if let Some(diff) = &finding.diff {
            if diff.len() <= self.room {
                self.room -= diff.len();
                write!(body, "\n{diff}")?;
            } else {
                writeln!(body, "\nthe diff is left out: the report would grow too large")?;
            }
        }
        write!(self.told, ">\n      <failure type=\"differs\" message=\"{}\">", Attribute(&message))?;
        write!(self.told, "{}</failure>\n    </testcase>\n", Text(&body))
    }
}

impl Counts {
    fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        findings.fold(Self::default(), |mut counts, finding| {
            counts.tests += 1;
            counts.failures += usize::from(finding.kind == Kind::Differs);
            counts.errors += usize::from(finding.kind == Kind::HarnessError);
            counts.skipped += usize::from(finding.kind == Kind::Noisy);
            counts.ms = counts.ms.saturating_add(finding.candidate_ms.unwrap_or(0));
            counts
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tests, failures, errors, ms, .. } = self;
        write!(f, " tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{}\"", seconds(*ms))
    }
}

fn seconds(ms: i64) -> String {
    let ms = ms.max(0);
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// A text within quotes.
struct Attribute<'a>(&'a str);

/// A text between tags.
struct Text<'a>(&'a str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(f, &visible::line(self.0))
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(f, &visible::lines(self.0))
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}
