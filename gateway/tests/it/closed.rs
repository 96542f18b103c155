//! The rollout of a gateway that does not run can be moved in its folder.

use gateway::{
    Closed, audit,
    gateway::{AUDIT, ControlError, Error, replayed},
    rollout::{Event, Stage, State},
};
use workflow::time::Timestamp;

use crate::{
    ramp::Door,
    rollout::{bundle, policy},
};

fn to(stage: Stage, evidence: Option<gateway::rollout::Bundle>) -> Event {
    Event::Advance { to: stage, evidence: evidence.map(Box::new) }
}

#[tokio::test]
async fn what_moves_while_it_is_closed_holds_when_it_opens() {
    let mut door = Door::new();
    door.gateway.close().await;
    let state = door.place();
    let mut closed = Closed::open(&state).unwrap();
    closed.change("ann", to(Stage::Replay, None), Timestamp(10), &policy(), "begin").await.unwrap();
    let without = closed.change("ann", to(Stage::Shadow, None), Timestamp(20), &policy(), "hurry").await;
    assert!(matches!(without, Err(ControlError::Rejected(_))), "no step forward without evidence");
    closed.change("ann", to(Stage::Shadow, Some(bundle(15))), Timestamp(20), &policy(), "agrees").await.unwrap();
    let held = closed.change("bob", Event::Hold, Timestamp(30), &policy(), "wait").await.unwrap();
    assert_eq!((&held.state, held.since), (&State::Held { at: Stage::Shadow }, Timestamp(20)));
    drop(closed);

    let entries = audit::read(&state.join(AUDIT)).unwrap();
    assert_eq!(replayed(&entries), Some(held.clone()));
    door.open_again().await;
    assert_eq!(door.gateway.rollout(), Some(held));
}

#[tokio::test]
async fn one_at_a_time_works_with_a_folder() {
    let door = Door::new();
    let state = door.place();
    assert!(matches!(Closed::open(&state), Err(Error::InUse { .. })), "the gateway runs");
    door.gateway.close().await;
    let closed = Closed::open(&state).unwrap();
    assert!(matches!(Closed::open(&state), Err(Error::InUse { .. })));
    drop(closed);
    assert!(Closed::open(&state).is_ok());
}

#[tokio::test]
async fn a_folder_without_an_audit_log_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Closed::open(folder.path()), Err(Error::NoGateway { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
