//! From a run of a workflow down to the leaf iterations of a step, in the order of their numbers.

use std::cell::Cell;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::{
    super::{attempt, run::Stored},
    Flow, run_of,
};
use crate::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId, WorkflowId},
    iteration::{encode_by_length, leaf_step_instance_ref},
    life::{Bound, Order, RowKey, Rows, Scan, Table, row},
    port::{Reason, Refusal},
};

/// Iterations whose rows are read for one answer at most.
const ITERATIONS_MAX: usize = 100_000;

/// Rows read in one scan.
const SCAN: usize = 64;

/// Runs of one iteration that are looked at for the one that counts.
const RUNS_MAX: usize = 1_000;

/// What is looked at: a step inside loops, as a run of the workflow around them left it.
pub(super) struct View<'a> {
    rows: &'a dyn Rows,
    pub(super) instance: InstanceKey,
    pub(super) run: RunId,
    pub(super) step: StepId,
    /// The foreach steps around the step, outermost first; empty where there are none.
    loops: Vec<StepId>,
    /// The names of their loop variables.
    variables: Vec<String>,
    read: Cell<usize>,
}

/// One iteration of the innermost loop with the step's latest attempt.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The number of the iteration in each loop, outermost first.
    pub(super) ids: Vec<i64>,
    root_run: RunId,
    body: WorkflowId,
    /// Run and attempt of every step on the way, outermost first, those of the leaf last.
    attempts: Vec<(i64, i64)>,
    pub(super) variables: IndexMap<String, String>,
    pub(super) state: Json,
}

/// In which order iterations are met, and behind which one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    pub(super) order: Order,
    pub(super) after: Option<&'a [i64]>,
}

impl<'a> View<'a> {
    pub(super) fn new(rows: &'a dyn Rows, run: &Stored, step: &StepId) -> Self {
        let (mut loops, mut variables) = (Vec::new(), Vec::new());
        if !find(&run.seed()["runtime_workflow"]["steps"], step, &mut loops, &mut variables) {
            loops.clear();
        }
        let RunKey { workflow, instance, run } = run.key.clone();
        let instance = InstanceKey { workflow, instance };
        Self { rows, instance, run, step: step.clone(), loops, variables, read: Cell::new(0) }
    }

    /// Meets the leaves in order until told to stop.
    pub(super) fn each(
        &self,
        way: Way<'_>,
        visit: &mut dyn FnMut(Leaf) -> Result<Flow, Refusal>,
    ) -> Result<(), Refusal> {
        if self.loops.is_empty() {
            return Ok(());
        }
        let root = (self.instance.clone(), self.run);
        self.walk(&root, &mut Vec::new(), way, visit).map(drop)
    }

    /// The leaf with these numbers.
    pub(super) fn leaf(&self, ids: &[i64]) -> Result<Option<Leaf>, Refusal> {
        if ids.len() != self.loops.len() || self.loops.is_empty() {
            return Ok(None);
        }
        let mut place = (self.instance.clone(), self.run);
        for (level, id) in ids.iter().enumerate() {
            let Some(body) = self.body(&place, level)? else { return Ok(None) };
            let instance = InstanceKey { workflow: body, instance: InstanceId(*id) };
            let Some(run) = self.run_that_counts(&instance)? else { return Ok(None) };
            place = (instance, run);
        }
        self.leaf_at(&place, ids)
    }

    fn walk(
        &self,
        place: &(InstanceKey, RunId),
        ids: &mut Vec<i64>,
        way: Way<'_>,
        visit: &mut dyn FnMut(Leaf) -> Result<Flow, Refusal>,
    ) -> Result<Flow, Refusal> {
        if ids.len() == self.loops.len() {
            return match self.leaf_at(place, ids)? {
                Some(leaf) => visit(leaf),
                None => Ok(Flow::Continue(())),
            };
        }
        let level = ids.len();
        let Some(body) = self.body(place, level)? else { return Ok(Flow::Continue(())) };
        let is_last = level + 1 == self.loops.len();
        let mut next = way.after.and_then(|after| after.get(level).copied()).map(|id| match (is_last, way.order) {
            (false, _) => id,
            (true, Order::Ascending) => id.saturating_add(1),
            (true, Order::Descending) => id.saturating_sub(1),
        });
        while let Some(id) = self.iteration(&body, next, way.order)? {
            // Below a later iteration nothing is left out.
            let is_cursor = way.after.is_some_and(|after| after.get(level) == Some(&id));
            let below = Way { after: way.after.filter(|_| is_cursor), ..way };
            next = Some(match way.order {
                Order::Ascending => id.saturating_add(1),
                Order::Descending => id.saturating_sub(1),
            });
            let instance = InstanceKey { workflow: body.clone(), instance: InstanceId(id) };
            let Some(run) = self.run_that_counts(&instance)? else { continue };
            ids.push(id);
            let flow = self.walk(&(instance, run), ids, below, visit);
            ids.pop();
            if flow?.is_break() {
                return Ok(Flow::Break(()));
            }
        }
        Ok(Flow::Continue(()))
    }

    /// The body of the loop at a level, as the step's latest attempt names it.
    fn body(&self, place: &(InstanceKey, RunId), level: usize) -> Result<Option<WorkflowId>, Refusal> {
        let (instance, run) = place;
        let found = attempt::latest_of_step(self.rows, instance, *run, &self.loops[level])?;
        let Some((key, body)) = found else { return Ok(None) };
        let row: Json = row::parse(&key, &body)?;
        Ok(row["artifacts"]["maestro_foreach"]["foreach_workflow_id"].as_str().map(WorkflowId::from))
    }

