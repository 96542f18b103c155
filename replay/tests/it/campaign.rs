//! Campaigns with scripted engines.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use replay::{
    campaign::{Baseline, Contest, CorpusIdentity, Finding, Kind, Report, Side},
    compare::{Action, Rule, Rules},
    sample::Kept,
    verdict::{Gate, Verdict},
};
use workflow::{
    life::{Decisions, Faithful},
    port::{HarnessError, Rehearsal, Rehearsed},
};

use crate::{
    sample::kept,
    scripted::{Scripted, ended},
};

type Play = fn(&Rehearsal) -> Result<Rehearsed, HarnessError>;

/// Replays so many samples and gives the report.
fn report(baseline: Play, candidate: Play, rules: &Rules, samples: &[Kept]) -> Report {
    let faithful: Arc<dyn Decisions> = Arc::new(Faithful);
    let (left, right) = (Scripted { name: "old", plays: baseline }, Scripted { name: "new", plays: candidate });
    let contest = Contest {
        baseline: Baseline::Stage { stage: &left, decisions: &faithful },
        candidate: &right,
        candidate_decisions: &faithful,
        rules,
        seed: 42,
        workers: NonZeroUsize::new(3).expect("three is not zero"),
        reproduce: "replay here",
    };
    let findings = contest.run(samples, &|_| {}, &AtomicBool::new(false));
    let corpus = CorpusIdentity { location: "memory".to_owned(), manifest_sha256: "none".to_owned() };
    Report::of(corpus, &contest, None, Gate::ONE_IN_A_HUNDRED, samples, findings)
}

#[track_caller]
fn check(baseline: Play, candidate: Play, expected: Kind) -> Finding {
    let report = report(baseline, candidate, &Rules::none(), &[kept(1)]);
    let finding = report.findings.into_iter().next().expect("one sample gives one finding");
    assert_eq!(finding.kind, expected, "{finding:#?}");
    finding
}

#[test]
fn engines_that_come_to_the_same_agree() {
    let finding = check(|_| Ok(ended("SUCCEEDED", 1, 900)), |_| Ok(ended("SUCCEEDED", 1, 3)), Kind::Agrees);
    assert_eq!((finding.baseline_ms, finding.candidate_ms), (Some(900), Some(3)));
    assert!(finding.diff.is_none() && finding.differences.is_empty());
}

#[test]
fn what_differs_is_named_and_can_be_repeated() {
    let finding = check(|_| Ok(ended("SUCCEEDED", 1, 5)), |_| Ok(ended("SUCCEEDED", 2, 5)), Kind::Differs);
    let paths: Vec<_> = finding.unexplained().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["runs.''.params.x"]);
    let diff = finding.diff.expect("an unexplained difference is shown as text");
    assert!(diff.contains("--- old\n+++ new\n") && diff.contains("-        \"x\": 1\n+        \"x\": 2\n"), "{diff}");
    assert_eq!(finding.reproduce, "replay here --sample sample-1 --seed 42");
}

#[test]
fn events_count_once_however_often_they_are_delivered() {
    let twice: Play = |_| {
        let mut rehearsed = ended("SUCCEEDED", 1, 5);
        rehearsed.events.extend_from_within(..);
        Ok(rehearsed)
    };
    check(|_| Ok(ended("SUCCEEDED", 1, 5)), twice, Kind::Agrees);
    let never: Play = |_| Ok(Rehearsed { events: Vec::new(), ..ended("SUCCEEDED", 1, 5) });
    check(|_| Ok(ended("SUCCEEDED", 1, 5)), never, Kind::Differs);
}

#[test]
fn what_an_engine_does_not_agree_with_itself_about_is_noise() {
    let wavering: Play = |rehearsal| Ok(ended("SUCCEEDED", rehearsal.seed, 5));
    let finding = check(wavering, wavering, Kind::Noisy);
    assert_eq!(finding.noise.len(), 2);
    let finding = check(wavering, |_| Ok(ended("SUCCEEDED", 1, 5)), Kind::Noisy);
    assert!(finding.noise.iter().all(|noise| noise.side == Side::Baseline));
    assert!(finding.differences.iter().all(|difference| !difference.is_unexplained()));
    // Noise in one place hides nothing in another.
    check(wavering, |rehearsal| Ok(ended("FAILED", rehearsal.seed, 5)), Kind::Differs);
}

#[test]
fn a_rule_excuses_with_its_reason() {
    let rule = Rule {
        path: "runs.*.params.x".to_owned(),
        action: Action::Within(1.0),
        reason: "x is rounded elsewhere".to_owned(),
        expires: "2030-01-01".to_owned(),
    };
    let rules = Rules::checked(vec![rule], "2026-01-01").expect("the rule is well formed");
    let report = report(|_| Ok(ended("SUCCEEDED", 1, 5)), |_| Ok(ended("SUCCEEDED", 2, 5)), &rules, &[kept(1)]);
    assert_eq!(report.totals.agree, 1);
    assert_eq!(report.excused[0].reason, "x is rounded elsewhere");
}

