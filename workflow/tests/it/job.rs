//! Jobs: data that they publish by a call of their own.

use serde_json::{Map, Value as Json, json};
use workflow::{
    port::{Conclusion, Report, Request, Work},
    time::Millis,
};

use crate::{
    shell::Shell,
    workflow_machine::{START, ask, key, push, start, statuses},
};

fn step(shell: &mut Shell) -> Json {
    let request = Request::Step { instance: key(1), step: "a".into(), is_enriched: true };
    ask(shell, request).unwrap()
}

#[test]
fn what_a_job_publishes_by_a_call_is_an_output_of_its_step() {
    for crashes in [false, true] {
        let outside = |_: &Work| {
            let artifacts = json!({ "maestro_kubernetes": { "type": "KUBERNETES", "job_id": "j-1" } });
            let artifacts = artifacts.as_object().unwrap().clone();
            let report = Report { conclusion: Conclusion::Done, outputs: Map::new(), artifacts, timeline: Vec::new() };
            (report, Millis(5_000))
        };
        let mut shell = Shell::new(START, Box::new(outside));
        let params = json!({ "kubernetes": { "type": "MAP", "value": { "image": { "type": "STRING", "value": "i" } } }, "out": { "type": "STRING", "value": "none" } });
        let steps = json!([{ "step": { "id": "a", "type": "Kubernetes", "params": params } }]);
        push(&mut shell, json!("PARALLEL"), steps, json!({}));
        start(&mut shell, json!({})).unwrap();
        shell.pass(Millis(1_000));
        let out = json!({ "out": { "type": "STRING", "value": "done", "evaluated_result": "done" } });
        let body = json!({ "external_job_type": "KUBERNETES", "external_job_id": "j-1", "params": out });
        ask(&mut shell, Request::PutOutput { body }).unwrap();
        if crashes {
            shell.crash();
        }
        shell.pass(Millis(60_000));
        statuses(&mut shell, &["SUCCEEDED"]);
        assert_eq!(step(&mut shell)["params"]["out"]["evaluated_result"], "done");
    }
}

#[test]
fn what_is_found_for_one_job_does_not_end_another() {
    let outside = |work: &Work| {
        let (outputs, artifacts) = (Map::new(), Map::new());
        let report = Report { conclusion: Conclusion::Done, outputs, artifacts, timeline: Vec::new() };
        (report, Millis(if work.path == "a" { 5_000 } else { 3_600_000 }))
    };
    let mut shell = Shell::new(START, Box::new(outside));
    let image = json!({ "kubernetes": { "type": "MAP", "value": { "image": { "type": "STRING", "value": "i" } } } });
    let job = |id: &str| json!({ "step": { "id": id, "type": "Kubernetes", "params": image } });
    push(&mut shell, json!("PARALLEL"), json!([job("a"), job("b")]), json!({}));
    start(&mut shell, json!({})).unwrap();
    let status = |shell: &mut Shell, step: &str| {
        let request = Request::Step { instance: key(1), step: step.into(), is_enriched: true };
        ask(shell, request).unwrap()["runtime_state"]["status"].clone()
    };
    shell.pass(Millis(60_000));
    assert_eq!((status(&mut shell, "a"), status(&mut shell, "b")), (json!("SUCCEEDED"), json!("RUNNING")));
    shell.pass(Millis(3_600_000));
    assert_eq!(status(&mut shell, "b"), "SUCCEEDED");
}

#[test]
fn jobs_that_end_together_each_get_what_they_published() {
    let outside = |work: &Work| {
        let artifacts = json!({ "maestro_kubernetes": { "type": "KUBERNETES", "job_id": format!("j-{}", work.path) } });
        let artifacts = artifacts.as_object().unwrap().clone();
        let report = Report { conclusion: Conclusion::Done, outputs: Map::new(), artifacts, timeline: Vec::new() };
        (report, Millis(5_000))
    };
    let mut shell = Shell::new(START, Box::new(outside));
    let params = json!({ "kubernetes": { "type": "MAP", "value": { "image": { "type": "STRING", "value": "i" } } }, "out": { "type": "STRING", "value": "none" } });
    let job = |id: &str| json!({ "step": { "id": id, "type": "Kubernetes", "params": params } });
    push(&mut shell, json!("PARALLEL"), json!([job("a"), job("b")]), json!({}));
    start(&mut shell, json!({})).unwrap();
    shell.pass(Millis(1_000));
    for id in ["a", "b"] {
        let out = json!({ "out": { "type": "STRING", "value": id, "evaluated_result": id } });
        let body = json!({ "external_job_type": "KUBERNETES", "external_job_id": format!("j-{id}"), "params": out });
        ask(&mut shell, Request::PutOutput { body }).unwrap();
    }
    shell.pass(Millis(60_000));
    for id in ["a", "b"] {
        let request = Request::Step { instance: key(1), step: id.into(), is_enriched: true };
        assert_eq!(ask(&mut shell, request).unwrap()["params"]["out"]["evaluated_result"], id);
    }
}

#[test]
fn output_data_of_nobody_is_refused() {
    let outside = |_: &Work| unreachable!();
    let mut shell = Shell::new(START, Box::new(outside));
    for body in [json!({ "params": {} }), json!({ "external_job_id": "j", "external_job_type": "", "params": {} })] {
        assert_eq!(ask(&mut shell, Request::PutOutput { body }).unwrap_err().0, 400);
    }
    let body = json!({ "external_job_id": "j", "external_job_type": "KUBERNETES", "params": [] });
    assert_eq!(ask(&mut shell, Request::PutOutput { body }).unwrap_err().0, 400);
}
