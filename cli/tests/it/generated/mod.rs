//! Generated workflows: whatever is thrown at both engines, they end alike.
//!
//! Each case follows from a seed: definitions, results of jobs, and a script of what callers do meanwhile. It is played in virtual time
//! on the actor engine and on the polling engine, with the old stack's timing, and all that a client could read must be equal in the end.
//!
//! - `SEGUE_GENERATED_CASES=1000000 cargo test --release -p segue generated` plays more cases than an ordinary test run does;
//! - `SEGUE_GENERATED_SEED=17` plays that one case alone and prints it.

mod definition;
mod dice;
mod judge;
mod script;
mod shrink;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::json;
use workflow::{
    port::{Act, Rehearsal, Request},
    time::{Millis, Timestamp},
};

use self::{
    dice::Dice,
    judge::{Verdict, judge},
    script::Targets,
};

/// Cases of an ordinary test run.
const CASES: u64 = 10_000;

/// So many cases in a hundred may be races; beyond that the generator throws things together that say nothing.
const RACES_MAX: u64 = 1;

/// So many in a hundred may come to no run at all.
const REFUSED_MAX: u64 = 10;

/// Disagreements that are shrunk and told; the others are counted.
const TOLD_MAX: usize = 3;

/// Seeds of races that are told.
const TOLD_RACES_MAX: usize = 20;

/// When the virtual clock starts.
const START: Timestamp = Timestamp(1_700_000_000_000);

/// How many cases came to what.
#[derive(Debug, Default)]
struct Tally {
    raced: Mutex<Vec<u64>>,
    refused: AtomicU64,
    differ: AtomicUsize,
    told: Mutex<Vec<String>>,
}

#[test]
fn both_engines_end_generated_workflows_alike() {
    if let Some(seed) = number("SEGUE_GENERATED_SEED") {
        let case = case(seed);
        println!("{}", told(&case));
        let verdict = judge(&case);
        assert!(!matches!(verdict, Verdict::Differs(_)), "seed {seed}: {verdict:#?}");
        return println!("seed {seed}: {verdict:?}");
    }
    let (first, cases) =
        (number("SEGUE_GENERATED_FIRST").unwrap_or(0), number("SEGUE_GENERATED_CASES").unwrap_or(CASES));
    let tally = play(first, cases);
    let (differ, refused, races) = (tally.differ.into_inner(), tally.refused.into_inner(), lock(&tally.raced));
    let raced = races.len() as u64;
    println!("{cases} cases from seed {first}: {differ} differ, {raced} raced, {refused} came to no run");
    println!("races: {:?}", &races[..races.len().min(TOLD_RACES_MAX)]);
    assert!(differ == 0, "{differ} of {cases} cases differ\n\n{}", lock(&tally.told).join("\n\n"));
    assert!(raced * 100 <= cases * RACES_MAX, "{raced} of {cases} cases are races");
    assert!(refused * 100 <= cases * REFUSED_MAX, "{refused} of {cases} cases came to no run");
}

#[test]
fn a_seed_gives_the_same_case_every_time() {
    for seed in 0..50 {
        assert_eq!(told(&case(seed)), told(&case(seed)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

fn play(first: u64, cases: u64) -> Tally {
    let (tally, next) = (Tally::default(), AtomicU64::new(first));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases {
                        break;
                    }
                    tally.count(seed);
                }
            });
        }
    });
    tally
}

impl Tally {
    fn count(&self, seed: u64) {
        let case = case(seed);
        match judge(&case) {
            Verdict::Same { has_run: true } => {}
            Verdict::Same { has_run: false } => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            Verdict::Raced => lock(&self.raced).push(seed),
            Verdict::Differs(_) => {
                if self.differ.fetch_add(1, Ordering::Relaxed) < TOLD_MAX {
                    lock(&self.told).push(disagreement(seed, &case));
                }
            }
        }
    }
}

/// A disagreement, shrunk, with all that is needed to look at it.
fn disagreement(seed: u64, case: &Rehearsal) -> String {
    let smallest = shrink::shrink(case, |other| matches!(judge(other), Verdict::Differs(_)));
    let places = match judge(&smallest) {
        Verdict::Differs(places) => places,
        _ => Vec::new(),
    };
    let places: Vec<String> = places
        .iter()
        .map(|place| format!("  {} {:?}: polling {}, actor {}", place.path, place.kind, place.left, place.right))
        .collect();
    format!(
        "seed {seed} (SEGUE_GENERATED_SEED={seed} plays it again), made smaller:\n{}\n{}",
        told(&smallest),
        places.join("\n")
    )
}

/// A case as text: definitions, script, results.
fn told(case: &Rehearsal) -> String {
    let definitions: Vec<String> =
        case.definitions.iter().map(|body| serde_json::to_string_pretty(body).unwrap_or_default()).collect();
    let acts: Vec<String> = case
        .acts
        .iter()
        .map(|act| {
            let when = if act.is_after_end { "after the end and " } else { "" };
            format!("  {when}{} min after the start: {:?}", act.after.0 / 60_000, act.request)
        })
        .collect();
    let results: Vec<String> = case
        .stand_ins
        .iter()
        .map(|((path, attempt), result)| format!("  {path} attempt {attempt}: {}", json!(result)))
        .collect();
    let definitions = definitions.join("\n");
    format!("{definitions}\nstart {}\n{}\n{}", case.start, acts.join("\n"), results.join("\n"))
}

/// The case of a seed.
fn case(seed: u64) -> Rehearsal {
    let mut dice = Dice::of(seed);
    let written = definition::Author::new(&mut dice).write();
    let root = written.last().expect("an author writes at least one workflow").clone();
    let mut case = Rehearsal {
        id: format!("seed {seed}"),
        definitions: written.iter().map(|one| one.body.clone()).collect(),
        workflow: root.id.clone(),
        start: script::start_body(&mut dice),
        acts: Vec::new(),
        stand_ins: BTreeMap::new(),
        at: START,
        seed,
    };
    case.stand_ins = script::results(&mut dice, &root.jobs);
    // What a script can be about is seen from a play without one.
    let settle = Act { after: Millis(0), is_after_end: true, request: Request::InstanceActionMap };
    let alone = judge::alone(&Rehearsal { acts: vec![settle], ..case.clone() });
    if let Ok(alone) = alone {
        case.acts = script::acts(&mut dice, &Targets::of(&root.id, &alone), &written);
    }
    case
}
