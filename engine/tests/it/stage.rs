//! Samples in virtual time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::ActorStage;
use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey},
    life::{Faithful, Settings},
    port::{Act, HarnessError, InstanceAction, Rehearsal, Rehearsed, Request, Stage, StandIn, StepAction},
    time::{Millis, Timestamp},
};

use crate::workflows::{chain, http};

fn sample(workflow: &Json) -> Rehearsal {
    Rehearsal {
        id: "sample".to_owned(),
        workflow: workflow["id"].as_str().unwrap().to_owned(),
        definitions: vec![json!({ "properties": { "owner": "ann" }, "workflow": workflow })],
        start: json!({ "initiator": { "type": "manual", "user": "ann" } }),
        acts: Vec::new(),
        stand_ins: BTreeMap::new(),
        at: Timestamp(1_700_000_000_000),
        seed: 7,
    }
}

fn rehearse(sample: &Rehearsal) -> Result<Rehearsed, HarnessError> {
    ActorStage::new(Settings::production(), |_| false).rehearse(sample, Arc::new(Faithful))
}

fn statuses(rehearsed: &Rehearsed) -> Vec<(String, Vec<String>)> {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let attempts = |attempts: &[Json]| attempts.iter().map(|one| text(&one["runtime_state"]["status"])).collect();
    rehearsed.runs.iter().map(|(run, of_run)| (text(&run["status"]), attempts(of_run))).collect()
}

#[test]
fn a_sample_is_played_to_its_end_and_the_same_sample_plays_the_same() {
    let sample = sample(&chain("chain", 3));
    let first = rehearse(&sample).unwrap();
    assert_eq!(statuses(&first), [("SUCCEEDED".to_owned(), vec!["SUCCEEDED".to_owned(); 3])]);
    assert!(!first.events.is_empty());
    assert_eq!(rehearse(&sample).unwrap(), first);
}

#[test]
fn what_comes_after_an_act_that_had_to_wait_comes_as_much_later() {
    let seconds = json!({ "sleep_seconds": { "type": "LONG", "value": 3 * 3_600 } });
    let mut sample =
        sample(&json!({ "id": "w", "steps": [{ "step": { "id": "s", "type": "Sleep", "params": seconds } }] }));
    let instance = InstanceKey { workflow: "w".into(), instance: InstanceId(1) };
    let again = json!({ "restart_policy": "RESTART_FROM_BEGINNING" });
    let restart = Request::Restart { instance: instance.clone(), body: again };
    let stop = Request::InstanceAction { instance, run: None, action: InstanceAction::Stop };
    let hours = |n: i64| Millis(n * 3_600_000);
    sample.acts = vec![
        Act { after: hours(1), is_after_end: true, request: restart },
        Act { after: hours(2), is_after_end: false, request: stop },
    ];
    let runs = rehearse(&sample).unwrap().runs;
    let (second, _) = &runs[1];
    let took = second["end_time"].as_i64().unwrap() - second["start_time"].as_i64().unwrap();
    assert_eq!((&second["status"], took), (&json!("STOPPED"), hours(1).0));
}

#[test]
fn whom_a_message_reaches_first_is_drawn_from_the_seed_and_what_one_machine_hears_keeps_its_order() {
    let child = json!({ "id": "child", "steps": [{ "step": { "id": "s", "type": "NoOp" } }] });
    let nested = json!({ "subworkflow_id": { "type": "STRING", "value": "child" } });
    let step = |id: String| json!({ "subworkflow": { "id": id, "params": nested } });
    let steps: Vec<Json> = (0..4).map(|n| step(format!("s{n}"))).collect();
    let mut sample = sample(&json!({ "id": "parent", "steps": steps }));
    let properties = json!({ "owner": "ann", "run_strategy": "PARALLEL" });
    sample.definitions.insert(0, json!({ "properties": properties, "workflow": child }));
    let rehearse = |seed| {
        let stage = ActorStage::new(Settings::production(), |_| false).shuffled();
        stage.rehearse(&Rehearsal { seed, ..sample.clone() }, Arc::new(Faithful)).unwrap()
    };
    let order_of = |rehearsed: &Rehearsed| {
        let of_runs = rehearsed.events.iter().filter(|event| event["type"] == "WORKFLOW_INSTANCE_STATUS_CHANGE_EVENT");
        of_runs
            .map(|event| event["workflow_id"].to_string() + &event["workflow_instance_id"].to_string())
            .collect::<Vec<_>>()
    };
    let plays: Vec<Rehearsed> = (0..20).map(rehearse).collect();
    assert!(plays.iter().all(|play| statuses(play).iter().all(|(status, _)| status == "SUCCEEDED")));
    assert_eq!(rehearse(3), plays[3]);
    let orders: BTreeSet<_> = plays.iter().map(order_of).collect();
    assert!(orders.len() > 1, "{orders:?}");
}

#[test]
fn hours_of_sleep_take_no_time_and_are_reported() {
    let hours = json!({ "sleep_seconds": { "type": "LONG", "value": 36_000 } });
    let step = json!({ "step": { "id": "nap", "type": "Sleep", "params": hours } });
    let rehearsed = rehearse(&sample(&json!({ "id": "sleepy", "steps": [step] }))).unwrap();
    assert_eq!(statuses(&rehearsed)[0].0, "SUCCEEDED");
    assert!(rehearsed.took >= Millis::from_secs(36_000), "{:?}", rehearsed.took);
}

#[test]
fn placeholders_give_back_what_was_recorded_for_each_attempt() {
    let mut sample = sample(&json!({ "id": "calls", "steps": [http("call")] }));
    let failed = StandIn { conclusion: "USER_ERROR".to_owned(), took: Millis(500), ..StandIn::success() };
    sample.stand_ins.insert(("call".to_owned(), 1), failed);
    let rehearsed = rehearse(&sample).unwrap();
    assert_eq!(
        statuses(&rehearsed),
        [("SUCCEEDED".to_owned(), vec!["USER_FAILED".to_owned(), "SUCCEEDED".to_owned()])]
    );
    assert!(rehearsed.took > Millis(500), "{:?}", rehearsed.took);
}

#[test]
fn callers_act_while_a_sample_is_played() {
    let mut sample = sample(&json!({ "id": "calls", "steps": [http("call")] }));
    let endless = StandIn { took: Millis::from_secs(3600), ..StandIn::success() };
    sample.stand_ins.insert(("call".to_owned(), 1), endless);
    let instance = workflow::id::InstanceKey { workflow: "calls".into(), instance: workflow::id::InstanceId(1) };
    let kill = Request::StepAction { instance, step: "call".into(), action: StepAction::Kill, is_blocking: true };
    sample.acts.push(Act { after: Millis::from_secs(60), is_after_end: false, request: kill });
    let rehearsed = rehearse(&sample).unwrap();
    assert_eq!(statuses(&rehearsed), [("FAILED".to_owned(), vec!["FATALLY_FAILED".to_owned()])]);
    assert_eq!(rehearsed.answers[0].0, 200, "{:?}", rehearsed.answers);
    assert_eq!(rehearsed.took, Millis::from_secs(60));
}

#[test]
fn a_sample_that_cannot_be_pushed_says_why() {
    let refused = rehearse(&sample(&json!({ "id": "empty", "steps": [] }))).unwrap_err();
    assert!(matches!(refused, HarnessError::Refused(_)), "{refused}");
}