#[test]
fn a_harness_that_fails_says_nothing() {
    let broken: Play = |_| Err(HarnessError::Broken("no memory".to_owned()));
    let panics: Play = |_| panic!("out of bounds");
    let refused: Play = |_| Err(HarnessError::Refused("push: no owner".to_owned()));
    let good: Play = |_| Ok(ended("SUCCEEDED", 1, 5));
    for (left, right, expected) in [
        (good, broken, "new: the engine failed: no memory"),
        (broken, good, "old: the engine failed: no memory"),
        (good, panics, "new panicked: out of bounds"),
        (refused, refused, "on both engines: the sample could not be started: push: no owner"),
    ] {
        assert_eq!(check(left, right, Kind::HarnessError).error.as_deref(), Some(expected));
    }
}

#[test]
fn a_run_that_never_ends_on_one_engine_only_differs() {
    let endless: Play = |_| Err(HarnessError::Endless("121 days".to_owned()));
    let finding = check(|_| Ok(ended("SUCCEEDED", 1, 5)), endless, Kind::Differs);
    assert_eq!((finding.baseline_ms, finding.candidate_ms), (Some(5), None));
}

#[test]
fn a_recorded_outcome_can_be_the_baseline() {
    let faithful: Arc<dyn Decisions> = Arc::new(Faithful);
    let candidate = Scripted { name: "new", plays: |_| Ok(ended("SUCCEEDED", 1, 5)) };
    let mut sample = kept(1);
    sample.sample.outcome = workflow::outcome::Outcome::of(&ended("SUCCEEDED", 1, 5).runs).into_json();
    let rules = Rules::none();
    let contest = Contest {
        baseline: Baseline::Recorded("maestro"),
        candidate: &candidate,
        candidate_decisions: &faithful,
        rules: &rules,
        seed: 1,
        workers: NonZeroUsize::MIN,
        reproduce: "replay",
    };
    let run = |sample: &Kept| contest.run(std::slice::from_ref(sample), &|_| {}, &AtomicBool::new(false));
    assert_eq!(run(&sample)[0].kind, Kind::Agrees);
    sample.sample.outcome["status"] = "FAILED".into();
    assert_eq!(run(&sample)[0].kind, Kind::Differs);
}

#[test]
fn a_report_adds_up_and_can_be_stored() {
    let samples: Vec<Kept> = (0..400).map(kept).collect();
    let good: Play = |_| Ok(ended("SUCCEEDED", 1, 5));
    let agreed = report(good, good, &Rules::none(), &samples);
    assert!(matches!(agreed.verdict, Verdict::Agrees { n: 400, .. }), "{:?}", agreed.verdict);
    assert_eq!(agreed.strata.len(), 1);
    assert_eq!((agreed.strata[0].name.as_str(), agreed.strata[0].workflows), ("NoOp+Notebook chain", 1));
    assert_eq!(
        agreed.findings.iter().map(|one| &one.sample).collect::<Vec<_>>(),
        samples.iter().map(|one| &one.id).collect::<Vec<_>>()
    );
    assert_eq!(agreed.latency.baseline.n, 400);

    let differing: Play = |rehearsal| Ok(ended("SUCCEEDED", i64::from(rehearsal.id == "sample-77"), 5));
    let differed = report(good, differing, &Rules::none(), &samples);
    assert!(matches!(differed.verdict, Verdict::Differs { .. }) && differed.is_caught());

    let stored = serde_json::to_string(&agreed).expect("a report is plain data");
    let read: Report = serde_json::from_str(&stored).expect("it was just written");
    assert_eq!((read.totals, read.coverage, read.findings), (agreed.totals, agreed.coverage, agreed.findings));
}

#[test]
fn the_same_seed_gives_the_same_report_whatever_the_threads_do() {
    let samples: Vec<Kept> = (0..50).map(kept).collect();
    let wavering: Play = |rehearsal| Ok(ended("SUCCEEDED", rehearsal.seed % 3, 5));
    let once = report(wavering, wavering, &Rules::none(), &samples);
    assert_eq!(once.findings, report(wavering, wavering, &Rules::none(), &samples).findings);
}

#[test]
fn a_cancelled_campaign_is_incomplete() {
    let faithful: Arc<dyn Decisions> = Arc::new(Faithful);
    let stage = Scripted { name: "new", plays: |_| Ok(ended("SUCCEEDED", 1, 5)) };
    let (rules, cancel, seen) = (Rules::none(), AtomicBool::new(false), AtomicUsize::new(0));
    let contest = Contest {
        baseline: Baseline::Stage { stage: &stage, decisions: &faithful },
        candidate: &stage,
        candidate_decisions: &faithful,
        rules: &rules,
        seed: 1,
        workers: NonZeroUsize::MIN,
        reproduce: "replay",
    };
    let samples: Vec<Kept> = (0..10).map(kept).collect();
    let progress = |progress: replay::campaign::Progress<'_>| {
        assert_eq!(progress.of, 10);
        seen.store(progress.done, Ordering::Relaxed);
        cancel.store(progress.done == 4, Ordering::Relaxed);
    };
    let findings = contest.run(&samples, &progress, &cancel);
    assert_eq!((findings.len(), seen.load(Ordering::Relaxed)), (4, 4));
    let corpus = CorpusIdentity { location: String::new(), manifest_sha256: String::new() };
    assert!(!Report::of(corpus, &contest, None, Gate::ONE_IN_A_HUNDRED, &samples, findings).is_complete);
}
