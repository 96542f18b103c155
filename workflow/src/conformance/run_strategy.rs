//! `run_strategy.jsonl`: operations on the queue of one workflow, in order.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{Rule, RunStrategy},
    id::{InstanceId, WorkflowId},
    status::InstanceStatus,
    strategy::{Arrival, At, Decided, Decision, Error, Memory, Queue, Target},
};

/// The workflow of all cases.
const WORKFLOW: &str = "sample-dag-test-3";
/// What the strategies start with.
const PARALLEL: i64 = 20;

/// The queue with what a store would keep beside it.
struct World {
    queue: Queue,
    past: Memory,
    statuses: BTreeMap<InstanceId, InstanceStatus>,
}

/// Runs one case. Of each result only the parts that the case states are given.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    if case.function != "scenario" {
        return Err(Failure::unknown_function(&case.function));
    }
    let queue = Queue::new(WorkflowId::from(WORKFLOW));
    let mut world = World { queue, past: Memory::default(), statuses: BTreeMap::new() };
    for existing in list(case.input("existing")) {
        world.add(existing)?;
    }
    let stated = case.line.get("expect").and_then(Json::as_array).cloned().unwrap_or_default();
    let ops = list(case.input("ops")).enumerate();
    let results = ops.map(|(index, op)| world.apply(op, stated.get(index).unwrap_or(&Json::Null)));
    results.collect::<Result<Vec<_>, _>>().map(Json::Array)
}

impl World {
    fn add(&mut self, existing: &Json) -> Result<(), Failure> {
        let arrival = Arrival { uuid: text(existing, "uuid").into(), target: Target::Fresh, is_failed: false };
        let decided = self
            .queue
            .start(strategy("SEQUENTIAL", existing)?, &arrival, &self.past)
            .map_err(|error| refused(&error))?;
        self.keep(std::slice::from_ref(&arrival), &decided);
        if text(existing, "state") == "RUNNING" {
            self.queue.launch(at(existing));
        }
        Ok(())
    }

    fn apply(&mut self, op: &Json, stated: &Json) -> Result<Json, Failure> {
        let result = match text(op, "op") {
            "start" => self.start(op, &[text(op, "uuid")]).map(|decided| self.started(&decided, Shape::One)),
            "start_batch" => {
                let uuids: Vec<_> = op.get("uuids").into_iter().flat_map(list).filter_map(Json::as_str).collect();
                self.start(op, &uuids).map(|decided| self.started(&decided, Shape::Many))
            }
            "dequeue" => Ok(self.dequeue(op)?),
            "launch" => Ok(json!({ "launched": self.queue.launch(at(op)) })),
            "finish" | "stop" => Ok(self.finish(op)?),
            "unblock" => Ok(json!({ "unblocked": self.queue.unblock_oldest(usize::MAX).len() })),
            other => return Err(Failure::unknown_function(other)),
        };
        match (result, stated.get("error")) {
            (Err(failure), Some(error)) => Ok(json!({ "error": stated_failure(error, &failure) })),
            (Err(failure), None) => Err(failure),
            (Ok(_), _) if stated.is_null() => Ok(Json::Null),
            (Ok(result), _) => Ok(only_stated(&result, stated)),
        }
    }

    fn start(&mut self, op: &Json, uuids: &[&str]) -> Result<Decided, Failure> {
        let target = match op.get("restart_instance_id").and_then(Json::as_i64) {
            Some(instance) => Target::Restart(InstanceId(instance)),
            None => Target::Fresh,
        };
        let arrivals: Vec<_> =
            uuids.iter().map(|&uuid| Arrival { uuid: Arc::from(uuid), target, is_failed: false }).collect();
        let strategy = strategy(text(op, "strategy"), op)?;
        let decided = self.queue.start_batch(strategy, &arrivals, &self.past).map_err(|error| refused(&error))?;
        self.keep(&arrivals, &decided);
        Ok(decided)
    }

    /// What a store does with a decision.
    fn keep(&mut self, arrivals: &[Arrival], decided: &Decided) {
        for (run, _) in &decided.stopped {
            self.statuses.insert(run.at.instance, InstanceStatus::Stopped);
        }
        for (arrival, decision) in arrivals.iter().zip(&decided.decisions) {
            let Some(at) = decision.at() else { continue };
            self.past.record(at, &arrival.uuid);
            let status = match decision {
                Decision::Stopped(..) => InstanceStatus::Stopped,
                Decision::Failed(_) => InstanceStatus::Failed,
                Decision::Queued(_) | Decision::Duplicated => InstanceStatus::Created,
            };
            self.statuses.insert(at.instance, status);
        }
    }

