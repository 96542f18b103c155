//! A rollout goes forward on evidence only, and back at any time.

use std::sync::Arc;

use gateway::rollout::{Bounds, Breach, Bundle, Event, Live, Policy, Rollout, Share, Stage, State, Stratum};
use proptest::prelude::*;
use workflow::{
    port::EngineName,
    time::{Millis, Timestamp},
};

fn name(name: &str) -> EngineName {
    EngineName(Arc::from(name))
}

pub(crate) fn policy() -> Policy {
    Policy { baseline: name("legacy"), candidate: name("actor"), age_max: Millis::from_secs(3600), rate_max: 0.01 }
}

pub(crate) fn bundle(made_at: i64) -> Bundle {
    let sure = Stratum { name: "chain".to_owned(), n: 300, differ: 0, bound: 0.0099 };
    Bundle::sealed(name("legacy"), name("actor"), Timestamp(made_at), vec![sure])
}

fn at(stage: Stage, since: i64) -> Rollout {
    Rollout { state: State::Moving { at: stage }, since: Timestamp(since) }
}

fn ramp(share: u16) -> Stage {
    Stage::Ramp { share: Share::per_ten_thousand(share).unwrap() }
}

fn advance(rollout: &Rollout, to: Stage, evidence: Option<Bundle>, now: i64) -> String {
    let event = Event::Advance { to, evidence: evidence.map(Box::new) };
    match rollout.on(event, Timestamp(now), &policy()) {
        Ok(step) => step.rollout.state.to_string(),
        Err(rejected) => rejected.to_string(),
    }
}

#[test]
fn the_way_is_walked_step_by_step() {
    let way = [Stage::Replay, Stage::Shadow, Stage::OptIn, ramp(100), ramp(2_500), Stage::Drain, Stage::Complete];
    let mut rollout = at(Stage::Off, 0);
    for (now, to) in (1..).zip(way) {
        let event = Event::Advance { to, evidence: (now > 1).then(|| Box::new(bundle(now))) };
        rollout = rollout.on(event, Timestamp(now), &policy()).unwrap().rollout;
        assert_eq!(rollout, at(to, now));
    }
    assert_eq!(advance(&at(Stage::Off, 0), Stage::Shadow, Some(bundle(1)), 1), "OFF does not lead to SHADOW");
    assert_eq!(advance(&at(ramp(100), 0), ramp(100), Some(bundle(1)), 1), "RAMP 1 % does not lead to RAMP 1 %");
    assert_eq!(advance(&at(Stage::Complete, 0), Stage::Off, Some(bundle(1)), 1), "COMPLETE does not lead to OFF");
}

#[test]
fn only_good_and_fresh_evidence_carries_a_step() {
    let from = at(Stage::OptIn, 1_000);
    let now = 2_000_000;
    let refused = |bundle, why: &str| {
        let expected = format!("the evidence does not carry the step to RAMP 1 %: {why}");
        assert_eq!(advance(&from, ramp(100), bundle, now), expected);
    };
    assert_eq!(advance(&from, ramp(100), Some(bundle(now)), now), "RAMP 1 %");
    refused(None, "no evidence was given");
    refused(Some(bundle(999)), "it is older than the stage that it is to lead out of");
    refused(Some(bundle(now + 1)), "it is -1 ms old; at most 3600000 ms are allowed");
    let late = advance(&from, ramp(100), Some(bundle(1_000)), 1_000 + 3_600_001);
    assert!(late.ends_with("it is 3600001 ms old; at most 3600000 ms are allowed"), "{late}");
    let others = Bundle::sealed(name("legacy"), name("other"), Timestamp(now), bundle(now).strata);
    refused(Some(others), "it compares legacy with other");
    refused(Some(Bundle::sealed(name("legacy"), name("actor"), Timestamp(now), vec![])), "it has no strata");
    let mut changed = bundle(now);
    changed.strata[0].bound = 0.001;
    refused(Some(changed), "its content was changed: its hash does not fit");
    for (differ, bound) in [(0, 0.011), (1, 0.005), (0, f64::NAN)] {
        let unsure = vec![bundle(0).strata.remove(0), Stratum { name: "loop".to_owned(), n: 9, differ, bound }];
        let got =
            advance(&from, ramp(100), Some(Bundle::sealed(name("legacy"), name("actor"), Timestamp(now), unsure)), now);
        assert!(got.contains("stratum `loop`"), "{got}");
    }
}

