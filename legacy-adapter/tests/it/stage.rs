//! Samples in virtual time: the old stack's outcome, and how long the old stack takes for it.

use std::sync::Arc;

use legacy_adapter::{LegacyStage, Profile};
use serde_json::Value as Json;
use workflow::{
    life::{Faithful, Settings},
    outcome::Outcome,
    port::{EngineName, Rehearsed, Stage},
    time::Millis,
};

use crate::samples::{diamond, loop_of_three, rehearsal, too_slow};

fn play(definition: Json, profile: Profile, seed: u64) -> Rehearsed {
    let stage = LegacyStage::new(EngineName("legacy".into()), profile, Settings::production(), |_| false);
    stage.rehearse(&rehearsal(definition, seed), Arc::new(Faithful)).unwrap()
}

#[track_caller]
fn check(definition: Json, status: &str, least: Millis, most: Millis) {
    for seed in 0..5 {
        let rehearsed = play(definition.clone(), Profile::maestro(), seed);
        assert_eq!(Outcome::of(&rehearsed.runs).status(), status);
        let took = rehearsed.took;
        assert!((least..=most).contains(&took), "seed {seed}: {took:?}, expected {least:?} to {most:?}");
    }
}

#[test]
fn a_diamond_of_no_ops_takes_seconds() {
    check(diamond(), "SUCCEEDED", Millis(1_000), Millis(60_000));
}

#[test]
fn every_iteration_of_a_loop_runs() {
    check(loop_of_three(), "SUCCEEDED", Millis(1_000), Millis(120_000));
    let rehearsed = play(loop_of_three(), Profile::maestro(), 1);
    assert_eq!(rehearsed.runs.len(), 4, "the root and three iterations");
}

#[test]
fn a_time_out_is_noticed_late_but_noticed() {
    check(too_slow(), "TIMED_OUT", Millis(60_000), Millis(120_000));
}

#[test]
fn the_same_seed_gives_the_same_documents() {
    assert_eq!(play(diamond(), Profile::maestro(), 3), play(diamond(), Profile::maestro(), 3));
}

#[test]
fn lost_wake_ups_and_double_messages_change_when_and_not_what() {
    let outcome = |profile, seed| Outcome::of(&play(loop_of_three(), profile, seed).runs);
    let faithful = outcome(Profile::maestro(), 0);
    for seed in 0..20 {
        let weak = Profile::maestro().with_weaknesses(2_000, 2_000);
        assert_eq!(outcome(weak, seed), faithful, "seed {seed}");
    }
}
