//! Capture from an engine that answers from documents.

use replay::{
    capture::{Camera, Error},
    placeholder::{rehearsal, stands_in},
    sample::{Deed, Kept, Motif, Size},
};
use serde_json::{Value as Json, json};
use workflow::{
    definition::read,
    id::{InstanceId, InstanceKey, RunKey},
    port::{Answer, Caller, Engine, EngineName, Pending, Reason, Refusal, Request},
    status::InstanceStatus,
    time::{Millis, Timestamp},
};

/// The id of a loop's body.
const BODY: &str = "maestro_foreach_Iz1_A1_0123456789abcdef0123456789abcdef";

/// An engine that knows runs and their attempts, and one definition for every workflow.
struct Archive {
    runs: Vec<(Json, Vec<Json>)>,
    steps: Json,
}

impl Archive {
    fn of(&self, instance: &InstanceKey) -> Vec<&(Json, Vec<Json>)> {
        let is_of = |run: &Json| {
            run["workflow_id"] == instance.workflow.as_str() && run["workflow_instance_id"] == instance.instance.0
        };
        self.runs.iter().filter(|(run, _)| is_of(run)).collect()
    }

    fn answer(&self, request: Request) -> Result<Json, Refusal> {
        let missing = || Refusal::new(Reason::NotFound, "not found");
        let number = |text: &str| text.parse::<i64>().map_err(|_| missing());
        match request {
            // One instance or run a page, so that paging is part of every test.
            Request::Instances { workflow, page, .. } => {
                let all: Vec<&Json> = self
                    .runs
                    .iter()
                    .map(|(run, _)| run)
                    .filter(|run| run["workflow_id"] == workflow.as_str())
                    .collect();
                Ok(paged(&all, page.cursor.as_deref()))
            }
            Request::Runs { instance, page } => {
                let all: Vec<&Json> = self.of(&instance).iter().map(|(run, _)| run).collect();
                if all.is_empty() { Err(missing()) } else { Ok(paged(&all, page.cursor.as_deref())) }
            }
            Request::RunSteps { instance, run } => {
                let run = number(&run)?;
                let of = self.of(&instance);
                let (_, attempts) =
                    of.iter().find(|(document, _)| document["workflow_run_id"] == run).ok_or_else(missing)?;
                let is_last = |attempt: &&Json| {
                    let later = |other: &Json| {
                        other["step_id"] == attempt["step_id"]
                            && other["step_attempt_id"].as_i64() > attempt["step_attempt_id"].as_i64()
                    };
                    !attempts.iter().any(later)
                };
                Ok(attempts.iter().filter(is_last).cloned().collect())
            }
            Request::Attempt { instance, run, step, attempt, .. } => {
                let (run, attempt) = (number(&run)?, number(&attempt)?);
                let of = self.of(&instance);
                let (_, attempts) =
                    of.iter().find(|(document, _)| document["workflow_run_id"] == run).ok_or_else(missing)?;
                let is_it = |one: &&Json| one["step_id"] == step.as_str() && one["step_attempt_id"] == attempt;
                attempts.iter().find(is_it).cloned().ok_or_else(missing)
            }
            Request::Version { workflow, .. } => Ok(json!({
                "metadata": { "workflow_id": workflow, "workflow_version_id": 1, "create_time": 1 },
                "workflow": { "id": workflow, "steps": self.steps },
                "properties_snapshot": { "workflow_id": workflow, "create_time": 1, "owner": "ann", "run_strategy": "PARALLEL", "tags": ["a"] },
                "is_active": false,
            })),
            other => Err(Refusal::new(Reason::InternalError, format!("a capture only reads: {other:?}"))),
        }
    }
}

fn paged(all: &[&Json], cursor: Option<&str>) -> Json {
    let at: usize = cursor.map_or(0, |cursor| cursor.parse().expect("it came from here"));
    let next = at + 1;
    json!({
        "elements": all.get(at).into_iter().collect::<Vec<_>>(),
        "page_info": { "has_next_page": next < all.len(), "end_cursor": next.to_string() },
    })
}

impl Engine for Archive {
    fn name(&self) -> EngineName {
        EngineName("archive".into())
    }

    fn call(&self, _: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.answer(request).map(Answer::ok) })
    }

    fn ended(&self, _: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(async { Err(Refusal::new(Reason::InternalError, "a capture only reads")) })
    }
}

fn key(workflow: &str) -> InstanceKey {
    InstanceKey { workflow: workflow.into(), instance: InstanceId(17) }
}

