//! The machine of a run where time matters: requests that are made again, failures that come together.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey},
    life::{self, Address, Note, Settings},
    port::{Conclusion, Report, Request, Work},
    status::InstanceStatus,
    time::Millis,
};

use crate::{
    shell::Shell,
    workflow_machine::{START, ask, key, push, start, statuses},
};

const HOUR: Millis = Millis(3_600_000);

fn report(conclusion: Conclusion, outputs: Map<String, Json>) -> Report {
    Report { conclusion, outputs, artifacts: Map::new(), timeline: Vec::new() }
}

fn steps(shell: &mut Shell) -> Vec<Json> {
    let request = Request::RunSteps { instance: key(1), run: "latest".to_owned() };
    let steps = ask(shell, request).unwrap();
    steps.as_array().unwrap().clone()
}

fn http(id: &str, more: Json) -> Json {
    let url = json!({ "url": { "type": "STRING", "value": "http://127.0.0.1/" } });
    let mut step = json!({ "id": id, "type": "Http", "params": { "http": { "type": "MAP", "value": url } } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "step": step })
}

#[test]
fn a_response_that_says_continue_has_the_request_made_again_even_after_a_crash() {
    for crashes in [false, true] {
        let asked = Rc::new(Cell::new(0));
        let count = Rc::clone(&asked);
        let outside = move |_: &Work| {
            count.set(count.get() + 1);
            let code = if count.get() < 3 { 202 } else { 200 };
            let output = json!({ "status_code": { "type": "LONG", "value": code, "evaluated_result": code } });
            (report(Conclusion::Done, output.as_object().unwrap().clone()), Millis(5))
        };
        let mut shell = Shell::new(START, Box::new(outside));
        let expression = "return status_code == 200 ? \"DONE\" : \"CONTINUE\";";
        let params = json!({
            "http": { "type": "MAP", "value": { "url": { "type": "STRING", "value": "http://127.0.0.1/" } } },
            "state_expr": { "type": "STRING", "value": expression },
        });
        push(&mut shell, json!("PARALLEL"), json!([http("a", json!({ "params": params }))]), json!({}));
        start(&mut shell, json!({})).unwrap();
        shell.pass(Millis(5_000));
        assert_eq!((asked.get(), &steps(&mut shell)[0]["runtime_state"]["status"]), (1, &json!("RUNNING")));
        if crashes {
            shell.crash();
        }
        shell.pass(HOUR);
        statuses(&mut shell, &["SUCCEEDED"]);
        let step = &steps(&mut shell)[0];
        assert_eq!((asked.get(), &step["params"]["status_code"]["evaluated_result"]), (3, &json!(200)));
    }
}

#[test]
fn what_fails_together_with_a_step_that_fails_everything_keeps_its_failure() {
    // When each step's work ends, and how.
    let ends = |step: &str| match step {
        "all" => (Conclusion::FatalError, Millis(1)),
        "soon" => (Conclusion::FatalError, Millis(100)),
        "done" => (Conclusion::Done, Millis(100)),
        _ => (Conclusion::Done, Millis(10_000)),
    };
    let outside = move |work: &Work| {
        let step = work.params["step_id"].value().map(workflow::param::write::value).unwrap();
        let (conclusion, took) = ends(step.as_str().unwrap());
        (report(conclusion, Map::new()), took)
    };
    let mut shell = Shell::new(START, Box::new(outside));
    let definition = json!([
        http("all", json!({ "failure_mode": "FAIL_IMMEDIATELY" })),
        http("soon", json!({})),
        http("done", json!({ "transition": { "successors": { "behind": "true" } } })),
        http("slow", json!({})),
        { "step": { "id": "behind", "type": "NoOp" } },
    ]);
    push(&mut shell, json!("PARALLEL"), definition, json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["FAILED"]);
    let mut found: Vec<(String, String)> = steps(&mut shell)
        .iter()
        .map(|step| (step["step_id"].to_string(), step["runtime_state"]["status"].to_string()))
        .collect();
    found.sort();
    let expected = [
        ("all", "FATALLY_FAILED"),
        ("behind", "STOPPED"),
        ("done", "SUCCEEDED"),
        ("slow", "STOPPED"),
        ("soon", "FATALLY_FAILED"),
    ];
    assert_eq!(found, expected.map(|(step, status)| (format!("{step:?}"), format!("{status:?}"))));
}

