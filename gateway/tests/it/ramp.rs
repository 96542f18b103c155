//! A rollout with two engines behind one door: who goes where, for how long, and how everybody comes back.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use gateway::{
    Fleet, Gateway, Options,
    audit::{Change, read},
    rollout::{Bounds, Event, Share, Stage, State},
};
use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceId, RunId, RunKey},
    port::{Caller, Clock, Engine as _, Reason, Refusal, Request},
    status::InstanceStatus,
    time::Timestamp,
    user::User,
};

use crate::{
    rollout::{bundle, policy},
    small::Small,
};

/// Where the candidate begins to count.
pub(crate) const FAR: i64 = 1_000_001;

pub(crate) const FLAGS: &str = r#"{"flags": {"engine": {
    "state": "ENABLED", "variants": {"old": "legacy", "new": "actor"}, "defaultVariant": "old",
    "targeting": {"if": [{"==": [{"var": "workflow"}, "early"]}, "new"]}
}}}"#;

/// One tick a look.
#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) struct Door {
    pub(crate) gateway: Gateway,
    pub(crate) legacy: Arc<Small>,
    pub(crate) actor: Arc<Small>,
    clock: Arc<Ticks>,
    flags: PathBuf,
    folder: tempfile::TempDir,
}

pub(crate) fn ann() -> Caller {
    Caller { user: Some(User::named("ann")) }
}

fn open(folder: &Path, legacy: &Arc<Small>, actor: &Arc<Small>, clock: &Arc<Ticks>) -> Gateway {
    let (legacy, actor, clock) = (Arc::clone(legacy), Arc::clone(actor), Arc::clone(clock));
    let bounds = Bounds { window: 50, bad_min: 3, error_excess_max: 0.02, disagreement_max: 0.01 };
    let options = Options {
        fleet: Fleet::new(legacy, actor).unwrap(),
        folder: folder.join("state"),
        flags: Some(folder.join("flags.json")),
        policy: policy(),
        bounds,
        clock,
    };
    Gateway::open(options).unwrap()
}

impl Door {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = folder.path().join("flags.json");
        std::fs::write(&flags, FLAGS).unwrap();
        let (legacy, actor, clock) = (Small::new("legacy", 1), Small::new("actor", FAR), Arc::default());
        let gateway = open(folder.path(), &legacy, &actor, &clock);
        Self { gateway, legacy, actor, clock, flags, folder }
    }

    /// The folder of the gateway.
    pub(crate) fn place(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) async fn open_again(&mut self) {
        self.gateway.close().await;
        self.gateway = open(self.folder.path(), &self.legacy, &self.actor, &self.clock);
    }

    pub(crate) async fn push(&self, workflow: &str) -> Result<Json, Refusal> {
        let body = json!({"properties": {"owner": "ann"}, "workflow": {"id": workflow, "steps": []}});
        self.gateway.call(ann(), Request::Push { body }).await.map(|answer| answer.body.unwrap())
    }

    pub(crate) async fn start(&self, workflow: &str, request: Option<&str>) -> Result<Json, Refusal> {
        let mut body = json!({"initiator": {"type": "manual"}});
        if let Some(request) = request {
            body["request_id"] = request.into();
        }
        let request = Request::Start { workflow: workflow.into(), version: "active".to_owned(), body };
        self.gateway.call(ann(), request).await.map(|answer| answer.body.unwrap())
    }

    /// Which engine a new run of a workflow goes to.
    pub(crate) async fn goes_to(&self, workflow: &str) -> String {
        self.start(workflow, None).await.unwrap()["by"].as_str().unwrap().to_owned()
    }

    /// Walks to a stage on good evidence.
    pub(crate) async fn walk_to(&self, end: Stage) {
        for to in [Stage::Replay, Stage::Shadow, Stage::OptIn, ramp(5_000), ramp(10_000), Stage::Drain, Stage::Complete]
        {
            if to == ramp(5_000) && matches!(end, Stage::Ramp { .. }) {
                self.advance(end).await;
                return;
            }
            self.advance(to).await;
            if to == end {
                return;
            }
        }
    }

    async fn advance(&self, to: Stage) {
        let evidence = bundle(self.clock.now().0);
        self.gateway.advance("ann", to, Some(evidence), "as planned").await.unwrap();
    }

    fn state(&self) -> State {
        self.gateway.rollout().unwrap().state
    }

    fn changes(&self) -> Vec<Change> {
        let entries = read(&self.folder.path().join("state/audit.jsonl")).unwrap();
        entries.into_iter().map(|entry| entry.change).collect()
    }
}

pub(crate) fn ramp(share: u16) -> Stage {
    Stage::Ramp { share: Share::per_ten_thousand(share).unwrap() }
}

/// Lets (virtual) time pass until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{what} did not happen");
}

