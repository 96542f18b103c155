//! What is measured: the shapes that any Maestro-compatible server can be measured by.

use std::time::Instant;

use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceKey, RunId, RunKey},
    life::started_instance,
    port::{Caller, Engine, Refusal, Request},
    status::InstanceStatus,
    user::User,
};

use super::probe;
use crate::exit::{Exit, Failure};

/// Runs before the measured ones.
pub(super) const WARM_UP: usize = 2;

/// Steps of the chain.
const CHAIN: usize = 50;
/// Parallel steps of the fan.
const FAN: usize = 100;
/// Iterations of the loop.
const ITERATIONS: usize = 200;
/// Sub-workflows in a row.
const CHILDREN: usize = 10;
/// Runs of the flood, and steps of each.
const FLOOD: (usize, usize) = (64, 20);

/// One workload.
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) unit: &'static str,
    /// Whether the polling engine is measured, too; what takes it minutes is not.
    pub(super) is_for_legacy: bool,
    definitions: Vec<Json>,
    /// How a sample is made of what was timed.
    sample: Sample,
}

/// How a sample is made.
#[derive(Clone, Copy, PartialEq)]
enum Sample {
    /// A run's time by so many units.
    Per(f64),
    /// Steps a second of so many runs at once.
    Rate { runs: usize, steps: usize },
}

impl Workload {
    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let fan: Vec<String> = (0..FAN).map(|number| format!("c{number}")).collect();
        let mut fan_steps = vec![no_op("root", &fan)];
        fan_steps.extend(fan.iter().map(|id| no_op(id, &["join".to_owned()])));
        fan_steps.push(no_op("join", &[]));
        vec![
            Self::new(
                "chain",
                "50 steps in a row",
                "ms/step",
                true,
                vec![definition("bench-chain", &chain(CHAIN))],
                Sample::Per(50.0),
            ),
            Self::new(
                "fan",
                "100 parallel steps between two",
                "ms/step",
                false,
                vec![definition("bench-fan", &fan_steps)],
                Sample::Per(102.0),
            ),
            Self::new(
                "foreach",
                "200 iterations, 50 at once",
                "ms/iteration",
                false,
                vec![definition("bench-foreach", &[foreach(ITERATIONS, 50)])],
                Sample::Per(200.0),
            ),
            Self::new(
                "sub",
                "10 sub-workflows in a row",
                "ms/sub-workflow",
                false,
                vec![definition("bench-child", &chain(1)), definition("bench-sub", &children())],
                Sample::Per(10.0),
            ),
            Self::new(
                "flood",
                "64 runs of 20 steps at once",
                "steps/s",
                false,
                vec![definition("bench-flood", &chain(FLOOD.1))],
                Sample::Rate { runs: FLOOD.0, steps: FLOOD.1 },
            ),
        ]
    }

    fn new(
        name: &'static str,
        about: &'static str,
        unit: &'static str,
        is_for_legacy: bool,
        definitions: Vec<Json>,
        sample: Sample,
    ) -> Self {
        Self { name, about, unit, is_for_legacy, definitions, sample }
    }

    /// Whether more is better.
    pub(super) fn is_rate(&self) -> bool {
        matches!(self.sample, Sample::Rate { .. })
    }

    /// Samples of `runs` runs, after `warm_up` that do not count.
    pub(super) async fn measure(&self, engine: &dyn Engine, runs: usize, warm_up: usize) -> Result<Vec<f64>, Failure> {
        let mut id = String::new();
        for definition in &self.definitions {
            push(engine, definition).await?;
            definition["workflow"]["id"].as_str().unwrap_or_default().clone_into(&mut id);
        }
        let mut samples = Vec::with_capacity(runs);
        for _ in 0..warm_up + runs {
            samples.push(match self.sample {
                Sample::Per(units) => {
                    let [start, end] = one(engine, &id).await?;
                    (end - start) / units
                }
                Sample::Rate { runs, steps } => {
                    let times = try_join_all((0..runs).map(|_| one(engine, &id))).await?;
                    let first = times.iter().map(|[start, _]| *start).fold(f64::INFINITY, f64::min);
                    let last = times.iter().map(|[_, end]| *end).fold(0.0, f64::max);
                    #[expect(clippy::cast_precision_loss, reason = "a few thousand steps")]
                    let steps = (runs * steps) as f64;
                    steps * 1_000.0 / (last - first).max(1.0)
                }
            });
        }
        Ok(samples.split_off(warm_up))
    }
}

/// A run that was started.
pub(super) struct Started {
    pub(super) run: RunKey,
    pub(super) asked: Instant,
    pub(super) answered: Instant,
}

/// Stores a definition.
pub(super) async fn push(engine: &dyn Engine, definition: &Json) -> Result<(), Failure> {
    call(engine, Request::Push { body: definition.clone() }).await
}