#[test]
fn a_step_starts_from_its_job_template_even_after_a_crash() {
    let outside = |_: &Work| (report(Conclusion::Done, Map::new()), Millis(5));
    let mut shell = Shell::new(START, Box::new(outside));
    let text = |value: &str| json!({ "type": "STRING", "value": value });
    let url = json!({ "url": text("http://127.0.0.1/${region}") });
    let template = json!({
        "owner": "ann", "status": "GA", "support": "ann",
        "definition": {
            "job_type": "probe", "version": "default", "step_type": "Http", "tags": ["probing"],
            "params": { "region": text("nowhere"), "kind": text("probe"), "http": { "type": "MAP", "value": url } },
        },
    });
    ask(&mut shell, Request::AddJobTemplate { body: template.clone() }).unwrap();
    let step = json!({ "step": { "id": "a", "type": "Http", "sub_type": "probe" } });
    push(&mut shell, json!("PARALLEL"), json!([step]), json!({ "params": { "region": text("here") } }));
    shell.crash();
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
    let step = &steps(&mut shell)[0];
    assert_eq!(step["params"]["http"]["evaluated_result"]["url"], "http://127.0.0.1/here");
    assert_eq!(step["params"]["region"]["source"], "WORKFLOW_PARAMETER");
    assert_eq!(step["params"]["kind"]["source"], "TEMPLATE_SCHEMA");
    assert_eq!(step["tags"][0]["name"], "probing");

    let mut wrong = template;
    wrong["definition"]["step_type"] = "Htpp".into();
    let (status, message) = ask(&mut shell, Request::AddJobTemplate { body: wrong }).unwrap_err();
    assert_eq!(status, 400, "{message}");
}

#[test]
fn a_run_whose_machine_is_given_up_fails_and_lets_the_next_one_go() {
    let outside = |_: &Work| (report(Conclusion::Done, Map::new()), Millis(60_000));
    let mut shell = Shell::new(START, Box::new(outside));
    push(&mut shell, json!("SEQUENTIAL"), json!([http("a", json!({}))]), json!({}));
    start(&mut shell, json!({})).unwrap();
    start(&mut shell, json!({})).unwrap();
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["IN_PROGRESS", "CREATED"]);
    let run = RunKey { workflow: "w".into(), instance: key(1).instance, run: RunId::FIRST };
    shell.give_up(&Address::Run(run), "index out of bounds");
    shell.pass(Millis(1_000));
    statuses(&mut shell, &["FAILED", "IN_PROGRESS"]);
    let request = Request::Instance { instance: key(1), is_enriched: true };
    let timeline = ask(&mut shell, request).unwrap()["timeline"].to_string();
    assert!(timeline.contains("index out of bounds"), "{timeline}");
    shell.pass(HOUR);
    statuses(&mut shell, &["FAILED", "SUCCEEDED"]);
}

#[test]
fn a_tree_with_too_many_leaf_steps_is_stopped_at_its_root() {
    let outside = |_: &Work| (report(Conclusion::Done, Map::new()), Millis(5_000));
    let settings = Settings { leaf_steps_max: 3, ..Settings::production() };
    let mut shell = Shell::with(settings, START, Box::new(outside));
    let numbers: Vec<i64> = (0..10).collect();
    let steps = json!([{ "foreach": {
        "id": "each", "concurrency": 1, "steps": [http("a", json!({}))],
        "params": { "loop_params": { "type": "MAP", "value": { "n": { "type": "LONG_ARRAY", "value": numbers } } } },
    } }]);
    push(&mut shell, json!("PARALLEL"), steps, json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["STOPPED"]);
    let request = Request::Instance { instance: key(1), is_enriched: true };
    let timeline = ask(&mut shell, request).unwrap()["timeline"].to_string();
    assert!(timeline.contains("more than the limit [3]"), "{timeline}");
}

/// A workflow of one step.
fn push_child(shell: &mut Shell) {
    let child = json!({
        "properties": { "owner": "ann", "run_strategy": "PARALLEL" },
        "workflow": { "id": "child", "steps": [http("a", json!({}))] },
    });
    ask(shell, Request::Push { body: child }).unwrap();
}

/// A step that runs it.
fn below() -> Json {
    let text = |value: &str| json!({ "type": "STRING", "value": value });
    let params = json!({ "subworkflow_id": text("child"), "subworkflow_version": text("latest") });
    json!({ "subworkflow": { "id": "below", "sync": true, "params": params } })
}

#[test]
fn a_child_that_ended_before_its_parent_knew_it_is_asked_again_after_a_crash() {
    let outside = |_: &Work| (report(Conclusion::Done, Map::new()), Millis(5));
    let mut shell = Shell::new(START, Box::new(outside));
    push_child(&mut shell);
    push(&mut shell, json!("PARALLEL"), json!([below()]), json!({}));
    shell.lose(|note| matches!(note, Note::Child { .. }));
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["IN_PROGRESS"]);
    shell.crash();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
}

