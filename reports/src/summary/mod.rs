//! What is said first, computed once, so that every format says the same words: verdict, numbers, the differences that matter, and
//! how to look closer.

mod advice;
mod place;
mod sentence;

use jiff::tz::TimeZone;
use replay::{
    campaign::{Finding, Kind, Report},
    verdict::Verdict,
};
use serde::Serialize;

pub use advice::Advice;
pub use place::Place;

use crate::{Occasion, visible};

/// What is said first. All texts are safe to show on one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What the campaign is about.
    pub title: String,
    /// When it ended, e.g. `2026-11-21 14:05 UTC`.
    pub at: String,
    /// `agrees`, `inconclusive` or `differs`.
    pub verdict: &'static str,
    /// May it move, in one sentence.
    pub answer: String,
    /// How many samples came out how.
    pub headline: String,
    /// What the verdict means, with its bound.
    pub meaning: String,
    /// What limits the verdict: a campaign broken off, an injected defect, kinds with too few samples.
    pub caveats: Vec<String>,
    /// What to do next, most urgent first.
    pub next: Vec<Advice>,
    /// Places that differ in most samples, most frequent first.
    pub places: Vec<Place>,
    /// How the engines' latencies compare; none if nothing was measured.
    pub latency: Option<String>,
    /// How many injected defects the harness caught; none if that was not tried.
    pub mutation: Option<String>,
    /// Name and value of what one needs to know to repeat the campaign.
    pub facts: Vec<(&'static str, String)>,
}

impl Summary {
    /// Of a report.
    pub fn of(report: &Report, occasion: &Occasion) -> Self {
        Self {
            title: visible::line(&occasion.title).into_owned(),
            at: moment(occasion),
            verdict: report.verdict.word(),
            answer: sentence::answer(report),
            headline: sentence::headline(report, occasion.took),
            meaning: sentence::meaning(&report.verdict, &report.gate),
            caveats: sentence::caveats(report),
            next: advice::advice(report),
            places: place::places(report),
            latency: sentence::latency(&report.latency),
            mutation: sentence::mutation(&occasion.mutants),
            facts: sentence::facts(report),
        }
    }
}

/// Findings that need somebody's eyes, most telling first: those that differ, then those that could not be replayed.
pub(crate) fn matters(report: &Report) -> Vec<&Finding> {
    let of_kind = |kind| report.findings.iter().filter(move |finding| finding.kind == kind);
    of_kind(Kind::Differs).chain(of_kind(Kind::HarnessError)).collect()
}

/// How a sample's id is named in a list: hashes are told apart by their beginning.
pub(crate) fn short(id: &str) -> String {
    const CHARS: usize = 12;
    visible::line(id).chars().take(CHARS).collect()
}

/// The class of a verdict, for colours.
pub(crate) fn tone(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees { .. } => "good",
        Verdict::Inconclusive { .. } => "open",
        Verdict::Differs { .. } => "bad",
    }
}

fn moment(occasion: &Occasion) -> String {
    let at = jiff::Timestamp::from_millisecond(occasion.at.0).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}
