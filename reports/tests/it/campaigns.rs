//! Campaigns made by hand, one for each way in which a campaign can come out.

use replay::{
    campaign::{CorpusIdentity, Excuse, FORMAT, Finding, Kind, Noise, NoisyPlace, Report, Side, Stratum},
    compare::{Action, Difference, Kind as Way, Rule, unified},
    latency::Latency,
    sample::{Coverage, Motif, Shape, Size},
    verdict::{Gate, Tally},
};
use reports::{Mutant, Occasion};
use serde_json::{Value as Json, json};
use workflow::time::Timestamp;

pub(crate) fn occasion() -> Occasion {
    Occasion {
        title: "Billing, nightly".to_owned(),
        at: Timestamp(1_795_269_900_000),
        took: Some(std::time::Duration::from_secs(252)),
        mutants: Vec::new(),
    }
}

pub(crate) fn tested_occasion() -> Occasion {
    let mutant = |defect: &str, is_caught| Mutant { defect: defect.to_owned(), is_caught };
    let mutants = vec![
        mutant("retry-never", true),
        mutant("skip-join", true),
        mutant("lose-signal", false),
        mutant("reorder", true),
    ];
    Occasion { mutants, ..occasion() }
}

/// A kind of workflow: what its samples are like and how long they take on both engines.
#[derive(Clone)]
pub(crate) struct Family {
    workflow: &'static str,
    shape: Shape,
    baseline_ms: i64,
    candidate_ms: i64,
}

pub(crate) fn family(
    workflow: &'static str,
    kinds: &[&str],
    motif: Motif,
    (baseline_ms, candidate_ms): (i64, i64),
) -> Family {
    let shape = Shape {
        kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        motif,
        status: "SUCCEEDED".to_owned(),
        param_types: vec!["LONG".to_owned(), "STRING".to_owned()],
        restart: "NONE".to_owned(),
        size: Size::Few,
    };
    Family { workflow, shape, baseline_ms, candidate_ms }
}

pub(crate) fn chain() -> Family {
    family("billing.daily_rollup", &["NoOp", "http"], Motif::Chain, (31_200, 410))
}

fn diamond() -> Family {
    family("ads.attribution", &["foreach", "notebook"], Motif::Diamond, (412_000, 9_300))
}

fn signal() -> Family {
    family("search.reindex", &["Sleep", "while"], Motif::Conditional, (96_000, 60_400))
}

/// A campaign under construction.
pub(crate) struct Campaign {
    findings: Vec<Finding>,
    shapes: Vec<Shape>,
    pub(crate) report: Report,
}

impl Campaign {
    pub(crate) fn new() -> Self {
        let report = Report {
            format: FORMAT,
            corpus: CorpusIdentity {
                location: "s3://corpus/billing".to_owned(),
                manifest_sha256: "9f2c5b1e".repeat(8),
            },
            baseline: "legacy".to_owned(),
            candidate: "actor".to_owned(),
            injected_defect: None,
            seed: 42,
            samples: 0,
            is_complete: true,
            gate: Gate::ONE_IN_A_HUNDRED,
            totals: Tally::default(),
            verdict: Tally::default().verdict(Gate::ONE_IN_A_HUNDRED),
            strata: Vec::new(),
            coverage: Coverage::of([]),
            noise: Vec::new(),
            excused: Vec::new(),
            expired_rules: Vec::new(),
            latency: Latency::default(),
            findings: Vec::new(),
        };
        Self { findings: Vec::new(), shapes: Vec::new(), report }
    }

    pub(crate) fn agreeing(mut self, family: &Family, n: usize) -> Self {
        for _ in 0..n {
            self = self.with(family, |_| ());
        }
        self
    }

