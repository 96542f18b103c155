//! What a campaign amounts to: the form in which it is stored, signed and rendered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contest, Finding, Kind, Side};
use crate::{
    compare::{Rule, without_numbers},
    latency::Latency,
    sample::{Coverage, Kept, Shape},
    verdict::{Gate, Tally, Verdict},
};

/// The form that this code writes.
pub const FORMAT: u32 = 1;

/// What a campaign showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form of this document.
    pub format: u32,
    /// The corpus that the samples came from.
    pub corpus: CorpusIdentity,
    /// The engine that is known to be right.
    pub baseline: String,
    /// The engine that is judged.
    pub candidate: String,
    /// The defect that was injected into the candidate on purpose, to test the harness itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected_defect: Option<String>,
    /// What all random choices followed from.
    pub seed: u64,
    /// How many samples were to be replayed.
    pub samples: usize,
    /// Whether all of them were.
    pub is_complete: bool,
    /// What had to be shown.
    pub gate: Gate,
    /// How all samples came out.
    pub totals: Tally,
    /// What they amount to.
    pub verdict: Verdict,
    /// The same for each kind of workflow, in order of name.
    pub strata: Vec<Stratum>,
    /// What the samples cover.
    pub coverage: Coverage,
    /// Where equal engines disagree with themselves, by place.
    pub noise: Vec<NoisyPlace>,
    /// What was excused, by reason.
    pub excused: Vec<Excuse>,
    /// Rules that no longer hold: to be renewed or removed.
    pub expired_rules: Vec<Rule>,
    /// How long the samples took on both engines.
    pub latency: Latency,
    /// What each sample showed, in the order of samples.
    pub findings: Vec<Finding>,
}

/// Which samples exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpusIdentity {
    /// Where the corpus is.
    pub location: String,
    /// The hash of its manifest.
    pub manifest_sha256: String,
}

/// How one kind of workflow came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// The kind ([`Shape::stratum`]).
    pub name: String,
    /// How many different workflows there were.
    pub workflows: usize,
    /// How its samples came out.
    pub tally: Tally,
    /// What they amount to.
    pub verdict: Verdict,
}

/// A place where an engine disagrees with itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoisyPlace {
    /// Which engine.
    pub side: Side,
    /// The place, without numbers of iterations and runs.
    pub path: String,
    /// In how many samples.
    pub samples: u64,
}

/// Something that was excused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// Why.
    pub reason: String,
    /// In how many samples.
    pub samples: u64,
}

impl Report {
    /// Adds up what the samples showed.
    pub fn of(
        corpus: CorpusIdentity,
        contest: &Contest<'_>,
        injected_defect: Option<String>,
        gate: Gate,
        samples: &[Kept],
        findings: Vec<Finding>,
    ) -> Self {
        let totals = tally(&findings);
        let shapes: Vec<&Shape> = samples.iter().map(|kept| &kept.sample.shape).collect();
        Self {
            format: FORMAT,
            corpus,
            baseline: contest.baseline.name(),
            candidate: contest.candidate.name().to_string(),
            injected_defect,
            seed: contest.seed,
            samples: samples.len(),
            is_complete: findings.len() == samples.len(),
            gate,
            totals,
            verdict: totals.verdict(gate),
            strata: strata(&findings, gate),
            coverage: Coverage::of(shapes),
            noise: noise(&findings),
            excused: excused(&findings),
            expired_rules: contest.rules.expired().to_vec(),
            latency: latency(&findings, contest.seed),
            findings,
        }
    }

    /// Whether the campaign showed that the candidate is wrong.
    pub fn is_caught(&self) -> bool {
        self.totals.differ > 0
    }
}

fn tally<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Tally {
    findings.into_iter().fold(Tally::default(), |mut tally, finding| {
        *match finding.kind {
            Kind::Agrees => &mut tally.agree,
            Kind::Differs => &mut tally.differ,
            Kind::Noisy => &mut tally.noisy,
            Kind::HarnessError => &mut tally.failed,
        } += 1;
        tally
    })
}

fn strata(findings: &[Finding], gate: Gate) -> Vec<Stratum> {
    let mut by_name: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_name.entry(&finding.stratum).or_default().push(finding);
    }
    let stratum = |(name, members): (&str, Vec<&Finding>)| {
        let mut workflows: Vec<_> = members.iter().map(|finding| &finding.workflow).collect();
        workflows.sort_unstable();
        workflows.dedup();
        let tally = tally(members.iter().copied());
        Stratum { name: name.to_owned(), workflows: workflows.len(), tally, verdict: tally.verdict(gate) }
    };
    by_name.into_iter().map(stratum).collect()
}

fn noise(findings: &[Finding]) -> Vec<NoisyPlace> {
    let mut places: BTreeMap<(Side, String), u64> = BTreeMap::new();
    for finding in findings {
        let mut of_sample: Vec<_> =
            finding.noise.iter().map(|noise| (noise.side, without_numbers(&noise.difference.path))).collect();
        of_sample.sort();
        of_sample.dedup();
        for place in of_sample {
            *places.entry(place).or_default() += 1;
        }
    }
    let place = |((side, path), samples)| NoisyPlace { side, path, samples };
    places.into_iter().map(place).collect()
}

fn excused(findings: &[Finding]) -> Vec<Excuse> {
    let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in findings {
        let mut reasons: Vec<&str> =
            finding.differences.iter().filter_map(|difference| difference.excused_by.as_deref()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            *by_reason.entry(reason).or_default() += 1;
        }
    }
    by_reason.into_iter().map(|(reason, samples)| Excuse { reason: reason.to_owned(), samples }).collect()
}

fn latency(findings: &[Finding], seed: u64) -> Latency {
    #[expect(clippy::cast_precision_loss, reason = "durations stay far below 2^52 ms")]
    let pairs = findings.iter().filter_map(|one| Some((one.baseline_ms? as f64, one.candidate_ms? as f64)));
    let (baseline, candidate): (Vec<f64>, Vec<f64>) = pairs.unzip();
    Latency::compare(&baseline, &candidate, seed)
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn the_iterations_of_a_loop_are_one_place() {
        assert_eq!(without_numbers("runs.load[3]/deep[12].params.x[0]"), "runs.load[*]/deep[*].params.x[*]");
        assert_eq!(without_numbers("runs.'a[b'.x"), "runs.'a[b'.x");
    }
}
