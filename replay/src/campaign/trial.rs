//! One sample on both engines, twice each.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use workflow::{
    life::Decisions,
    port::{Rehearsal, Stage},
};

use super::{
    Baseline, Contest, Finding, Kind, Noise, Side,
    finding::DIFFERENCES_KEPT,
    race::{RACE, other_moments},
    showing::Showing,
};
use crate::{
    compare::{Difference, differences, unified},
    placeholder::rehearsal,
    sample::Kept,
};

/// The reason under which noise is set aside.
const NOISE: &str = "equal engines differ here, too";

/// Both rehearsals of one engine.
struct Pair {
    first: Showing,
    second: Showing,
}

/// Replays a sample and says what it showed.
pub(super) fn trial(kept: &Kept, contest: &Contest<'_>) -> Finding {
    let seed = seed_of(&kept.id, contest.seed);
    let mut rehearsal = rehearsal(kept, seed);
    let mut finding = Finding {
        sample: kept.id.clone(),
        workflow: kept.sample.workflow.clone(),
        stratum: kept.sample.shape.stratum(),
        kind: Kind::HarnessError,
        differences: Vec::new(),
        difference_count: 0,
        noise: Vec::new(),
        diff: None,
        error: None,
        reproduce: format!("{} --sample {} --seed {}", contest.reproduce, kept.id, contest.seed),
        baseline_ms: None,
        candidate_ms: None,
    };
    match both(kept, contest, &mut rehearsal) {
        Ok((baseline, candidate)) => {
            judge(&mut finding, &baseline, &candidate, contest);
            if finding.kind == Kind::Differs
                && let Some(raced) = raced(&baseline, &candidate, contest, &rehearsal)
            {
                set_aside_race(&mut finding, raced);
            }
        }
        Err(error) => finding.error = Some(error),
    }
    finding
}

/// Seeds depend on the sample alone, so that it can be replayed alone.
fn seed_of(sample: &str, campaign: u64) -> u64 {
    let hash = Sha256::digest(sample.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(first) ^ campaign
}

fn both(kept: &Kept, contest: &Contest<'_>, rehearsal: &mut Rehearsal) -> Result<(Pair, Pair), String> {
    let candidate = pair(contest.candidate, contest.candidate_decisions, rehearsal)?;
    match contest.baseline {
        Baseline::Stage { stage, decisions } => {
            let baseline = pair(stage, decisions, rehearsal)?;
            let has_run = [&baseline, &candidate].iter().any(|pair| pair.first.took.is_some());
            match &baseline.first.tree["because"] {
                serde_json::Value::String(because) if !has_run => Err(format!("on both engines: {because}")),
                _ => Ok((baseline, candidate)),
            }
        }
        Baseline::Recorded(_) => {
            let recorded = Showing::of_recorded(&kept.sample.outcome, kept.sample.took);
            let candidate = Pair {
                first: candidate.first.without_answers_and_events(),
                second: candidate.second.without_answers_and_events(),
            };
            Ok((Pair { first: recorded.clone(), second: recorded }, candidate))
        }
    }
}

/// The same rehearsal under two seeds, the same two for every engine.
fn pair(stage: &dyn Stage, decisions: &Arc<dyn Decisions>, rehearsal: &mut Rehearsal) -> Result<Pair, String> {
    let seed = rehearsal.seed;
    let first = showing(stage, decisions, rehearsal);
    rehearsal.seed = seed.wrapping_add(1);
    let second = showing(stage, decisions, rehearsal);
    rehearsal.seed = seed;
    Ok(Pair { first: first?, second: second? })
}

fn showing(stage: &dyn Stage, decisions: &Arc<dyn Decisions>, rehearsal: &Rehearsal) -> Result<Showing, String> {
    // An engine that panics must not end the campaign; nothing of it is used again.
    let rehearsed = catch_unwind(AssertUnwindSafe(|| stage.rehearse(rehearsal, Arc::clone(decisions))));
    match rehearsed {
        Ok(Ok(rehearsed)) => Ok(Showing::of(&rehearsed)),
        Ok(Err(error)) => Showing::of_failure(&error).ok_or_else(|| format!("{}: {error}", stage.name())),
        Err(panic) => Err(format!("{} panicked: {}", stage.name(), panic_text(&*panic))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

fn judge(finding: &mut Finding, baseline: &Pair, candidate: &Pair, contest: &Contest<'_>) {
    finding.baseline_ms = baseline.first.took.map(|took| took.0);
    finding.candidate_ms = candidate.first.took.map(|took| took.0);
    finding.noise = noise(baseline, Side::Baseline, contest);
    finding.noise.extend(noise(candidate, Side::Candidate, contest));
    let mut found = between(&baseline.first, &candidate.first);
    if !finding.noise.is_empty() {
        for difference in between(&baseline.second, &candidate.second) {
            if !found.iter().any(|known| known.path == difference.path) {
                found.push(difference);
            }
        }
    }
    set_aside(&mut found, &finding.noise);
    contest.rules.apply(&mut found);
    finding.difference_count = found.len();
    finding.kind = if found.iter().any(Difference::is_unexplained) {
        let names = (contest.baseline.name(), contest.candidate.name().to_string());
        finding.diff = Some(unified((&names.0, &baseline.first.tree), (&names.1, &candidate.first.tree)));
        Kind::Differs
    } else if finding.noise.iter().any(|noise| noise.difference.is_unexplained()) {
        Kind::Noisy
    } else {
        Kind::Agrees
    };
    // Those that count come first, so that they are kept.
    found.sort_by_key(|difference| !difference.is_unexplained());
    found.truncate(DIFFERENCES_KEPT);
    finding.differences = found;
}

/// What the baseline comes to with its acts at another moment, where that is what the candidate came to: told by the first place
/// where it differs from the recorded moment's.
fn raced(baseline: &Pair, candidate: &Pair, contest: &Contest<'_>, rehearsal: &Rehearsal) -> Option<Difference> {
    let Baseline::Stage { stage, decisions } = contest.baseline else { return None };
    other_moments(rehearsal).find_map(|other| {
        let shown = showing(stage, decisions, &other).ok()?;
        let mut left = between(&shown, &candidate.first);
        contest.rules.apply(&mut left);
        let is_same = !left.iter().any(Difference::is_unexplained);
        is_same.then(|| between(&baseline.first, &shown).into_iter().next()).flatten()
    })
}

fn set_aside_race(finding: &mut Finding, place: Difference) {
    for difference in finding.differences.iter_mut().filter(|difference| difference.is_unexplained()) {
        difference.excused_by = Some(RACE.to_owned());
    }
    finding.noise.push(Noise { side: Side::Baseline, difference: place });
    finding.diff = None;
    finding.kind = Kind::Noisy;
}

fn between(left: &Showing, right: &Showing) -> Vec<Difference> {
    if left.tree == right.tree { Vec::new() } else { differences(&left.tree, &right.tree) }
}

fn noise(pair: &Pair, side: Side, contest: &Contest<'_>) -> Vec<Noise> {
    let mut wavering = between(&pair.first, &pair.second);
    contest.rules.apply(&mut wavering);
    wavering.truncate(DIFFERENCES_KEPT);
    wavering.into_iter().map(|difference| Noise { side, difference }).collect()
}

/// Excuses every difference at or below a place that wavers.
fn set_aside(found: &mut [Difference], noise: &[Noise]) {
    let is_below = |path: &str, place: &str| {
        path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    for difference in found {
        if noise.iter().any(|noise| is_below(&difference.path, &noise.difference.path)) {
            difference.excused_by = Some(NOISE.to_owned());
        }
    }
}
