//! The machine of a workflow and the singletons, driven as clients drive them.

use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey, StepId},
    port::{Conclusion, InstanceAction, Page, Report, Request, Work},
    time::{Millis, Timestamp},
};

use crate::shell::Shell;

/// 2026-11-21T12:10:00Z.
pub(crate) const START: Timestamp = Timestamp(1_795_263_000_000);
const HOUR: Millis = Millis(3_600_000);
const UUID: &str = "6d8c4d0e-6d54-4b6e-9c63-1f1a3c1a9f10";

fn shell() -> Shell {
    let outside = |_: &Work| {
        let done = Report {
            conclusion: Conclusion::Done,
            outputs: serde_json::Map::new(),
            artifacts: serde_json::Map::new(),
            timeline: Vec::new(),
        };
        (done, Millis(5))
    };
    Shell::new(START, Box::new(outside))
}

pub(crate) fn ask(shell: &mut Shell, request: Request) -> Result<Json, (u16, String)> {
    match shell.call(Some("ann"), request) {
        Ok(answer) => Ok(answer.body.unwrap_or_default()),
        Err(refusal) => Err((refusal.reason.status(), refusal.message)),
    }
}

/// Pushes a workflow `w`; `more` is merged into it.
pub(crate) fn push(shell: &mut Shell, strategy: Json, steps: Json, more: Json) -> Json {
    let mut workflow = json!({ "id": "w", "steps": steps });
    workflow.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let body = json!({ "properties": { "owner": "ann", "run_strategy": strategy }, "workflow": workflow });
    ask(shell, Request::Push { body }).unwrap()
}

fn noop() -> Json {
    json!([{ "step": { "id": "a", "type": "NoOp" } }])
}

fn sleep(seconds: i64) -> Json {
    json!([{ "step": { "id": "a", "type": "Sleep", "params": { "sleep_seconds": { "value": seconds, "type": "LONG" } } } }])
}

pub(crate) fn start(shell: &mut Shell, more: Json) -> Result<Json, (u16, String)> {
    let mut body = json!({ "initiator": { "type": "manual" } });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    ask(shell, Request::Start { workflow: "w".into(), version: "active".to_owned(), body })
}

pub(crate) fn key(instance: i64) -> InstanceKey {
    InstanceKey { workflow: "w".into(), instance: InstanceId(instance) }
}

fn instance(shell: &mut Shell, instance: i64) -> Result<Json, (u16, String)> {
    ask(shell, Request::Instance { instance: key(instance), is_enriched: false })
}

#[track_caller]
pub(crate) fn statuses(shell: &mut Shell, expected: &[&str]) {
    let found: Vec<String> = (1..)
        .map_while(|number| instance(shell, number).ok())
        .map(|document| document["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_request_id_makes_one_run_however_often_it_comes_and_whatever_crashes() {
    let mut shell = shell();
    push(&mut shell, json!("PARALLEL"), noop(), json!({}));
    let first = start(&mut shell, json!({ "request_id": UUID })).unwrap();
    assert_eq!((&first["status"], &first["workflow_instance_id"]), (&json!("CREATED"), &json!(1)));
    for crashes in [false, true] {
        if crashes {
            shell.crash();
        }
        let again = start(&mut shell, json!({ "request_id": UUID })).unwrap();
        assert_eq!((&again["status"], &again["workflow_instance_id"]), (&json!("DUPLICATED"), &json!(0)));
    }
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
}

#[test]
fn a_start_that_cannot_be_evaluated_is_refused_or_kept_as_failed() {
    let mut shell = shell();
    let params =
        json!({ "params": { "p": { "value": 1, "type": "LONG" }, "q": { "expression": "100 / p", "type": "LONG" } } });
    push(&mut shell, json!("PARALLEL"), noop(), params);
    let run_params = json!({ "p": { "value": 0, "type": "LONG" } });
    let (status, _) = start(&mut shell, json!({ "run_params": run_params })).unwrap_err();
    assert_eq!(status, 400);
    let kept = start(&mut shell, json!({ "run_params": run_params, "persist_failed_run": true })).unwrap();
    assert_eq!(kept["status"], "CREATED");
    shell.pass(HOUR);
    statuses(&mut shell, &["FAILED"]);
    let document = instance(&mut shell, 1).unwrap();
    let kinds: Vec<&Json> = document["timeline"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["LOG", "DETAILS"]);
}

#[test]
fn a_run_knows_the_moment_by_which_it_should_be_complete() {
    let second = 1_000;
    let midnight = START.0 - 12 * HOUR.0 - 600 * second;
    let cases = [
        (json!({ "duration_minutes": 30 }), json!(START.0 + 1_800 * second)),
        (json!({ "completed_by_hour": 5, "tz": "UTC" }), json!(midnight + 5 * HOUR.0 - second)),
        (json!({ "completed_by_ts": 123 }), json!(123)),
        // Whom to tell about a run is no reason not to run it.
        (json!({ "completed_by_hour": 5, "tz": "no zone" }), Json::Null),
    ];
    for (target, moment) in cases {
        let mut shell = shell();
        push(&mut shell, json!("PARALLEL"), noop(), json!({}));
        let body = json!({ "alerting": { "tct": target } });
        ask(&mut shell, Request::UpdateProperties { workflow: "w".into(), body }).unwrap();
        start(&mut shell, json!({})).unwrap();
        shell.pass(HOUR);
        statuses(&mut shell, &["SUCCEEDED"]);
        let known = &instance(&mut shell, 1).unwrap()["run_properties"]["alerting"]["tct"];
        assert_eq!(known["completed_by_ts"], moment, "{target}");
    }
}

#[test]
fn a_crash_neither_loses_queued_runs_nor_starts_two_at_once() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), sleep(600), json!({}));
    for _ in 0..3 {
        start(&mut shell, json!({})).unwrap();
    }
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["IN_PROGRESS", "CREATED", "CREATED"]);
    shell.crash();
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["IN_PROGRESS", "CREATED", "CREATED"]);
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
}