#[tokio::test(start_paused = true)]
async fn runs_follow_the_stage_and_keep_their_engine() {
    let mut door = Door::new();
    for workflow in ["early", "other"] {
        door.push(workflow).await.unwrap();
        assert_eq!(door.goes_to(workflow).await, "legacy");
    }
    door.walk_to(Stage::OptIn).await;
    assert_eq!((door.goes_to("early").await, door.goes_to("other").await), ("actor".into(), "legacy".into()));
    door.start("other", Some("once")).await.unwrap();
    door.walk_to_ramp(10_000).await;
    assert_eq!(door.goes_to("other").await, "actor");
    door.open_again().await;
    assert_eq!(door.state(), State::Moving { at: ramp(10_000) });
    let again = door.start("other", Some("once")).await.unwrap();
    assert_eq!(again["status"], "DUPLICATED", "a repeated start goes to the engine of its first time");
    assert!(door.legacy.started("other").contains(&"once".to_owned()));
    assert!(!door.actor.started("other").contains(&"once".to_owned()));
}

impl Door {
    async fn walk_to_ramp(&self, share: u16) {
        self.advance(ramp(share)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_failures_take_all_new_runs_back() {
    let mut door = Door::new();
    door.push("early").await.unwrap();
    door.walk_to(Stage::Drain).await;
    for n in 0..3 {
        assert_eq!(door.goes_to("early").await, "actor");
        let run = RunKey { workflow: "early".into(), instance: InstanceId(FAR + n), run: RunId(1) };
        door.actor.end(&run, InstanceStatus::Failed);
    }
    until("a rollback", || door.state() == State::RolledBack { from: Stage::Drain }).await;
    let before = door.actor.started("early").len();
    for _ in 0..50 {
        assert_eq!(door.goes_to("early").await, "legacy");
    }
    assert_eq!(door.actor.started("early").len(), before);
    door.open_again().await;
    assert_eq!(door.state(), State::RolledBack { from: Stage::Drain }, "it stands after a restart too");
    let told = door.changes().into_iter().rev().find_map(|change| match change {
        Change::Rollout { why, .. } => Some(why),
        _ => None,
    });
    let why = "3 of the latest 3 runs failed on the candidate, 0 of 0 on the legacy engine";
    assert_eq!(told.as_deref(), Some(why));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_cannot_be_reached_is_left_at_once() {
    let door = Door::new();
    door.push("early").await.unwrap();
    door.walk_to(Stage::Complete).await;
    door.actor.refuse(Some(Refusal::new(Reason::Unavailable, "gone")));
    for _ in 0..3 {
        assert_eq!(door.start("early", None).await.unwrap_err().reason, Reason::Unavailable);
    }
    assert_eq!(door.state(), State::RolledBack { from: Stage::Complete });
    assert_eq!(door.goes_to("early").await, "legacy");
}

#[tokio::test(start_paused = true)]
async fn a_switched_off_flag_takes_effect_while_running_and_a_broken_file_changes_nothing() {
    let door = Door::new();
    door.push("early").await.unwrap();
    door.walk_to(Stage::Complete).await;
    assert_eq!(door.goes_to("early").await, "actor");
    std::fs::write(&door.flags, "{").unwrap();
    until("a refusal", || door.changes().iter().any(|change| matches!(change, Change::FlagsRefused { .. }))).await;
    assert_eq!(door.goes_to("early").await, "actor");
    std::fs::write(&door.flags, FLAGS.replace("ENABLED", "DISABLED")).unwrap();
    let taken = |door: &Door| door.changes().iter().filter(|change| matches!(change, Change::Flags { .. })).count();
    until("a reload", || taken(&door) == 2).await;
    assert_eq!(door.goes_to("early").await, "legacy");
}

#[tokio::test(start_paused = true)]
async fn brakes_are_in_force_and_written_down_when_they_answer() {
    let door = Door::new();
    door.push("early").await.unwrap();
    door.walk_to(Stage::Complete).await;
    door.gateway.change("ann", Event::Freeze, "looking at something").await.unwrap();
    assert_eq!(door.goes_to("early").await, "legacy");
    door.gateway.change("ann", Event::Release, "it was nothing").await.unwrap();
    assert_eq!(door.goes_to("early").await, "actor");
    door.gateway.change("ann", Event::RollBack, "enough").await.unwrap();
    assert_eq!(door.goes_to("early").await, "legacy");
    assert!(matches!(door.changes().last(), Some(Change::Rollout { why, .. }) if why == "enough"));
}

#[tokio::test(start_paused = true)]
async fn no_start_ever_reaches_two_engines() {
    let mut door = Door::new();
    door.push("other").await.unwrap();
    door.walk_to(Stage::OptIn).await;
    for round in 0..6_u16 {
        for request in 0..=10 * round {
            door.start("other", Some(&format!("r{request}"))).await.unwrap();
        }
        match round {
            0 => door.walk_to_ramp(1).await,
            1 => door.walk_to_ramp(10_000).await,
            2 => drop(door.gateway.change("ann", Event::Freeze, "").await.unwrap()),
            3 => door.open_again().await,
            4 => drop(door.gateway.change("ann", Event::RollBack, "").await.unwrap()),
            _ => {}
        }
    }
    let (legacy, actor) = (door.legacy.started("other"), door.actor.started("other"));
    assert!(!legacy.is_empty() && !actor.is_empty());
    assert!(legacy.iter().all(|request| !actor.contains(request)), "{legacy:?} {actor:?}");
}