    /// One more sample, changed as told.
    pub(crate) fn with(mut self, family: &Family, change: impl FnOnce(&mut Finding)) -> Self {
        let index = self.findings.len();
        // Durations spread over a factor of three, the same way each time.
        let spread = |ms: i64| ms * (100 + i64::try_from(index * 37 % 200).unwrap()) / 100;
        let sample = format!("{:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(index as u64 + 1)).repeat(4);
        let mut finding = Finding {
            reproduce: format!("segue replay --corpus s3://corpus/billing --sample {sample} --seed 42"),
            sample,
            workflow: family.workflow.to_owned(),
            stratum: family.shape.stratum(),
            kind: Kind::Agrees,
            differences: Vec::new(),
            difference_count: 0,
            noise: Vec::new(),
            diff: None,
            error: None,
            baseline_ms: Some(spread(family.baseline_ms)),
            candidate_ms: Some(spread(family.candidate_ms)),
        };
        change(&mut finding);
        self.findings.push(finding);
        self.shapes.push(family.shape.clone());
        self
    }

    /// Counts what was collected, as a campaign does.
    pub(crate) fn report(self) -> Report {
        let Self { findings, shapes, mut report } = self;
        let tally = |of: &dyn Fn(&Finding) -> bool| {
            findings.iter().filter(|finding| of(finding)).fold(Tally::default(), |tally, finding| {
                tally.plus(match finding.kind {
                    Kind::Agrees => Tally { agree: 1, ..Tally::default() },
                    Kind::Differs => Tally { differ: 1, ..Tally::default() },
                    Kind::Noisy => Tally { noisy: 1, ..Tally::default() },
                    Kind::HarnessError => Tally { failed: 1, ..Tally::default() },
                })
            })
        };
        let mut names: Vec<_> = findings.iter().map(|finding| finding.stratum.clone()).collect();
        names.sort();
        names.dedup();
        let stratum = |name: String| {
            let tally = tally(&|finding| finding.stratum == name);
            Stratum { name, workflows: 1, tally, verdict: tally.verdict(report.gate) }
        };
        report.strata = names.into_iter().map(stratum).collect();
        report.totals = tally(&|_| true);
        report.verdict = report.totals.verdict(report.gate);
        if report.samples == 0 {
            report.samples = findings.len();
        }
        report.coverage = Coverage::of(&shapes);
        let ms = |of: fn(&Finding) -> Option<i64>| findings.iter().filter_map(of).map(real).collect::<Vec<_>>();
        report.latency = Latency::compare(&ms(|one| one.baseline_ms), &ms(|one| one.candidate_ms), 42);
        report.findings = findings;
        report
    }
}

#[expect(clippy::cast_precision_loss, reason = "durations stay far below 2^52 ms")]
fn real(ms: i64) -> f64 {
    ms as f64
}

pub(crate) fn changed(path: &str, left: Json, right: Json) -> Difference {
    Difference { path: path.to_owned(), kind: Way::Changed, left, right, excused_by: None }
}

/// Makes a finding one that differs.
pub(crate) fn differs(finding: &mut Finding, differences: Vec<Difference>) {
    finding.kind = Kind::Differs;
    finding.difference_count = differences.len();
    finding.differences = differences;
}

pub(crate) fn fails_at_load(finding: &mut Finding) {
    let outcome = |status: &str, attempts: u32, rows: Json| {
        json!({
            "status": if status == "SUCCEEDED" { "SUCCEEDED" } else { "FAILED" },
            "steps": {
                "extract": { "1": { "status": "SUCCEEDED", "params": { "day": 20_261_120, "source": "s3://in/2026-11-20" } } },
                "load": { attempts.to_string(): { "status": status, "params": { "rows": rows, "table": "rollup" } } },
                "publish": { "1": { "status": "SUCCEEDED" } },
            }
        })
    };
    let (old, new) = (outcome("SUCCEEDED", 1, json!(118_204)), outcome("FATALLY_FAILED", 1, json!(null)));
    finding.diff = Some(unified(("legacy", &old), ("actor", &new)));
    let excused = Difference {
        path: "steps.load.1.params.host".to_owned(),
        kind: Way::Missing,
        left: json!("ip-10-0-3-17"),
        right: Json::Null,
        excused_by: Some("host names differ between stacks".to_owned()),
    };
    differs(
        finding,
        vec![
            changed("status", json!("SUCCEEDED"), json!("FAILED")),
            changed("steps.load.1.status", json!("SUCCEEDED"), json!("FATALLY_FAILED")),
            changed("steps.load.1.params.rows", json!(118_204), json!(null)),
            excused,
        ],
    );
}

pub(crate) fn is_noisy(finding: &mut Finding) {
    finding.kind = Kind::Noisy;
    finding.noise.push(Noise { side: Side::Baseline, difference: changed("events.order", json!("a"), json!("b")) });
}

pub(crate) fn is_broken(finding: &mut Finding) {
    finding.kind = Kind::HarnessError;
    finding.error = Some("actor panicked: index out of bounds\nat step 3".to_owned());
    finding.baseline_ms = None;
    finding.candidate_ms = None;
}

/// Enough agreement for every kind.
pub(crate) fn agrees() -> Report {
    Campaign::new().agreeing(&chain(), 320).agreeing(&diamond(), 300).report()
}

/// Good, but too few of one kind.
pub(crate) fn inconclusive() -> Report {
    Campaign::new().agreeing(&chain(), 60).agreeing(&diamond(), 12).report()
}

/// Everything at once: what the engines disagree on, noise, a harness error, rules, a kind with too few samples.
pub(crate) fn mixed() -> Report {
    let mut campaign = Campaign::new()
        .agreeing(&chain(), 340)
        .agreeing(&diamond(), 317)
        .agreeing(&signal(), 41)
        .with(&chain(), fails_at_load)
        .with(&chain(), |finding| {
            differs(finding, vec![changed("runs.load[17].steps.a.1.attempts", json!(3), json!(1))]);
        })
        .with(&chain(), |finding| {
            differs(finding, vec![changed("runs.load[3].steps.a.1.attempts", json!(3), json!(2))]);
        })
        .with(&signal(), is_noisy)
        .with(&signal(), is_broken);
    campaign.report.noise = vec![NoisyPlace { side: Side::Baseline, path: "events.order".to_owned(), samples: 1 }];
    campaign.report.excused = vec![Excuse { reason: "host names differ between stacks".to_owned(), samples: 1 }];
    campaign.report.expired_rules = vec![Rule {
        path: "**.run_uuid".to_owned(),
        action: Action::Ignore,
        reason: "ids are random in the old stack".to_owned(),
        expires: "2026-10-31".to_owned(),
    }];
    campaign.report()
}

/// Broken off half way.
pub(crate) fn broken_off() -> Report {
    let mut campaign = Campaign::new().agreeing(&chain(), 40);
    campaign.report.samples = 120;
    campaign.report.is_complete = false;
    campaign.report()
}

/// A defect was injected, and seen.
pub(crate) fn caught() -> Report {
    let mut campaign = Campaign::new().agreeing(&chain(), 5).with(&chain(), fails_at_load);
    campaign.report.injected_defect = Some("retry-never".to_owned());
    campaign.report()
}

/// Nothing was replayed at all.
pub(crate) fn empty() -> Report {
    Campaign::new().report()
}

/// Texts that want to be more than text.
pub(crate) const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"' onmouseover='x' \"",
    "]]> --> <!-- &amp; &#x27;",
    "user\u{202e}gpj.exe\u{2066}",
    "\u{1b}[31mred\u{0}\u{7}\r\nSubject: other",
    "{{ 7*7 }}</mj-text></mjml><img src=https://evil.example/x.png>",
];