#[test]
fn a_run_whose_end_was_not_heard_before_a_crash_says_so_again() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), noop(), json!({}));
    for _ in 0..2 {
        start(&mut shell, json!({})).unwrap();
    }
    while instance(&mut shell, 1).unwrap()["status"] != "SUCCEEDED" {
        assert!(shell.advance(None), "the first run never ends");
    }
    // Its end is stored; the note that tells its workflow is still on its way.
    shell.crash();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED", "SUCCEEDED"]);
}

#[test]
fn stopping_a_workflow_ends_queued_runs_at_once_and_running_ones_soon() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), sleep(600), json!({}));
    for _ in 0..3 {
        start(&mut shell, json!({})).unwrap();
    }
    let request = Request::WorkflowAction { workflow: "w".into(), action: InstanceAction::Stop };
    let event = ask(&mut shell, request).unwrap();
    assert_eq!(event["message"], "Terminated [2] queued instances and terminating [1] running instances");
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["STOPPED", "STOPPED", "STOPPED"]);
}

#[test]
fn a_queued_instance_is_killed_without_ever_running() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), sleep(600), json!({}));
    start(&mut shell, json!({})).unwrap();
    start(&mut shell, json!({})).unwrap();
    let kill = Request::InstanceAction { instance: key(2), run: None, action: InstanceAction::Kill };
    let answer = ask(&mut shell, kill).unwrap();
    assert_eq!((&answer["workflow_instance_status"], &answer["completed"]), (&json!("FAILED"), &json!(true)));
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["IN_PROGRESS", "FAILED"]);
    assert!(instance(&mut shell, 2).unwrap().get("start_time").is_none());
}

#[test]
fn a_failure_keeps_the_strategy_from_changing_to_a_strict_one() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), sleep(600), json!({}));
    start(&mut shell, json!({})).unwrap();
    let kill = Request::InstanceAction { instance: key(1), run: None, action: InstanceAction::Kill };
    ask(&mut shell, kill).unwrap();
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["FAILED"]);
    let strict =
        || Request::UpdateProperties { workflow: "w".into(), body: json!({ "run_strategy": "STRICT_SEQUENTIAL" }) };
    assert_eq!(ask(&mut shell, strict()).unwrap_err().0, 412);
    let unblock = Request::InstanceAction { instance: key(1), run: None, action: InstanceAction::Unblock };
    assert_eq!(ask(&mut shell, unblock).unwrap()["completed"], true);
    assert_eq!(ask(&mut shell, strict()).unwrap()["run_strategy"]["rule"], "STRICT_SEQUENTIAL");
}

#[test]
fn a_time_trigger_starts_every_execution_once_even_those_that_a_crash_slept_through() {
    let mut shell = shell();
    let hourly = json!({ "time_triggers": [{ "type": "PREDEFINED", "expression": "@hourly" }] });
    push(&mut shell, json!("PARALLEL"), noop(), hourly.clone());
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
    let initiator = &instance(&mut shell, 1).unwrap()["initiator"];
    assert_eq!((&initiator["type"], &initiator["trigger_time"]), (&json!("TIME"), &json!(START.0 + 50 * 60_000)));
    // The same triggers in a new version go on from where they were.
    push(&mut shell, json!("PARALLEL"), noop(), hourly);
    shell.sleep_through(Millis(3 * HOUR.0));
    shell.crash();
    shell.pass(Millis(10_000));
    statuses(&mut shell, &["SUCCEEDED"; 4]);
    ask(&mut shell, Request::Deactivate { workflow: "w".into() }).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"; 4]);
}

fn signal(shell: &mut Shell, name: &str, key: &str, value: i64) {
    let body = json!({ "name": name, "params": { key: value } });
    ask(shell, Request::SendSignal { body }).unwrap();
}

