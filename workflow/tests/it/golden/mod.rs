//! Recorded answers of a real server, played in virtual time: against the machines, and in their own tests against each engine.
//!
//! Each answer is compared at three depths: its outcome must be equal, the whole document should be, texts may differ. The scenarios
//! whose outcome is not reached yet are listed in [`GAPS`], which may only shrink.

mod calls;
mod compare;
mod normal;
mod stub;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use workflow::{
    port::{Answer, Refusal},
    time::{Millis, Timestamp},
};

use self::{compare::Depths, normal::Normaliser};
use crate::shell::{GAPS, Shell};

/// When the virtual clock starts.
const START: Timestamp = Timestamp(1_795_230_600_000);

/// Time between two calls of a client.
const BETWEEN_CALLS: Millis = Millis(20);

#[test]
fn machines_answer_as_the_recorded_server_did() {
    let only = std::env::var("GOLDEN").ok();
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let (id, group) = (scenario["id"].as_str().unwrap(), scenario["group"].as_str().unwrap());
        if only.as_ref().is_some_and(|only| !id.starts_with(only.as_str()) && group != only) {
            continue;
        }
        let (depths, report) = play_on(fresh(), &scenario);
        let row = table.entry(group.to_owned()).or_default();
        row[0] += 1;
        row[1] += usize::from(depths.outcome);
        row[2] += usize::from(depths.document);
        row[3] += usize::from(depths.text);
        let is_gap = GAPS.contains(&id);
        if depths.outcome == is_gap {
            wrong.push(format!(
                "{id}: {}",
                if is_gap { "is listed as a gap and passes".to_owned() } else { report.join("\n    ") }
            ));
        } else if only.is_some() && !report.is_empty() {
            wrong.push(format!("{id} [document]: {}", report.join("\n    ")));
        }
    }
    let mut total = [0; 4];
    let mut lines = String::new();
    for (group, row) in &table {
        lines += &format!("{group:<16} {:>4} {:>4} {:>4} {:>4}\n", row[0], row[1], row[2], row[3]);
        for (sum, count) in total.iter_mut().zip(row) {
            *sum += count;
        }
    }
    println!("{:<16} {:>4} {:>4} {:>4} {:>4}", "group", "all", "outc", "docu", "text");
    println!("{lines}{:<16} {:>4} {:>4} {:>4} {:>4}", "total", total[0], total[1], total[2], total[3]);
    assert!(wrong.is_empty(), "{} scenarios surprise:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every recorded scenario.
pub(crate) fn scenarios() -> Vec<Json> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../workflow/tests/cases/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let json: Json = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        all.extend(json["scenarios"].as_array().unwrap().iter().cloned());
    }
    all
}

/// An engine that has nothing stored.
pub(crate) fn fresh() -> Shell {
    Shell::new(START, Box::new(stub::outside()))
}

/// Plays one scenario; tells at which depths it agrees, and the first differences.
pub(crate) fn play_on(mut shell: Shell, scenario: &Json) -> (Depths, Vec<String>) {
    let mut normal = Normaliser::default();
    let mut depths = Depths::ALL;
    let mut report = Vec::new();
    for (index, call) in scenario["calls"].as_array().unwrap().iter().enumerate() {
        let what = call["call"].as_str().unwrap();
        let Some(request) = calls::request(call) else { continue };
        if let Some(seconds) = call["sleep_s"].as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
            shell.pass(Millis((seconds * 1000.0) as i64));
        }
        let (status, body) = asked(&mut shell, call, &request);
        let got = normal.body(body);
        let expect = &call["expect"];
        let mut differences = compare::differences(expect, status, &got);
        differences.lower(&mut depths);
        for difference in differences.worst() {
            report.push(format!("#{index} {what} {difference}"));
        }
    }
    report.truncate(12);
    (depths, report)
}

/// Asks until the awaited value shows.
fn asked(shell: &mut Shell, call: &Json, request: &workflow::port::Request) -> (u16, Json) {
    let user = match call["headers"].get("user") {
        Some(Json::Null) => None,
        Some(user) => user.as_str(),
        None => Some("tester"),
    };
    let seconds = call["within_s"].as_i64().unwrap_or(60);
    let limit = shell.now() + Millis::from_secs(seconds);
    // A client reads what there is; what it asked for before may take its time.
    if call["call"].as_str().unwrap().starts_with("GET ") {
        shell.pass(BETWEEN_CALLS);
    }
    loop {
        let (status, body) = told(shell.call(user, request.clone()));
        let Some(until) = call.get("until") else { return (status, body) };
        let field = until["field"].as_str().unwrap().split('.').fold(&body, |json, part| &json[part]);
        let is_there = status == 200 && until["in"].as_array().unwrap().contains(field);
        if is_there || !shell.advance(Some(limit)) {
            return (status, body);
        }
    }
}

fn told(answer: Result<Answer, Refusal>) -> (u16, Json) {
    match answer {
        Ok(answer) => (answer.status, answer.body.unwrap_or(Json::Null)),
        Err(refusal) => (refusal.reason.status(), refusal.document()),
    }
}
