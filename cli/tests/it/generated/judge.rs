//! A case on both engines, and whether they end alike.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use engine::ActorStage;
use legacy_adapter::{LegacyStage, Profile};
use replay::{
    campaign::Showing,
    compare::{Difference, differences},
};
use serde_json::Value as Json;
use workflow::{
    life::{Faithful, Settings},
    port::{EngineName, HarnessError, Rehearsal, Rehearsed, Stage},
};

/// What a case amounts to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Both engines came to the same.
    Same {
        /// Whether a run came out of it: a definition that both refuse is no run.
        has_run: bool,
    },
    /// They come to the same when nothing but timing is another: two things that happen at once (a stop and an end, two starts) may come
    /// in either order.
    Raced,
    /// They disagree.
    Differs(Vec<Difference>),
}

/// Timings of the old stack that a race is looked for in: how fast it is, and how many wake-ups in ten thousand it loses.
const TIMINGS: [(f64, u16); 8] =
    [(0.0, 0), (0.1, 0), (0.5, 0), (2.0, 0), (0.01, 1_000), (0.3, 1_000), (1.0, 1_000), (1.0, 3_000)];

/// Seeds of chances that each of those is tried with at first: who comes first among many depends on more than on how fast all are.
const CHANCES: u64 = 8;

/// How often so many further ones are tried, on both engines: two orders of six starts are alike once in 720 times.
const ROUNDS_MAX: u64 = 24;

/// Plays a case on both engines.
pub(super) fn judge(case: &Rehearsal) -> Verdict {
    let actor = showing(&stage(), case);
    let legacy = showing(&polling(Profile::maestro()), case);
    if actor == legacy {
        return Verdict::Same { has_run: !matches!(actor["status"].as_str(), Some("REFUSED" | "NEVER_ENDED")) };
    }
    let (mut of_polling, mut of_actor) = (HashSet::new(), HashSet::from([hash(actor.clone())]));
    for round in 0..=ROUNDS_MAX {
        let others = |count: u64| {
            let chances = round * count..(round + 1) * count;
            chances.map(|chance| Rehearsal { seed: case.seed.wrapping_add(chance), ..case.clone() })
        };
        for other in others(CHANCES) {
            for (pace, lost) in TIMINGS {
                let profile = Profile::maestro().paced(pace).with_weaknesses(lost, 0);
                let shown = hash(showing(&polling(profile), &other));
                if of_actor.contains(&shown) {
                    return Verdict::Raced;
                }
                of_polling.insert(shown);
            }
        }
        // The order in which things were sent is the first to be tried.
        for other in others(CHANCES * TIMINGS.len() as u64).filter(|_| round > 0) {
            let shown = hash(showing(&stage().shuffled(), &other));
            if of_polling.contains(&shown) {
                return Verdict::Raced;
            }
            of_actor.insert(shown);
        }
    }
    Verdict::Differs(differences(&legacy, &actor))
}

/// What stands for all that is shown, whatever the order of fields.
fn hash(mut showing: Json) -> u64 {
    showing.sort_all_objects();
    let mut hasher = DefaultHasher::new();
    showing.to_string().hash(&mut hasher);
    hasher.finish()
}

/// Plays a case on the actor engine only.
pub(super) fn alone(case: &Rehearsal) -> Result<Rehearsed, HarnessError> {
    stage().rehearse(case, Arc::new(Faithful))
}

// No placeholder stands in on either: jobs take the engines' own way, and only their work in the cluster is what the case says.

fn stage() -> ActorStage {
    ActorStage::new(Settings::production(), |_| false)
}

fn polling(profile: Profile) -> LegacyStage {
    LegacyStage::new(EngineName("legacy".into()), profile, Settings::production(), |_| false)
}

fn showing(stage: &dyn Stage, case: &Rehearsal) -> Json {
    match stage.rehearse(case, Arc::new(Faithful)) {
        Ok(rehearsed) => Showing::of(&rehearsed).tree,
        Err(error) => match Showing::of_failure(&error) {
            Some(showing) => showing.tree,
            // Never equal to anything: an engine that breaks is a finding by itself.
            None => Json::from(format!("{}: {error}", stage.name())),
        },
    }
}