#[test]
fn signals_that_join_start_one_run_and_are_used_up() {
    let mut shell = shell();
    let trigger = json!({
        "definitions": { "table_a": { "join_keys": ["date"] }, "table_b": { "join_keys": ["day"] } },
        "params": { "d": { "type": "LONG", "expression": "params.getFromSignal('table_a', 'date')" } },
        "condition": "d > 10",
    });
    signal(&mut shell, "table_a", "date", 11);
    push(&mut shell, json!("PARALLEL"), noop(), json!({ "signal_triggers": [trigger] }));
    shell.pass(Millis(100));
    // The first one came before the trigger, the third joins nothing, and 5 is not above 10.
    for (name, key, value) in [
        ("table_b", "day", 11),
        ("table_a", "date", 12),
        ("table_b", "day", 13),
        ("table_a", "date", 5),
        ("table_b", "day", 5),
    ] {
        signal(&mut shell, name, key, value);
        shell.pass(Millis(100));
    }
    statuses(&mut shell, &[]);
    signal(&mut shell, "table_b", "day", 14);
    signal(&mut shell, "table_a", "date", 14);
    shell.crash();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
    let initiator = &instance(&mut shell, 1).unwrap()["initiator"];
    assert_eq!(initiator["signal_id_map"], json!({ "table_a": 4, "table_b": 4 }));
}

#[test]
fn a_dedup_expression_makes_equal_texts_one_run() {
    let mut shell = shell();
    let trigger = json!({ "definitions": { "s": {} }, "dedup_expr": "'always'" });
    push(&mut shell, json!("PARALLEL"), noop(), json!({ "signal_triggers": [trigger] }));
    shell.pass(Millis(100));
    for value in 1..4 {
        signal(&mut shell, "s", "n", value);
        shell.pass(Millis(100));
    }
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
}

#[test]
fn a_deleted_workflow_leaves_nothing_but_its_numbers() {
    let mut shell = shell();
    push(&mut shell, json!("SEQUENTIAL"), sleep(600), json!({}));
    start(&mut shell, json!({ "request_id": UUID })).unwrap();
    let delete = || Request::DeleteWorkflow { workflow: "w".into() };
    assert_eq!(ask(&mut shell, delete()).unwrap_err().0, 400);
    shell.pass(HOUR);
    ask(&mut shell, delete()).unwrap();
    shell.crash();
    shell.pass(HOUR);
    let left: Vec<_> = shell.rows.iter().filter(|row| row.key.name.contains('w')).map(|row| row.key.table).collect();
    assert_eq!(left, [workflow::life::Table::Workflow]);
    assert!(instance(&mut shell, 1).is_err());
    assert_eq!(ask(&mut shell, delete()).unwrap_err().0, 404);
    let deletion = shell.events.iter().filter(|event| event.document["type"] == "WORKFLOW_DELETION_CHANGE_EVENT");
    assert_eq!(deletion.count(), 1);
    push(&mut shell, json!("SEQUENTIAL"), noop(), json!({}));
    let again = start(&mut shell, json!({ "request_id": UUID })).unwrap();
    assert_eq!((&again["status"], &again["workflow_instance_id"]), (&json!("CREATED"), &json!(2)));
}

#[test]
fn permits_go_back_to_those_who_held_them() {
    let mut shell = shell();
    ask(&mut shell, Request::AddTagPermit { body: json!({ "tag": "t", "max_allowed": 1 }) }).unwrap();
    let step = |id: &str| {
        json!({ "step": { "id": id, "type": "Sleep", "tags": ["t"],
            "params": { "sleep_seconds": { "value": 60, "type": "LONG" } } } })
    };
    push(&mut shell, json!("SEQUENTIAL"), json!([step("a"), step("b"), step("c")]), json!({}));
    start(&mut shell, json!({})).unwrap();
    let running = |shell: &mut Shell| {
        let steps = ask(shell, Request::Steps { instance: key(1) }).unwrap();
        let running = steps.as_array().unwrap().iter().filter(|step| step["runtime_state"]["status"] == "RUNNING");
        running.map(|step| StepId::from(step["step_id"].as_str().unwrap())).collect::<Vec<_>>()
    };
    shell.pass(Millis(10_000));
    let before = running(&mut shell);
    assert_eq!(before.len(), 1);
    shell.crash();
    shell.pass(Millis(10_000));
    assert_eq!(running(&mut shell), before);
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
}

#[test]
fn pages_of_versions_go_from_the_newest_down() {
    let mut shell = shell();
    for _ in 0..5 {
        push(&mut shell, json!("SEQUENTIAL"), noop(), json!({}));
    }
    let page = Page { first: Some(2), last: None, cursor: Some("4".to_owned()) };
    let page = ask(&mut shell, Request::Versions { workflow: "w".into(), page }).unwrap();
    let versions: Vec<&Json> = page["elements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["metadata"]["workflow_version_id"])
        .collect();
    assert_eq!(versions, [3, 2]);
    assert_eq!((&page["total_count"], &page["page_info"]["has_next_page"]), (&json!(5), &json!(true)));
}