/// Has something done whose answer is no matter.
pub(super) async fn call(engine: &dyn Engine, request: Request) -> Result<(), Failure> {
    engine.call(caller(), request).await.map(drop).map_err(refused)
}

/// Starts a workflow.
pub(super) async fn start(engine: &dyn Engine, id: &str) -> Result<Started, Failure> {
    let body = json!({ "initiator": { "type": "manual" } });
    let request = Request::Start { workflow: id.into(), version: "latest".to_owned(), body };
    let asked = Instant::now();
    let answer = engine.call(caller(), request).await.map_err(refused)?;
    let answered = Instant::now();
    let InstanceKey { workflow, instance } = started_instance(&answer)
        .ok_or_else(|| Failure::new(Exit::Defect, anyhow::anyhow!("the start of {id} made no instance")))?;
    Ok(Started { run: RunKey { workflow, instance, run: RunId::FIRST }, asked, answered })
}

/// Starts a workflow and waits for its end, which must be a good one.
pub(super) async fn run(engine: &dyn Engine, id: &str) -> Result<Started, Failure> {
    let started = start(engine, id).await?;
    ended(engine, &started.run).await?;
    Ok(started)
}

/// Waits for the end of a run, which must be a good one.
async fn ended(engine: &dyn Engine, run: &RunKey) -> Result<(), Failure> {
    match engine.ended(run.clone()).await.map_err(refused)? {
        InstanceStatus::Succeeded => Ok(()),
        status => Err(Failure::new(Exit::Findings, anyhow::anyhow!("{run} ended {status}"))),
    }
}

/// Runs a workflow once; when it began and ended by its own document, in milliseconds.
async fn one(engine: &dyn Engine, id: &str) -> Result<[f64; 2], Failure> {
    let RunKey { workflow, instance, .. } = run(engine, id).await?.run;
    let read = Request::Run {
        instance: InstanceKey { workflow, instance },
        run: "1".to_owned(),
        is_enriched: false,
        is_aggregated: false,
    };
    let document = engine.call(caller(), read).await.map_err(refused)?.body.unwrap_or_default();
    let moment = |name: &str| document[name].as_f64().unwrap_or_default();
    Ok([moment("start_time"), moment("end_time")])
}

/// A definition whose runs and steps are held up by nothing but the engine: by default only 20 attempts of a step may run at once.
pub(super) fn definition(id: &str, steps: &[Json]) -> Json {
    json!({
        "properties": { "owner": "bench", "run_strategy": { "rule": "PARALLEL", "workflow_concurrency": 200 } },
        "workflow": { "id": id, "instance_step_concurrency": 500, "steps": steps },
    })
}

/// A loop over a step that does nothing.
pub(super) fn foreach(iterations: usize, at_once: usize) -> Json {
    let loop_params =
        json!({ "i": { "expression": format!("return Util.intsBetween(0,{iterations},1);"), "type": "LONG_ARRAY" } });
    json!({ "foreach": {
        "id": "each", "concurrency": at_once,
        "params": { "loop_params": { "value": loop_params, "type": "MAP" } },
        "steps": [no_op("body", &[])],
    } })
}

fn no_op(id: &str, next: &[String]) -> Json {
    step(id, "NoOp", next)
}

fn step(id: &str, step_type: &str, next: &[String]) -> Json {
    let successors: serde_json::Map<String, Json> = next.iter().map(|next| (next.clone(), json!("true"))).collect();
    let mut step = json!({ "step": { "id": id, "type": step_type, "transition": { "successors": successors } } });
    if step_type == probe::STEP_TYPE {
        let image = json!({ "image": { "value": "none", "type": "STRING" } });
        step["step"]["params"] = json!({ "kubernetes": { "value": image, "type": "MAP" } });
    }
    step
}

fn chain(length: usize) -> Vec<Json> {
    chain_of("NoOp", length)
}

/// Steps of one type in a row.
pub(super) fn chain_of(step_type: &str, length: usize) -> Vec<Json> {
    let next = |number: usize| if number + 1 < length { vec![format!("s{}", number + 1)] } else { Vec::new() };
    (0..length).map(|number| step(&format!("s{number}"), step_type, &next(number))).collect()
}

fn children() -> Vec<Json> {
    let child = |number: usize| {
        let mut step = json!({ "subworkflow": { "id": format!("s{number}"), "params": {
            "subworkflow_id": { "value": "bench-child", "type": "STRING" },
            "subworkflow_version": { "value": "latest", "type": "STRING" },
        } } });
        if number + 1 < CHILDREN {
            step["subworkflow"]["transition"] = json!({ "successors": { format!("s{}", number + 1): "true" } });
        }
        step
    };
    (0..CHILDREN).map(child).collect()
}

fn caller() -> Caller {
    Caller { user: Some(User::named("bench")) }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::new(Exit::Defect, refusal)
}
