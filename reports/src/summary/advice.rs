//! What to do next.

use replay::{
    campaign::{Finding, Kind, Report},
    verdict::Verdict,
};
use serde::Serialize;

use crate::{
    summary::short,
    visible,
    wording::{count, number},
};

/// Kinds of workflow that one piece of advice names; the rest is counted.
const NAMED_MAX: usize = 3;

/// A step to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What to do and why.
    pub text: String,
    /// The command that does it or shows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// What to do next, most urgent first.
pub(super) fn advice(report: &Report) -> Vec<Advice> {
    if report.injected_defect.is_some() {
        return vec![about_defect(report)];
    }
    let of_kind = |kind| report.findings.iter().find(move |finding| finding.kind == kind);
    let mut advice = Vec::new();
    if let Some(first) = of_kind(Kind::Differs) {
        advice.push(with_command(first, "repeat the first difference alone"));
    }
    if let Some(first) = of_kind(Kind::HarnessError) {
        let broken = count(report.totals.failed, "sample");
        advice.push(with_command(
            first,
            &format!("find out why {broken} could not be replayed: they count for neither side, and"),
        ));
    }
    advice.extend(more_samples(report));
    if report.totals.noisy > 0 {
        let noisy = count(report.totals.noisy, "sample");
        advice.push(say(format!(
            "find out why equal engines disagree in {noisy}, or excuse those places by a rule with a reason"
        )));
    }
    if !report.expired_rules.is_empty() {
        let rules = count(report.expired_rules.len(), "rule");
        advice.push(say(format!("renew or remove {rules} that expired")));
    }
    advice.extend(movable(report));
    advice
}

fn about_defect(report: &Report) -> Advice {
    if report.is_caught() {
        say("nothing: a defect that is caught shows that the harness would see such a bug".to_owned())
    } else {
        say("add samples or comparisons that would show this defect: as it is, the harness does not see such a bug"
            .to_owned())
    }
}

fn say(text: String) -> Advice {
    Advice { text, command: None }
}

fn with_command(finding: &Finding, text: &str) -> Advice {
    let sample = format!("{} (sample {})", visible::line(&finding.workflow), short(&finding.sample));
    let text = if text.ends_with("and") { format!("{text} begin with {sample}") } else { format!("{text}: {sample}") };
    Advice { text, command: Some(visible::line(&finding.reproduce).into_owned()) }
}

/// Which kinds lack samples, and how many.
fn more_samples(report: &Report) -> Option<Advice> {
    let lacking: Vec<_> = report
        .strata
        .iter()
        .filter_map(|kind| match kind.verdict {
            Verdict::Inconclusive { n, needed, .. } if needed != u64::MAX => {
                Some(format!("{} more of `{}`", number(needed.saturating_sub(n)), visible::line(&kind.name)))
            }
            _ => None,
        })
        .collect();
    (!lacking.is_empty()).then(|| say(format!("capture more samples: {}", some_of(&lacking))))
}

/// Which kinds may move on.
fn movable(report: &Report) -> Option<Advice> {
    let kinds: Vec<_> = report
        .strata
        .iter()
        .filter(|kind| matches!(kind.verdict, Verdict::Agrees { .. }))
        .map(|kind| format!("`{}`", visible::line(&kind.name)))
        .collect();
    (!kinds.is_empty()).then(|| say(format!("take the next stage of the rollout with {}", some_of(&kinds))))
}

fn some_of(names: &[String]) -> String {
    let (named, rest) = names.split_at(names.len().min(NAMED_MAX));
    let mut told = named.join(", ");
    if !rest.is_empty() {
        told = format!("{told} and {} more", count(rest.len(), "kind"));
    }
    told
}