/// Hostile texts wherever a text can stand, and far too much of everything.
pub(crate) fn hostile() -> (Report, Occasion) {
    let all = HOSTILE.join(" ");
    let mut campaign = Campaign::new();
    for index in 0..400 {
        let text = HOSTILE[index % HOSTILE.len()];
        campaign = campaign.with(&chain(), |finding| {
            let value = |n: usize| Json::String(format!("{text} {n} {}", "x".repeat(500)));
            let many = if index == 0 { 10_000 } else { 3 };
            let differences = (0..many).map(|n| changed(&format!("{text}.{n}"), value(n), value(n + 1))).collect();
            finding.sample = format!("{text}{index}");
            finding.workflow.clone_from(&all);
            finding.stratum = format!("{text} {}", index / 2);
            finding.reproduce = format!("segue replay --sample {text}");
            finding.diff =
                Some(format!("--- a\n+++ b\n@@ -1 +1 @@\n-{text}\n+{all}\n{}", format!(" {text}\n").repeat(1_000)));
            differs(finding, differences);
            finding.noise.push(Noise { side: Side::Candidate, difference: changed(text, value(0), value(1)) });
        });
    }
    campaign = campaign.with(&chain(), |finding| {
        is_broken(finding);
        finding.error = Some(all.clone().repeat(500));
    });
    let report = &mut campaign.report;
    report.baseline.clone_from(&all);
    report.candidate.clone_from(&all);
    report.corpus.location.clone_from(&all);
    report.noise = vec![NoisyPlace { side: Side::Candidate, path: all.clone(), samples: 3 }; 2_000];
    report.excused = vec![Excuse { reason: all.clone(), samples: 3 }; 2_000];
    let rule =
        Rule { path: all.clone(), action: Action::Ignore, reason: all.clone(), expires: "2026-01-01".to_owned() };
    report.expired_rules = vec![rule; 2_000];
    let mutants = vec![Mutant { defect: all.clone(), is_caught: false }];
    (campaign.report(), Occasion { title: all, mutants, ..occasion() })
}