    fn started(&self, decided: &Decided, shape: Shape) -> Json {
        let codes: Vec<_> = decided.decisions.iter().map(Decision::code).collect();
        let places: Vec<_> = decided.decisions.iter().map(|decision| decision.at().unwrap_or(At::new(0, 0))).collect();
        let statuses: Map<_, _> =
            self.statuses.iter().map(|(instance, status)| (instance.to_string(), json!(status))).collect();
        if let (Shape::One, Some(code), Some(at)) = (shape, codes.first(), places.first()) {
            return json!({"result": code, "instance_id": at.instance, "run_id": at.run, "statuses": statuses});
        }
        let instances: Vec<_> = places.iter().map(|at| at.instance).collect();
        json!({"result": codes, "instance_ids": instances, "statuses": statuses})
    }

    fn dequeue(&self, op: &Json) -> Result<Json, Failure> {
        let runs = self.queue.dequeue(strategy(text(op, "strategy"), op)?);
        let instances = runs.as_ref().map(|runs| runs.iter().map(|at| at.instance).collect::<Vec<_>>());
        Ok(json!({"size": runs.map(|runs| runs.len()), "instance_ids": instances}))
    }

    fn finish(&mut self, op: &Json) -> Result<Json, Failure> {
        let name = if text(op, "op") == "stop" { "STOPPED" } else { text(op, "status") };
        let status = InstanceStatus::ALL.into_iter().find(|status| status.as_str() == name);
        let status = status.ok_or_else(|| Failure::unknown_function(name))?;
        let was_alive = self.queue.finish(at(op), status);
        if was_alive {
            self.statuses.insert(at(op).instance, status);
        }
        Ok(json!({ "finished": was_alive }))
    }
}

/// Whether a start is told as one result or as lists.
#[derive(Clone, Copy)]
enum Shape {
    One,
    Many,
}

fn strategy(name: &str, op: &Json) -> Result<RunStrategy, Failure> {
    let rule = match name {
        "DEFAULT" | "SEQUENTIAL" => Rule::Sequential,
        "STRICT_SEQUENTIAL" => Rule::StrictSequential,
        "FIRST_ONLY" => Rule::FirstOnly,
        "LAST_ONLY" => Rule::LastOnly,
        "PARALLEL" => Rule::Parallel,
        "SERIAL_LATEST_ONLY" => Rule::SerialLatestOnly,
        other => return Err(Failure::unknown_function(other)),
    };
    let default = if rule == Rule::Parallel { PARALLEL } else { 1 };
    let workflow_concurrency = op.get("workflow_concurrency").and_then(Json::as_i64).unwrap_or(default);
    Ok(RunStrategy { rule, workflow_concurrency })
}

fn refused(error: &Error) -> Failure {
    let kind = match error {
        Error::StillAlive(_) => "MaestroInvalidStatusException",
        Error::TooManyAlive { .. } => "IllegalArgumentException",
        Error::Full { .. } => "MaestroInternalError",
    };
    Failure { kind, text: error.to_string() }
}

/// The stated failure itself where ours agrees, so that the comparison of results sees no difference.
fn stated_failure(stated: &Json, got: &Failure) -> Json {
    let part = stated.get("message_contains").and_then(Json::as_str).unwrap_or_default();
    let is_same = stated.get("class").and_then(Json::as_str) == Some(got.kind) && got.text.contains(part);
    if is_same { stated.clone() } else { json!({"class": got.kind, "message_contains": got.text}) }
}

fn only_stated(result: &Json, stated: &Json) -> Json {
    match (result, stated) {
        (Json::Object(result), Json::Object(stated)) => {
            let kept = stated.iter().map(|(key, stated)| (key, result.get(key), stated));
            let kept = kept.filter_map(|(key, value, stated)| Some((key.clone(), only_stated(value?, stated))));
            Json::Object(kept.collect())
        }
        _ => result.clone(),
    }
}

fn list(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn text<'a>(object: &'a Json, name: &str) -> &'a str {
    object.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn at(object: &Json) -> At {
    let number = |name: &str| object.get(name).and_then(Json::as_i64).unwrap_or_default();
    At::new(number("instance_id"), number("run_id"))
}
