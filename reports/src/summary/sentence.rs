//! The sentences of a summary.

use std::time::Duration;

use replay::{
    campaign::Report,
    latency::Latency,
    verdict::{Gate, Verdict},
};

use crate::{
    Mutant, visible,
    wording::{bound, count, duration, number, ratio},
};

/// Below this a difference in latency is not taken for chance.
const CHANCE_MAX: f64 = 0.01;

/// May it move?
pub(super) fn answer(report: &Report) -> String {
    let movable = report.strata.iter().filter(|kind| matches!(kind.verdict, Verdict::Agrees { .. })).count();
    match &report.injected_defect {
        Some(_) if report.is_caught() => return "the injected defect was caught".to_owned(),
        Some(_) => return "the injected defect was not caught".to_owned(),
        None => {}
    }
    let kinds = count(report.strata.len(), "kind");
    match report.verdict {
        Verdict::Differs { .. } if movable == 0 => "not yet: the engines disagree".to_owned(),
        Verdict::Differs { .. } => format!("not yet: the engines disagree ({} of {kinds} may move)", number(movable)),
        Verdict::Inconclusive { .. } => "not known yet: too few samples".to_owned(),
        Verdict::Agrees { .. } if movable == report.strata.len() => "yes, every kind of workflow may move".to_owned(),
        Verdict::Agrees { .. } => format!("in part: {} of {kinds} of workflow may move", number(movable)),
    }
}

/// `118 of 120 samples agree; 2 differ, 1 is noisy (4 min 12 s)`.
pub(super) fn headline(report: &Report, took: Option<Duration>) -> String {
    let totals = report.totals;
    let mut told =
        format!("{} of {} agree{}", number(totals.agree), count(totals.total(), "sample"), third_person(&totals));
    let others: Vec<String> = [
        (totals.differ, "differs", "differ"),
        (totals.noisy, "is noisy", "are noisy"),
        (totals.failed, "could not be replayed", "could not be replayed"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many)| format!("{} {}", number(n), if n == 1 { one } else { many }))
    .collect();
    if !others.is_empty() {
        told.push_str("; ");
        told.push_str(&others.join(", "));
    }
    if let Some(took) = took {
        let ms = took.as_secs_f64() * 1_000.0;
        told = format!("{told} ({})", duration(ms));
    }
    told
}

/// "1 of 1 sample agrees".
fn third_person(totals: &replay::verdict::Tally) -> &'static str {
    if totals.total() == 1 { "s" } else { "" }
}

/// What a verdict means.
pub(super) fn meaning(verdict: &Verdict, gate: &Gate) -> String {
    let sure = format!("{} confidence", bound(gate.confidence));
    match *verdict {
        Verdict::Agrees { n, bound: rate } => format!(
            "no disagreement in {}: at most {} of such runs come out differently ({sure}), and the gate asks for {}",
            count(n, "sample"),
            bound(rate),
            bound(gate.rate_max),
        ),
        Verdict::Inconclusive { n: 0, needed, .. } => {
            format!("no sample says anything; the gate of {} takes {}", bound(gate.rate_max), samples(needed))
        }
        Verdict::Inconclusive { n, needed, bound: rate } => format!(
            "no disagreement in {}, which still allows {} of such runs to come out differently ({sure}); the gate of {} takes {}",
            count(n, "sample"),
            bound(rate),
            bound(gate.rate_max),
            samples(needed),
        ),
        Verdict::Differs { differ, n, bound: rate } => format!(
            "{} of {} came out differently: up to {} of such runs may ({sure}), and the gate asks for none in the samples",
            number(differ),
            count(n, "sample"),
            bound(rate),
        ),
    }
}

fn samples(needed: u64) -> String {
    if needed == u64::MAX { "more samples than there can be".to_owned() } else { count(needed, "sample") }
}

/// What limits the verdict.
pub(super) fn caveats(report: &Report) -> Vec<String> {
    let mut caveats = Vec::new();
    if let Some(defect) = &report.injected_defect {
        caveats.push(format!(
            "this campaign tests the harness: `{}` was broken in {} on purpose",
            visible::line(defect),
            visible::line(&report.candidate)
        ));
    }
    if !report.is_complete {
        caveats.push(format!(
            "the campaign was broken off after {} of {}",
            number(report.findings.len()),
            count(report.samples, "sample")
        ));
    }
    let thin = report.strata.iter().filter(|kind| matches!(kind.verdict, Verdict::Inconclusive { .. })).count();
    if thin > 0 && report.strata.len() > 1 {
        let of = count(report.strata.len(), "kind");
        caveats.push(format!(
            "{} of {of} of workflow {} too few samples",
            number(thin),
            if thin == 1 { "has" } else { "have" }
        ));
    }
    if !report.expired_rules.is_empty() {
        caveats.push(format!("{} expired and excused nothing", count_have(report.expired_rules.len(), "rule")));
    }
    caveats
}

fn count_have(n: usize, noun: &str) -> String {
    format!("{} {}", count(n, noun), if n == 1 { "has" } else { "have" })
}

/// How the engines' latencies compare.
pub(super) fn latency(latency: &Latency) -> Option<String> {
    let (old, new) = (latency.baseline, latency.candidate);
    if old.n == 0 || new.n == 0 {
        return None;
    }
    let medians = format!("half of the runs take at most {}, before {}", duration(new.p50_ms), duration(old.p50_ms));
    if latency.p >= CHANCE_MAX {
        return Some(format!("{medians}; the difference may be chance (p = {:.2})", latency.p));
    }
    let by = match (ratio(old.p50_ms, new.p50_ms), ratio(new.p50_ms, old.p50_ms)) {
        (Some(faster), _) if new.p50_ms < old.p50_ms => format!(": {faster} faster"),
        (_, Some(slower)) if new.p50_ms > old.p50_ms => format!(": {slower} slower"),
        _ => String::new(),
    };
    let typical = |ms: f64| format!("{}{}", if ms < 0.0 { "−" } else { "+" }, duration(ms.abs()));
    let shift = latency.shift;
    Some(format!(
        "{medians}{by} (typically {}, 95 % between {} and {})",
        typical(shift.ms),
        typical(shift.low_ms),
        typical(shift.high_ms)
    ))
}

/// How many injected defects were caught.
pub(super) fn mutation(mutants: &[Mutant]) -> Option<String> {
    let caught = mutants.iter().filter(|mutant| mutant.is_caught).count();
    let missed: Vec<_> = mutants
        .iter()
        .filter(|mutant| !mutant.is_caught)
        .map(|mutant| format!("`{}`", visible::line(&mutant.defect)))
        .collect();
    let told =
        format!("the harness caught {} of {} injected on purpose", number(caught), count(mutants.len(), "defect"));
    (!mutants.is_empty())
        .then(|| if missed.is_empty() { told } else { format!("{told}; missed: {}", missed.join(", ")) })
}

/// What one needs to know to repeat the campaign.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let shown = |text: &str| visible::line(text).into_owned();
    vec![
        ("baseline", shown(&report.baseline)),
        ("candidate", shown(&report.candidate)),
        ("corpus", shown(&report.corpus.location)),
        ("manifest", format!("sha256 {}", shown(&report.corpus.manifest_sha256))),
        ("seed", report.seed.to_string()),
        ("gate", format!("at most {} at {} confidence", bound(report.gate.rate_max), bound(report.gate.confidence))),
    ]
}