/// A run's document; times are in milliseconds after a fixed moment.
fn run(workflow: &str, instance: i64, number: i64, status: &str, more: Json) -> Json {
    let mut run = json!({
        "workflow_id": workflow, "workflow_instance_id": instance, "workflow_run_id": number, "workflow_version_id": 1,
        "status": status, "create_time": 1_000 * number, "end_time": 1_000 * number + 900,
        "run_config": { "policy": "START_FRESH_NEW_RUN" }, "initiator": { "type": "TIME", "trigger_uuid": "x", "depth": 0 },
    });
    merge(&mut run, more);
    run
}

fn attempt(step: &str, number: i64, kind: &str, status: &str, times: (i64, i64), more: Json) -> Json {
    let definition = match kind {
        "subworkflow" => json!({ "subworkflow": { "id": step } }),
        "foreach" => json!({ "foreach": { "id": step, "steps": [] } }),
        kind => json!({ "step": { "id": step, "type": kind } }),
    };
    let mut attempt = json!({
        "step_id": step, "step_attempt_id": number, "definition": definition, "params": {},
        "runtime_state": { "status": status, "create_time": times.0, "execute_time": times.0, "end_time": times.1 },
        "step_retry": { "error_retries": number - 1, "error_retry_limit": 2, "platform_retries": 0, "platform_retry_limit": 10 },
    });
    merge(&mut attempt, more);
    attempt
}

fn merge(into: &mut Json, more: Json) {
    let (Json::Object(into), Json::Object(more)) = (into, more) else { return };
    into.extend(more);
}

fn steps() -> Json {
    json!([
        { "step": { "id": "job", "type": "Notebook", "transition": { "successors": { "child": "true" } } } },
        { "subworkflow": { "id": "child", "transition": { "successors": { "wait": "true" } } } },
        { "step": { "id": "wait", "type": "Sleep" } },
    ])
}

async fn captured(archive: &Archive) -> Kept {
    let camera = Camera::new(archive, "http://maestro.example", Timestamp(99_000));
    let captured = camera.capture(&key("etl")).await.expect("the run can be captured");
    Kept { id: "s".to_owned(), sample: captured.addition.sample, definitions: captured.addition.definitions }
}

#[tokio::test]
async fn results_failures_and_times_of_outside_work_are_kept() {
    let outputs =
        json!({ "rows": { "type": "LONG", "value": 1, "evaluated_result": 5, "source": "OUTPUT_PARAMETER" } });
    let archive = Archive {
        runs: vec![(
            run(
                "etl",
                17,
                1,
                "SUCCEEDED",
                json!({ "run_params": { "day": { "type": "LONG", "value": 3, "source": "LAUNCH" } } }),
            ),
            vec![
                attempt("job", 1, "Notebook", "USER_FAILED", (1_010, 1_110), json!({})),
                attempt(
                    "job",
                    2,
                    "Notebook",
                    "SUCCEEDED",
                    (1_200, 1_450),
                    json!({ "params": outputs, "artifacts": { "a": { "b": 1 } } }),
                ),
                attempt("wait", 1, "Sleep", "SUCCEEDED", (1_500, 1_600), json!({})),
            ],
        )],
        steps: steps(),
    };
    let kept = captured(&archive).await;
    let sample = &kept.sample;
    let results: Vec<_> = sample
        .stand_ins
        .iter()
        .map(|one| (one.path.as_str(), one.attempt, one.result.conclusion.as_str(), one.result.took))
        .collect();
    assert_eq!(results, [("job", 1, "USER_ERROR", Millis(100)), ("job", 2, "DONE", Millis(250))]);
    assert_eq!(sample.stand_ins[1].result.outputs["rows"], json!({ "type": "LONG", "value": 5 }));
    assert_eq!(sample.stand_ins[1].result.artifacts["a"], json!({ "b": 1 }));
    assert_eq!(sample.start["run_params"], json!({ "day": { "type": "LONG", "value": 3 } }));
    assert_eq!((sample.took, sample.at), (Millis(900), Timestamp(1_000)));
    assert_eq!(
        (sample.shape.motif, sample.shape.size, sample.shape.restart.as_str()),
        (Motif::Chain, Size::Few, "NONE")
    );
    assert_eq!(sample.lineage.run, "etl/17/1");
    assert_eq!(sample.lineage.initiator["type"], "TIME");

    let rehearsal = rehearsal(&kept, 5);
    let pushed = read::create_request(&rehearsal.definitions[0]).accepted().expect("it can be pushed");
    assert!(pushed.is_active && pushed.properties.is_some_and(|properties| properties.tags.is_none()));
    assert_eq!(rehearsal.stand_ins[&("job".to_owned(), 2)].took, Millis(250));
}

