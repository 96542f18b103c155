//! A case on both engines, and whether they end alike.

use std::sync::Arc;

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
    /// The polling engine itself comes to what the actor engine came to when nothing but its timing is another: two things that happen
    /// at once (a stop and an end, two starts) may come in either order.
    Raced,
    /// They disagree.
    Differs(Vec<Difference>),
}

/// Timings of the old stack that a race is looked for in: how fast it is, and how many wake-ups in ten thousand it loses.
const TIMINGS: [(f64, u16); 8] =
    [(0.0, 0), (0.1, 0), (0.5, 0), (2.0, 0), (0.01, 1_000), (0.3, 1_000), (1.0, 1_000), (1.0, 3_000)];

/// Seeds of the old stack's chances that each of those is tried with: who comes first among many depends on more than on how fast all are.
const CHANCES: u64 = 8;

/// Plays a case on both engines.
pub(super) fn judge(case: &Rehearsal) -> Verdict {
    let actor = showing(&actor(), case);
    let legacy = showing(&polling(Profile::maestro()), case);
    if actor == legacy {
        return Verdict::Same { has_run: !matches!(actor["status"].as_str(), Some("REFUSED" | "NEVER_ENDED")) };
    }
    let is_race = (0..CHANCES).any(|chance| {
        let other = Rehearsal { seed: case.seed.wrapping_add(chance), ..case.clone() };
        TIMINGS.iter().any(|&(pace, lost)| {
            let profile = Profile::maestro().paced(pace).with_weaknesses(lost, 0);
            showing(&polling(profile), &other) == actor
        })
    });
    if is_race { Verdict::Raced } else { Verdict::Differs(differences(&legacy, &actor)) }
}

/// Plays a case on the actor engine only.
pub(super) fn alone(case: &Rehearsal) -> Result<Rehearsed, HarnessError> {
    actor().rehearse(case, Arc::new(Faithful))
}

// No placeholder stands in on either: jobs take the engines' own way, and only their work in the cluster is what the case says.

fn actor() -> ActorStage {
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
