//! Params: read, merged, evaluated, handed on.
#![expect(clippy::needless_pass_by_value, reason = "cases are written in place")]

mod evaluating;
mod merging;
mod properties;
mod reading;
mod runs;

use std::{cell::RefCell, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use workflow::{
    id::{Ids, InstanceId, StepId, WorkflowId},
    param::{
        self, Authority, Cache, Context, Definitions, Error, Evaluator, Layer, Params, Source, StepLevel, Value,
        children,
        context::{Attempt, Children, CurrentStep, Initiator, Instance, SEPARATOR, Signal, SignalQuery, Step},
        defaults, evaluate_plain,
        layers::{self, Origin},
        merge, read, settle, size, stored, write,
    },
    port::{Found, Lookup},
    sel,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp(1_577_836_800_000);

const FRESH: Origin = Origin { parent: None, is_restart: false };

/// A run that was started by hand, with one finished step `up` and at most one answer from elsewhere.
struct Run {
    upstream: Params,
    body: WorkflowId,
    is_step_level: bool,
    found: Option<Found>,
    asked: RefCell<Vec<Lookup>>,
}

impl Run {
    fn new() -> Self {
        let upstream = evaluated(json!({"out": {"type": "LONG", "value": 41}}));
        Self { upstream, body: WorkflowId::from("body"), is_step_level: true, found: None, asked: RefCell::default() }
    }
}

impl Context for Run {
    fn instance(&self) -> Instance<'_> {
        Instance {
            workflow_id: "w",
            instance_id: 7,
            run_id: 1,
            run_policy: Some("START_FRESH_NEW_RUN"),
            owner: Some("ann"),
            first_trigger_timezone: None,
            initiator: Initiator { kind: "MANUAL", timezone: None, user: Some("ann") },
            environment: "test",
        }
    }

    fn current_step(&self) -> Option<CurrentStep<'_>> {
        self.is_step_level.then_some(CurrentStep {
            id: "s",
            instance_id: 2,
            uuid: "u",
            attempt_id: 1,
            type_info: "NOOP",
            error_retries: 0,
            status: "CREATED",
            end_time: None,
        })
    }

    fn step(&self, id: &str) -> Step<'_> {
        match id {
            "up" | "loop" => Step::Started(Attempt {
                step_type: if id == "up" { "NOOP" } else { "FOREACH" },
                status: "SUCCEEDED",
                end_time: Some(NOW),
                params: &self.upstream,
                children: Children::Iterations { body: &self.body, total: 3 },
            }),
            "s" | "later" => Step::NotStarted,
            _ => Step::Unknown,
        }
    }

    fn signal(&self, query: SignalQuery<'_>) -> Signal {
        Signal::Missing(format!("no signal for {query:?}"))
    }

    fn found(&self, lookup: &Lookup) -> Option<&Found> {
        self.asked.borrow_mut().push(lookup.clone());
        self.found.as_ref()
    }

    fn separator(&self) -> &str {
        SEPARATOR
    }
}

struct Numbers(i64);

impl Ids for Numbers {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Runs with an evaluator over `run`.
fn with<T>(run: &Run, act: impl FnOnce(&mut Evaluator<'_>) -> T) -> T {
    let mut ids = Numbers(0);
    act(&mut Evaluator {
        context: run,
        cache: Cache::shared(),
        limits: sel::Limits::DEFAULT,
        json_max: size::JSON_MAX,
        now: NOW,
        ids: &mut ids,
        deadline: None,
    })
}

#[track_caller]
fn definitions(json: &Json) -> Definitions {
    let mut problems = Vec::new();
    let read = read::definitions(json, "params", &mut problems);
    assert_eq!(problems, [], "{json}");
    read
}

/// Literals as the params of a run that evaluated them.
#[track_caller]
fn evaluated(json: Json) -> Params {
    let mut params = layers::unevaluated(definitions(&json));
    evaluate_plain(&mut params, NOW);
    params
}

fn values(params: &Params) -> Json {
    params.iter().map(|(name, param)| (name.to_string(), param.value().map_or(Json::Null, write::value))).collect()
}

/// All params of a step over those of its workflow.
fn step_values(workflow: Json, step: Json) -> Result<Json, Error> {
    let mut own = layers::unevaluated(definitions(&step));
    with(&Run::new(), |evaluator| evaluator.step_params("s", &evaluated(workflow), &mut own))?;
    Ok(values(&own))
}

fn workflow_values(json: Json) -> Result<Json, Error> {
    let mut params = layers::unevaluated(definitions(&json));
    let run = Run { is_step_level: false, ..Run::new() };
    with(&run, |evaluator| evaluator.workflow_params(&mut params))?;
    Ok(values(&params))
}