#[tokio::test]
async fn stops_and_restarts_are_done_again_at_their_moments() {
    let stop = |at: i64| {
        let message = "User [ann] take action [STOP] on the step due to reason: [manual workflow instance API call]";
        json!({ "timeline": [{ "type": "LOG", "timestamp": at, "level": "INFO", "message": message }] })
    };
    let restart = json!({
        "initiator": { "type": "MANUAL", "depth": 0 },
        "run_config": { "policy": "RESTART_FROM_INCOMPLETE", "restart_config": {
            "restart_path": [{ "workflow_id": "etl", "instance_id": 17, "step_id": null }],
            "restart_policy": "RESTART_FROM_INCOMPLETE", "downstream_policy": "RESTART_FROM_INCOMPLETE",
            "restart_params": { "day": { "type": "LONG", "value": 4, "source": "RESTART" } } } },
    });
    let of_step = json!({
        "run_config": { "policy": "RESTART_FROM_SPECIFIC", "restart_config": {
            "restart_path": [{ "workflow_id": "etl", "instance_id": 17, "step_id": "job" }],
            "restart_policy": "RESTART_FROM_SPECIFIC", "downstream_policy": "RESTART_FROM_BEGINNING" } },
    });
    let archive = Archive {
        runs: vec![
            (
                run("etl", 17, 1, "STOPPED", json!({})),
                vec![
                    attempt("job", 1, "Notebook", "STOPPED", (1_010, 1_300), stop(1_300)),
                    attempt("wait", 1, "Sleep", "STOPPED", (1_010, 1_301), stop(1_301)),
                ],
            ),
            (
                run("etl", 17, 2, "FAILED", restart),
                vec![attempt("job", 1, "Notebook", "FATALLY_FAILED", (2_010, 2_300), json!({}))],
            ),
            (
                run("etl", 17, 3, "SUCCEEDED", of_step),
                vec![attempt("job", 1, "Notebook", "SUCCEEDED", (3_010, 3_300), json!({}))],
            ),
        ],
        steps: steps(),
    };
    let sample = captured(&archive).await.sample;
    let acts: Vec<_> = sample.acts.iter().map(|act| (act.after.0, act.is_after_end, act.deed.clone())).collect();
    let body =
        json!({ "restart_policy": "RESTART_FROM_INCOMPLETE", "run_params": { "day": { "type": "LONG", "value": 4 } } });
    assert_eq!(
        acts,
        [
            (300, false, Deed::Stop),
            (1_000, true, Deed::Restart(body)),
            (2_000, true, Deed::RestartStep("job".to_owned(), json!({ "restart_policy": "RESTART_FROM_BEGINNING" }))),
        ]
    );
    let results: Vec<_> =
        sample.stand_ins.iter().map(|one| (one.path.as_str(), one.result.conclusion.as_str())).collect();
    assert_eq!(results, [("job", "DONE"), ("#2/job", "FATAL_ERROR"), ("#3/job", "DONE")]);
    assert!(sample.stand_ins[0].result.took > Millis::from_secs(24 * 3_600), "stopped work would have gone on");
    assert_eq!(sample.shape.restart, "RESTART_FROM_SPECIFIC");
}

#[tokio::test]
async fn iterations_belong_to_the_sample_and_children_are_samples_of_their_own() {
    let launched = json!({ "artifacts": { "maestro_subworkflow": {
        "subworkflow_id": "other", "subworkflow_version_id": 1, "subworkflow_instance_id": 17, "subworkflow_run_id": 1 } } });
    let looped = json!({ "artifacts": { "maestro_foreach": { "foreach_workflow_id": BODY, "next_loop_index": 2 } } });
    let below = |step: &str, kind: &str| {
        json!({ "initiator": { "type": kind, "depth": 1, "ancestors": [
        { "workflow_id": "etl", "instance_id": 17, "run_id": 1, "step_id": step, "step_attempt_id": 1 }] } })
    };
    let work = |status: &str| vec![attempt("work", 1, "Kubernetes", status, (1_300, 1_400), json!({}))];
    let archive = Archive {
        runs: vec![
            (
                run("etl", 17, 1, "FAILED", json!({})),
                vec![
                    attempt("child", 1, "subworkflow", "SUCCEEDED", (1_010, 1_200), launched),
                    attempt("each", 1, "foreach", "FATALLY_FAILED", (1_200, 1_500), looped),
                ],
            ),
            (run(BODY, 1, 1, "SUCCEEDED", below("each", "FOREACH")), work("SUCCEEDED")),
            (run(BODY, 2, 1, "FAILED", below("each", "FOREACH")), work("FATALLY_FAILED")),
            (run("other", 17, 1, "SUCCEEDED", below("child", "SUBWORKFLOW")), work("SUCCEEDED")),
        ],
        steps: steps(),
    };
    let camera = Camera::new(&archive, "here", Timestamp(1));
    let samples = camera.with_children(&key("etl")).await.expect("both can be captured");
    let told: Vec<_> = samples
        .iter()
        .map(|one| {
            let results: Vec<_> =
                one.sample.stand_ins.iter().map(|one| format!("{} {}", one.path, one.result.conclusion)).collect();
            let runs: Vec<_> =
                one.sample.outcome["runs"].as_object().into_iter().flatten().map(|(path, _)| path.as_str()).collect();
            (one.sample.workflow.as_str(), results, runs, one.definitions.len())
        })
        .collect();
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (
                "etl",
                owned(&["child DONE", "each[1]/work DONE", "each[2]/work FATAL_ERROR"]),
                vec!["", "each[1]", "each[2]"],
                2
            ),
            ("other", owned(&["work DONE"]), vec![""], 1),
        ]
    );
}