fn any_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        Just(Stage::Off),
        Just(Stage::Replay),
        Just(Stage::Shadow),
        Just(Stage::OptIn),
        (0_u16..=10_000).prop_map(ramp),
        Just(Stage::Drain),
        Just(Stage::Complete),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let advance = (any_stage(), proptest::option::of(0_i64..100))
        .prop_map(|(to, made)| Event::Advance { to, evidence: made.map(|made| Box::new(bundle(made))) });
    prop_oneof![
        4 => advance,
        1 => Just(Event::Hold),
        1 => Just(Event::Freeze),
        1 => Just(Event::Release),
        1 => Just(Event::RollBack),
        1 => Just(Event::BeginAgain),
    ]
}

proptest! {
    #[test]
    fn no_history_leads_further_than_its_evidence(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut rollout = at(Stage::Off, 0);
        for (now, event) in (1..).zip(events) {
            let now = Timestamp(now);
            let Ok(step) = rollout.on(event.clone(), now, &policy()) else { continue };
            let (before, after) = (rollout.state.stage(), step.rollout.state.stage());
            if let Event::Advance { to, evidence } = event {
                prop_assert_eq!(&rollout.state, &State::Moving { at: before });
                prop_assert!(before.leads_to(to) && after == to);
                let fresh = evidence.is_some_and(|bundle| bundle.made_at >= rollout.since && bundle.made_at <= now);
                prop_assert!(before == Stage::Off || fresh);
            } else {
                prop_assert!(before == after || after == Stage::Off);
            }
            // Whatever happened, going back works, and sends nothing to the candidate.
            let back = step.rollout.on(Event::RollBack, now, &policy()).unwrap().rollout;
            prop_assert_eq!(back.state.routes_by(), None);
            rollout = step.rollout;
        }
    }
}

#[test]
fn brakes_work_in_every_stage_and_a_hold_does_not_loosen_a_freeze() {
    for stage in [Stage::Off, Stage::Replay, Stage::Shadow, Stage::OptIn, ramp(5), Stage::Drain, Stage::Complete] {
        let on = |rollout: &Rollout, event| rollout.on(event, Timestamp(9), &policy()).map(|step| step.rollout);
        let held = on(&at(stage, 1), Event::Hold).unwrap();
        assert_eq!(held.state.routes_by(), Some(stage));
        assert_eq!(on(&held, Event::Release), Ok(at(stage, 1)), "the stage goes on as it was");
        let frozen = on(&held, Event::Freeze).unwrap();
        assert_eq!(frozen.state.routes_by(), None);
        assert!(on(&frozen, Event::Hold).is_err());
        let back = on(&frozen, Event::RollBack).unwrap();
        assert!(on(&back, Event::Release).is_err() && on(&back, Event::Hold).is_err());
        assert_eq!(on(&back, Event::BeginAgain).unwrap().state, State::Moving { at: Stage::Off });
    }
}

#[test]
fn a_breach_is_more_failures_than_the_legacy_engine_has_anyway() {
    let bounds = Bounds { window: 100, bad_min: 3, error_excess_max: 0.02, disagreement_max: 0.01 };
    let mut live = Live::new(bounds);
    for n in 0..100 {
        live.legacy_ended(n % 10 == 0);
        live.candidate_ended(n % 10 == 0);
    }
    assert_eq!(live.breach(), None, "both fail one in ten");
    live.candidate_ended(true);
    live.candidate_ended(true);
    assert_eq!(live.breach(), None, "within the bound");
    live.candidate_ended(true);
    live.candidate_ended(true);
    assert!(matches!(live.breach(), Some(Breach::Errors { candidate, .. }) if candidate.bad == 13), "{live:?}");
    live.clear();
    assert_eq!(live.breach(), None);
    for differs in [true, true, false] {
        live.compared(differs);
    }
    assert_eq!(live.breach(), None, "two bad ones may be chance");
    live.compared(true);
    assert!(matches!(live.breach(), Some(Breach::Disagreement(_))));
}