#[test]
fn a_restart_is_refused_where_what_runs_before_its_step_is_open_as_well() {
    let outside = |work: &Work| {
        let conclusion = if work.path == "#2/above" { Conclusion::FatalError } else { Conclusion::Done };
        (report(conclusion, Map::new()), Millis(5))
    };
    let mut shell = Shell::new(START, Box::new(outside));
    push_child(&mut shell);
    let transition = json!({ "transition": { "successors": { "below": "true" } } });
    push(&mut shell, json!("PARALLEL"), json!([http("above", transition), below()]), json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
    let again = json!({ "restart_policy": "RESTART_FROM_BEGINNING" });
    let restart = |instance: InstanceKey, step: &str| Request::RestartStep {
        instance,
        step: step.into(),
        body: again.clone(),
        is_blocking: false,
    };
    ask(&mut shell, restart(key(1), "above")).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["FAILED"]);
    let child = InstanceKey { workflow: "child".into(), instance: InstanceId(1) };
    let (status, text) = ask(&mut shell, restart(child, "a")).unwrap_err();
    assert_eq!((status, &*text), (400, "Invalid state: stepId [below] should be one of root nodes in the DAG"));
    ask(&mut shell, restart(key(1), "above")).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["SUCCEEDED"]);
}

#[test]
fn an_iteration_that_a_person_restarts_runs_again_once() {
    let done = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&done);
    let outside = move |work: &Work| {
        seen.borrow_mut().push(work.path.clone());
        let fails = work.path == "each[3]/a";
        let conclusion = if fails { Conclusion::FatalError } else { Conclusion::Done };
        (report(conclusion, Map::new()), Millis(5))
    };
    let mut shell = Shell::new(START, Box::new(outside));
    let i = json!({ "type": "LONG_ARRAY", "value": [1, 2, 3] });
    let params = json!({ "loop_params": { "type": "MAP", "value": { "i": i } } });
    let each = json!({ "foreach": { "id": "each", "params": params, "steps": [http("a", json!({}))] } });
    push(&mut shell, json!("PARALLEL"), json!([each]), json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.pass(HOUR);
    statuses(&mut shell, &["FAILED"]);
    let body = steps(&mut shell)[0]["artifacts"]["maestro_foreach"]["foreach_workflow_id"].clone();
    let instance = InstanceKey { workflow: body.as_str().unwrap().into(), instance: InstanceId(1) };
    done.borrow_mut().clear();
    ask(&mut shell, Request::Restart { instance, body: json!({ "restart_policy": "RESTART_FROM_BEGINNING" }) })
        .unwrap();
    shell.pass(HOUR);
    assert_eq!(*done.borrow(), ["each[1]#3/a"]);
}

#[test]
fn a_run_that_ended_when_it_was_made_has_ended_even_if_it_never_heard_of_itself() {
    let outside = |_: &Work| (report(Conclusion::Done, Map::new()), HOUR);
    let mut shell = Shell::new(START, Box::new(outside));
    push(&mut shell, json!("FIRST_ONLY"), json!([http("a", json!({}))]), json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.lose(|note| matches!(note, Note::Create(_)));
    start(&mut shell, json!({})).unwrap();
    shell.crash();
    shell.pass(Millis(60_000));
    statuses(&mut shell, &["IN_PROGRESS", "STOPPED"]);
    let told = shell.events.iter().filter(|event| event.document["workflow_instance_id"] == 2);
    let told: Vec<_> = told.map(|event| (&event.document["old_status"], &event.document["new_status"])).collect();
    assert_eq!(told, [(&json!("CREATED"), &json!("STOPPED"))]);
    let second = RunKey { workflow: "w".into(), instance: InstanceId(2), run: RunId::FIRST };
    assert_eq!(life::run_status(&second, &shell.rows).unwrap(), Some(InstanceStatus::Stopped));
}

#[test]
fn a_clock_that_is_set_back_when_a_time_comes_only_delays_what_was_due() {
    let fails_once = |asked: &Rc<Cell<i32>>| {
        let count = Rc::clone(asked);
        move |_: &Work| {
            count.set(count.get() + 1);
            let conclusion = if count.get() == 1 { Conclusion::UserError } else { Conclusion::Done };
            (report(conclusion, Map::new()), Millis(5))
        }
    };
    let backoff = json!({ "type": "FIXED_BACKOFF", "error_retry_backoff_in_secs": 10 });
    let retried = json!({ "retry_policy": { "error_retry_limit": 1, "backoff": backoff } });
    let sleep = json!({ "sleep_seconds": { "type": "LONG", "value": 100_000 } });
    let limited = |limit: Json| json!([{ "step": { "id": "a", "type": "Sleep", "params": sleep, "timeout": limit } }]);
    for (steps, more, end) in [
        (json!([http("a", retried)]), json!({}), "SUCCEEDED"),
        (limited(json!("10s")), json!({}), "TIMED_OUT"),
        (limited(Json::Null), json!({ "timeout": "10s" }), "TIMED_OUT"),
    ] {
        let asked = Rc::new(Cell::new(0));
        let mut shell = Shell::new(START, Box::new(fails_once(&asked)));
        push(&mut shell, json!("PARALLEL"), steps, more);
        start(&mut shell, json!({})).unwrap();
        // What wrote the overview in between is over.
        shell.pass(Millis(9_000));
        shell.slip(Millis(2_000));
        shell.pass(HOUR);
        statuses(&mut shell, &[end]);
    }
}