#[tokio::test]
async fn secrets_do_not_leave_memory() {
    let secret = json!({ "run_params": { "db_password": { "type": "STRING", "value": "hunter22" } },
        "params": { "db_password": { "evaluated_result": "hunter22" }, "url": { "evaluated_result": "db://me:hunter22@host" } } });
    let archive = Archive { runs: vec![(run("etl", 17, 1, "SUCCEEDED", secret), Vec::new())], steps: steps() };
    let kept = captured(&archive).await;
    let text = serde_json::to_string(&kept.sample).expect("a sample is plain data");
    assert!(!text.contains("hunter22"), "{text}");
    let token = &kept.sample.start["run_params"]["db_password"]["value"];
    assert_eq!(&kept.sample.outcome["runs"][""]["params"]["db_password"], token);
    assert!(
        kept.sample
            .lineage
            .redactions
            .iter()
            .any(|redaction| redaction.pattern == "secret-param" && redaction.places > 1)
    );
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_a_reason() {
    let nested = json!({ "run_config": { "policy": "RESTART_FROM_SPECIFIC", "restart_config": { "restart_path": [
        { "workflow_id": "other", "instance_id": 1, "step_id": "a" }, { "workflow_id": "etl", "instance_id": 17, "step_id": "child" }] } } });
    let first = || (run("etl", 17, 1, "FAILED", json!({})), Vec::new());
    for (runs, expected) in [
        (vec![(run("etl", 17, 1, "IN_PROGRESS", json!({})), Vec::new())], "the run etl/17 has not ended"),
        (Vec::new(), "the run etl/17 cannot be understood: it does not exist"),
        (
            vec![first(), (run("etl", 17, 2, "FAILED", nested), Vec::new())],
            "the run etl/17 cannot be replayed: something below it was restarted, which led up to it",
        ),
    ] {
        let archive = Archive { runs, steps: steps() };
        let camera = Camera::new(&archive, "here", Timestamp(1));
        let error: Error = camera.capture(&key("etl")).await.expect_err("it cannot be captured");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn ended_instances_are_found_page_by_page() {
    let archive = Archive {
        runs: vec![
            (run("etl", 9, 1, "IN_PROGRESS", json!({})), Vec::new()),
            (run("etl", 8, 1, "SUCCEEDED", json!({})), Vec::new()),
            (run("etl", 7, 1, "FAILED", json!({})), Vec::new()),
        ],
        steps: steps(),
    };
    let camera = Camera::new(&archive, "here", Timestamp(1));
    let found = |most| {
        let camera = &camera;
        async move {
            let found = camera.ended(&"etl".into(), most).await.expect("the engine answers");
            found.iter().map(|key| key.instance.0).collect::<Vec<_>>()
        }
    };
    assert_eq!((found(10).await, found(1).await), (vec![8, 7], vec![8]));
}

#[test]
fn only_steps_without_outside_effects_run_for_real() {
    for (step, expected) in [
        (json!({ "step": { "id": "a", "type": "NoOp" } }), false),
        (json!({ "step": { "id": "a", "type": "Sleep" } }), false),
        (json!({ "step": { "id": "a", "type": "Http" } }), true),
        (json!({ "step": { "id": "a", "type": "Notebook" } }), true),
        (json!({ "step": { "id": "a", "type": "Kubernetes" } }), true),
        (json!({ "step": { "id": "a", "type": "Titus" } }), true),
        (json!({ "subworkflow": { "id": "a" } }), true),
        (json!({ "while": { "id": "a", "condition": "false", "steps": [] } }), false),
    ] {
        let read = read::step(&step).value.expect("the step is readable");
        assert_eq!(stands_in(&read), expected, "{step}");
    }
}