/// A workflow, its kinds of steps, its topology, its latencies, how it ends, and how many samples agree.
type Kept = (&'static str, &'static [&'static str], Motif, (i64, i64), &'static str, usize);

/// Kinds of workflow as a team may have them.
pub(crate) fn realistic() -> Report {
    let families: [Kept; 9] = [
        ("billing.daily_rollup", &["NoOp", "http"], Motif::Chain, (31_200, 410), "SUCCEEDED", 338),
        ("ads.attribution", &["foreach", "notebook"], Motif::Diamond, (412_000, 9_300), "SUCCEEDED", 317),
        ("search.reindex", &["Sleep", "while"], Motif::Conditional, (96_000, 60_400), "SUCCEEDED", 41),
        ("billing.invoices", &["http"], Motif::FanOut, (44_000, 900), "FAILED", 305),
        ("growth.cohorts", &["kubernetes", "subworkflow"], Motif::FanIn, (910_000, 610_000), "SUCCEEDED", 301),
        ("growth.mails", &["NoOp"], Motif::Parallel, (21_000, 120), "STOPPED", 299),
        ("content.encode", &["kubernetes"], Motif::Single, (1_800_000, 1_760_000), "SUCCEEDED", 412),
        ("content.qc", &["notebook", "subworkflow"], Motif::Chain, (640_000, 600_000), "FAILED", 300),
        ("data.audit", &["NoOp", "foreach", "http"], Motif::Diamond, (260_000, 3_100), "TIMED_OUT", 118),
    ];
    let mut campaign = Campaign::new();
    for (index, (name, kinds, motif, ms, status, n)) in families.into_iter().enumerate() {
        let mut family = family(name, kinds, motif, ms);
        status.clone_into(&mut family.shape.status);
        family.shape.size = Size::ALL[index % 4];
        campaign = campaign.agreeing(&family, n);
        if index == 2 {
            campaign = campaign.with(&family, is_noisy).with(&family, is_broken);
        }
    }
    campaign = campaign.with(&chain(), fails_at_load).with(&chain(), |finding| {
        differs(finding, vec![changed("runs.load[17].steps.a.1.attempts", json!(3), json!(1))]);
    });
    let mixed = mixed();
    campaign.report.noise = mixed.noise;
    campaign.report.excused = mixed.excused;
    campaign.report.expired_rules = mixed.expired_rules;
    campaign.report()
}
