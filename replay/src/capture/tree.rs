//! A run with all that ran below it.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    outcome::step_path,
};

use super::{
    Error,
    reader::{Reader, has_ended},
};

/// Runs that one sample may have; twice the largest loop.
const RUNS_MAX: usize = 50_000;

/// A root run and the iterations of its loops, as if it had been started by hand.
pub(super) struct Tree {
    /// Each run's document and those of its attempts; the root's runs first, parents before children.
    pub runs: Vec<(Json, Vec<Json>)>,
    /// Sub-workflows that were launched anywhere in it.
    pub children: Vec<InstanceKey>,
}

impl Tree {
    /// Reads everything below an instance, apart from what its sub-workflows did.
    pub(super) async fn read(reader: &Reader<'_>, root: &InstanceKey) -> Result<Self, Error> {
        let mut tree = Self { runs: Vec::new(), children: Vec::new() };
        let mut waiting = VecDeque::from([root.clone()]);
        let mut seen = BTreeSet::from([root.clone()]);
        let mut children = BTreeSet::new();
        let mut depth = 0;
        while let Some(instance) = waiting.pop_front() {
            for mut run in reader.runs(&instance).await? {
                if instance == *root {
                    if !has_ended(&run) {
                        return Err(Error::Alive(root.clone()));
                    }
                    depth = ancestors(&run).len();
                }
                if tree.runs.len() >= RUNS_MAX {
                    return Err(Error::TooLarge { instance: root.clone(), most: RUNS_MAX });
                }
                lift(&mut run, depth);
                let number = run["workflow_run_id"].as_i64().unwrap_or(1);
                let attempts = reader.attempts(&instance, number).await?;
                for attempt in &attempts {
                    children.extend(child(attempt));
                    waiting.extend(iterations(attempt).filter(|iteration| seen.insert(iteration.clone())));
                }
                tree.runs.push((run, attempts));
            }
        }
        tree.children.extend(children);
        let number = |run: &Json, name: &str| run[name].as_i64().unwrap_or(0);
        tree.runs
            .sort_by_key(|(run, _)| (ancestors(run).len(), number(run, "create_time"), number(run, "workflow_run_id")));
        Ok(tree)
    }

    /// The root's own runs, first run first.
    pub(super) fn root_runs(&self) -> impl Iterator<Item = &(Json, Vec<Json>)> {
        self.runs.iter().filter(|(run, _)| ancestors(run).is_empty())
    }
}

/// Where a step of a run stands in the tree.
pub(super) fn path_of(run: &Json, step: &str) -> String {
    let above: Vec<(RunKey, StepId)> = ancestors(run).iter().map(above).collect();
    let own = key(run, ["workflow_id", "workflow_instance_id", "workflow_run_id"]);
    step_path(above.iter().map(|(run, step)| (run, step)), &own, &StepId::from(step))
}

fn ancestors(run: &Json) -> &[Json] {
    run.pointer("/initiator/ancestors").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn above(ancestor: &Json) -> (RunKey, StepId) {
    let step = ancestor["step_id"].as_str().unwrap_or_default();
    (key(ancestor, ["workflow_id", "instance_id", "run_id"]), StepId::from(step))
}

fn key(document: &Json, [workflow, instance, run]: [&str; 3]) -> RunKey {
    RunKey {
        workflow: WorkflowId::from(document[workflow].as_str().unwrap_or_default()),
        instance: InstanceId(document[instance].as_i64().unwrap_or(1)),
        run: RunId(document[run].as_i64().unwrap_or(1)),
    }
}

/// Takes the outermost ancestors away, so that a child's tree begins with the child.
fn lift(run: &mut Json, depth: usize) {
    let Some(Json::Array(ancestors)) = run.pointer_mut("/initiator/ancestors") else { return };
    ancestors.drain(..depth.min(ancestors.len()));
    if ancestors.is_empty() {
        run["initiator"] = json!({ "type": "MANUAL", "depth": 0 });
    }
}

/// The sub-workflow that an attempt launched.
fn child(attempt: &Json) -> Option<InstanceKey> {
    let artifact = attempt.pointer("/artifacts/maestro_subworkflow")?;
    let workflow = WorkflowId::from(artifact["subworkflow_id"].as_str()?);
    Some(InstanceKey { workflow, instance: InstanceId(artifact["subworkflow_instance_id"].as_i64()?) })
}

/// The iterations that an attempt of a loop may have launched.
fn iterations(attempt: &Json) -> impl Iterator<Item = InstanceKey> + use<> {
    let number = |pointer: &str| attempt.pointer(pointer).and_then(Json::as_i64);
    let body = |pointer: &str| attempt.pointer(pointer).and_then(Json::as_str).map(WorkflowId::from);
    let foreach = body("/artifacts/maestro_foreach/foreach_workflow_id")
        .map(|body| (body, 1, number("/artifacts/maestro_foreach/next_loop_index").unwrap_or(0)));
    let repeated = body("/artifacts/maestro_while/loop_workflow_id").map(|body| {
        let at = |name: &str| number(&format!("/artifacts/maestro_while/{name}")).unwrap_or(0);
        (body, at("first_iteration").max(1), at("last_iteration"))
    });
    let loops: Vec<_> = foreach.into_iter().chain(repeated).collect();
    loops.into_iter().flat_map(|(workflow, first, last)| {
        (first..=last).map(move |number| InstanceKey { workflow: workflow.clone(), instance: InstanceId(number) })
    })
}