    /// The first iteration from a number on, in an order.
    fn iteration(&self, body: &WorkflowId, from: Option<i64>, order: Order) -> Result<Option<i64>, Refusal> {
        let at = |first| RowKey { first, ..RowKey::named(Table::Seed, body) };
        let (low, high) = match order {
            Order::Ascending => (from.unwrap_or(1).max(1), i64::MAX),
            Order::Descending => (1, from.unwrap_or(i64::MAX - 1).saturating_add(1)),
        };
        let (from, to) = (Bound::Included(at(low)), Bound::Excluded(at(high)));
        let found = self.rows.scan(&Scan { table: Table::Seed, from, to, order, limit: 1 })?;
        self.read.set(self.read.get() + 1);
        if self.read.get() > ITERATIONS_MAX {
            let message =
                format!("more than {ITERATIONS_MAX} iterations would have to be read: ask for less of the view");
            return Err(Refusal::new(Reason::UnprocessableEntity, message));
        }
        Ok(found.first().map(|(key, _)| key.first))
    }

    /// The latest run of an iteration that belongs to the run that is looked at or to one before it.
    fn run_that_counts(&self, instance: &InstanceKey) -> Result<Option<RunId>, Refusal> {
        let mut scan = Scan::instance(Table::Seed, instance, Order::Descending, SCAN.min(4));
        for _ in 0..RUNS_MAX / SCAN {
            let page = self.rows.scan(&scan)?;
            for (key, body) in &page {
                let seed: Json = row::parse(key, body)?;
                if self.root_run(&seed) <= self.run {
                    return Ok(Some(RunId(key.second)));
                }
            }
            let Some((last, _)) = page.last() else { return Ok(None) };
            scan.to = Bound::Excluded(last.clone());
            scan.limit = SCAN;
        }
        Ok(None)
    }

    /// The steps around a run of a loop body from the workflow on that is looked at.
    fn ancestors<'s>(&self, seed: &'s Json) -> impl Iterator<Item = &'s Json> + use<'s> {
        let all = seed["initiator"]["ancestors"].as_array().map_or(&[][..], Vec::as_slice);
        let root = all.iter().rposition(|one| one["workflow_id"] == *self.instance.workflow);
        all[root.unwrap_or(0)..].iter()
    }

    fn root_run(&self, seed: &Json) -> RunId {
        self.ancestors(seed).next().map(|root| run_of(&root["run_id"])).unwrap_or_default()
    }

    fn leaf_at(&self, place: &(InstanceKey, RunId), ids: &[i64]) -> Result<Option<Leaf>, Refusal> {
        let (instance, run) = place;
        let found = attempt::latest_of_step(self.rows, instance, *run, &self.step)?;
        let Some((key, body)) = found else { return Ok(None) };
        let attempt: Json = row::parse(&key, &body)?;
        let stored = Stored::expect(self.rows, instance, Some(key.second))?;
        let seed = stored.seed();
        let number = |json: &Json, field: &str| json[field].as_i64().unwrap_or_default();
        let around = self.ancestors(seed).map(|one| (number(one, "run_id"), number(one, "step_attempt_id")));
        let mut variables = IndexMap::new();
        for name in &self.variables {
            match &seed["params"][name]["value"] {
                Json::Null => {}
                Json::String(text) => drop(variables.insert(name.clone(), text.clone())),
                value => drop(variables.insert(name.clone(), value.to_string())),
            }
        }
        Ok(Some(Leaf {
            ids: ids.to_vec(),
            root_run: self.root_run(seed),
            body: instance.workflow.clone(),
            attempts: around.chain([(key.second, key.third)]).collect(),
            variables,
            state: attempt["runtime_state"].clone(),
        }))
    }
}

impl Leaf {
    /// Text that sorts as the numbers of the iterations do.
    pub(super) fn rank(&self) -> String {
        encoded(self.ids.iter().copied())
    }

    /// As clients read it.
    pub(super) fn document(&self, view: &View<'_>) -> Json {
        let (rank, sequence) = (self.rank(), encoded(self.attempts.iter().flat_map(|&(run, attempt)| [run, attempt])));
        let leaf = leaf_step_instance_ref(Some(&self.body), &rank, &view.step, &sequence);
        let variables: Map<String, Json> =
            self.variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        json!({
            "workflow_id": view.instance.workflow,
            "workflow_instance_id": view.instance.instance,
            "workflow_run_id": self.root_run,
            "step_id": view.step,
            "iteration_rank": rank,
            "step_attempt_seq": sequence,
            "leaf_step_instance_ref": leaf,
            "loop_params": variables,
            "step_runtime_state": self.state,
        })
    }
}

fn encoded(numbers: impl Iterator<Item = i64>) -> String {
    let encoded = numbers.filter_map(|number| encode_by_length(&number.to_string()));
    encoded.collect::<Vec<_>>().join("-")
}

/// Finds the foreach steps around a step, with the names of their loop variables.
fn find(steps: &Json, wanted: &StepId, loops: &mut Vec<StepId>, variables: &mut Vec<String>) -> bool {
    for (kind, step) in steps.as_array().into_iter().flatten().filter_map(Json::as_object).flatten() {
        if step["id"] == wanted.as_str() {
            return !loops.is_empty();
        }
        if kind != "foreach" {
            continue;
        }
        let known = variables.len();
        loops.push(StepId::from(step["id"].as_str().unwrap_or_default()));
        let names = step["params"]["loop_params"]["value"].as_object().into_iter().flatten().map(|(name, _)| name);
        variables.extend(names.cloned());
        if find(&step["steps"], wanted, loops, variables) {
            return true;
        }
        loops.pop();
        variables.truncate(known);
    }
    false
}
