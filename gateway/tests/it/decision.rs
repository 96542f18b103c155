//! Flags and rollout together.

use std::sync::Arc;

use gateway::{
    flags::{Bucket, Flags, Subject},
    rollout::{Share, Stage, State},
    routing::{Rules, decide},
};
use proptest::prelude::*;
use workflow::port::EngineName;

const FLAGS: &str = r#"{"flags": {"engine": {
    "state": "ENABLED", "variants": {"old": "legacy", "new": "actor"}, "defaultVariant": "old",
    "targeting": {"if": [{"==": [{"var": "workflow"}, "in"]}, "new", {"==": [{"var": "workflow"}, "out"]}, "old"]}
}}}"#;

fn told(flags: Option<&str>, rollout: &State, workflow: &str) -> String {
    let name = |name: &str| EngineName(Arc::from(name));
    let flags = flags.map(|text| Flags::parse(text).unwrap());
    let (legacy, candidate) = (&name("legacy"), &name("actor"));
    let rules = Rules { flags: flags.as_ref(), rollout, legacy, candidate, is_on_both: true };
    let decision = decide(&rules, Subject { workflow, version: "1", user: None, initiator: "manual" });
    format!("{}: {}", decision.engine, decision.because)
}

fn ramp(share: u16) -> Stage {
    Stage::Ramp { share: Share::per_ten_thousand(share).unwrap() }
}

#[track_caller]
fn check(at: Stage, workflow: &str, expected: &str) {
    assert_eq!(told(Some(FLAGS), &State::Moving { at }, workflow), expected);
    let held = told(Some(FLAGS), &State::Held { at }, workflow);
    assert_eq!(held.replace("HOLD in ", ""), expected, "a hold routes as its stage does");
    let frozen = told(Some(FLAGS), &State::Frozen { at }, workflow);
    assert_eq!(frozen, format!("legacy: the rollout stands at FREEZE in {at}"));
    let back = told(Some(FLAGS), &State::RolledBack { from: at }, workflow);
    assert_eq!(back, format!("legacy: the rollout stands at ROLLBACK from {at}"));
    let killed = FLAGS.replace("ENABLED", "DISABLED");
    assert_eq!(told(Some(&killed), &State::Moving { at }, workflow), "legacy: the flag is switched off");
    assert_eq!(told(None, &State::Moving { at }, workflow), "legacy: no flags are in force");
}

#[test]
fn before_opting_in_everything_stays() {
    for (stage, name) in [(Stage::Off, "OFF"), (Stage::Replay, "REPLAY"), (Stage::Shadow, "SHADOW")] {
        for workflow in ["in", "out", "other"] {
            check(stage, workflow, &format!("legacy: the rollout stands at {name}"));
        }
    }
}

#[test]
fn who_opted_in_goes_first_and_stays_while_the_share_grows() {
    check(Stage::OptIn, "in", "actor: the flag names the engine");
    check(Stage::OptIn, "other", "legacy: the rollout stands at OPT-IN");
    for stage in [ramp(0), ramp(10_000), Stage::Drain] {
        check(stage, "in", "actor: the flag names the engine");
        check(stage, "out", "legacy: the flag names the engine");
    }
    check(ramp(1), "other", "legacy: of the share of 0.01 %");
    check(ramp(10_000), "other", "actor: of the share of 100 %");
    check(Stage::Drain, "other", "actor: of the share of 100 %");
    check(Stage::Complete, "out", "actor: the rollout is complete");
}

#[test]
fn a_flag_that_makes_no_sense_moves_nobody() {
    let at = State::Moving { at: Stage::Drain };
    let wrong = FLAGS.replace("\"actor\"", "\"elsewhere\"");
    let expected = "legacy: the flag could not be evaluated: \"elsewhere\" is no engine";
    assert_eq!(told(Some(&wrong), &at, "in"), expected);
}

proptest! {
    #[test]
    fn a_larger_share_moves_nobody_back(workflow in "[a-z0-9._-]{1,30}", one in 0_u16..=10_000, other in 0_u16..=10_000) {
        let at = |share| told(Some(FLAGS), &State::Moving { at: ramp(share) }, &workflow);
        let (small, large) = (one.min(other), one.max(other));
        prop_assert!(!at(small).starts_with("actor") || at(large).starts_with("actor"));
        let is_in = workflow != "in" && workflow != "out" && Bucket::of("engine", &workflow).number() < large;
        prop_assert!(!is_in || at(large).starts_with("actor"));
    }
}
