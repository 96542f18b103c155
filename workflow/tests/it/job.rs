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
fn output_data_of_nobody_is_refused() {
    let outside = |_: &Work| unreachable!();
    let mut shell = Shell::new(START, Box::new(outside));
    for body in [json!({ "params": {} }), json!({ "external_job_id": "j", "external_job_type": "", "params": {} })] {
        assert_eq!(ask(&mut shell, Request::PutOutput { body }).unwrap_err().0, 400);
    }
    let body = json!({ "external_job_id": "j", "external_job_type": "KUBERNETES", "params": [] });
    assert_eq!(ask(&mut shell, Request::PutOutput { body }).unwrap_err().0, 400);
}
