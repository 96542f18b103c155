//! From the steps of a definition to the DAG of a run.

use std::{collections::VecDeque, sync::Arc};

use indexmap::{IndexMap, IndexSet};

use super::{
    Dag, Edge, Error, Node,
    hash_order::{self, Insertion},
};
use crate::{
    definition::{Kind, Step},
    id::StepId,
};

/// Which steps a run includes.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All of them.
    Whole,
    /// Some steps and what follows them.
    Part {
        /// Where the run begins.
        start: &'a [StepId],
        /// Steps whose successors are left out.
        end: &'a [StepId],
    },
}

/// The DAG of a run of `workflow`, in the order in which documents list it.
pub fn translate(workflow: &str, steps: &[Arc<Step>], scope: Scope<'_>) -> Result<Dag, Error> {
    let level = Level::of(workflow, steps)?;
    let (members, insertion) = match scope {
        Scope::Whole => ((0..steps.len()).collect(), Insertion::Merge),
        Scope::Part { start, end } => (level.reached(start, end)?, Insertion::Put),
    };
    let order = hash_order::order(members.iter().map(|&index| steps[index].id.as_str()), insertion);
    let members: Vec<usize> = order.into_iter().map(|index| members[index]).collect();
    let dag = level.dag(&members, scope);
    if has_cycle(&dag) { Err(Error::Cycle { workflow: workflow.to_owned() }) } else { Ok(dag) }
}

/// The DAG as it is written, in definition order: nothing is checked but that edges lead somewhere, and predecessors that are not written are not filled in.
pub fn written(workflow: &str, steps: &[Arc<Step>]) -> Result<Dag, Error> {
    let level = Level::of(workflow, steps)?;
    let nodes = steps.iter().map(|step| {
        let predecessors = step.transition.predecessors.iter().flatten();
        let predecessors = predecessors.filter_map(|id| level.by_id.get(id.as_str()).copied()).collect();
        let successors = level.successors(step).map(|(to, condition)| Edge { to, condition }).collect();
        (step.id.clone(), Node { predecessors, successors })
    });
    Ok(Dag::of(nodes.collect()))
}

/// Ids of the steps and of all that they nest, in written order.
pub fn all_step_ids(steps: &[Arc<Step>]) -> Vec<&StepId> {
    let mut ids = Vec::with_capacity(steps.len());
    collect_ids(steps, &mut ids);
    ids
}

/// Nesting is bounded where a definition is read.
fn collect_ids<'a>(steps: &'a [Arc<Step>], ids: &mut Vec<&'a StepId>) {
    for step in steps {
        ids.push(&step.id);
        if let Kind::Foreach { steps, .. } | Kind::While { steps, .. } = &step.kind {
            collect_ids(steps, ids);
        }
    }
}

/// The steps of one nesting level, whose ids are distinct and whose edges all lead to one of them.
struct Level<'a> {
    steps: &'a [Arc<Step>],
    by_id: IndexMap<&'a str, usize>,
}

impl<'a> Level<'a> {
    fn of(workflow: &str, steps: &'a [Arc<Step>]) -> Result<Self, Error> {
        let mut by_id = IndexMap::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            if by_id.insert(step.id.as_str(), index).is_some() {
                return Err(Error::Duplicate { workflow: workflow.to_owned(), step: step.id.clone() });
            }
        }
        let successors = steps.iter().filter_map(|step| step.transition.successors.as_ref()).flat_map(IndexMap::keys);
        let strangers: IndexSet<&str> = successors.map(StepId::as_str).filter(|id| !by_id.contains_key(id)).collect();
        if strangers.is_empty() {
            return Ok(Self { steps, by_id });
        }
        Err(Error::Mismatch { workflow: workflow.to_owned(), steps: steps.len(), named: steps.len() + strangers.len() })
    }

    fn successors(&self, step: &'a Step) -> impl Iterator<Item = (usize, Option<Arc<str>>)> {
        let edges = step.transition.successors.iter().flatten();
        edges.map(|(id, condition)| (self.by_id[id.as_str()], condition.clone()))
    }

    /// Indices of the steps from `start` on, in order of discovery.
    fn reached(&self, start: &[StepId], end: &[StepId]) -> Result<Vec<usize>, Error> {
        let index = |id: &StepId| self.by_id.get(id.as_str()).copied();
        let mut found = IndexSet::new();
        let mut pending = VecDeque::new();
        for id in start {
            let step = index(id).ok_or_else(|| Error::UnknownStart { step: id.clone() })?;
            found.insert(step);
            pending.push_back(step);
        }
        for id in end {
            found.insert(index(id).ok_or_else(|| Error::UnknownEnd { step: id.clone() })?);
        }
        while let Some(step) = pending.pop_front() {
            if end.contains(&self.steps[step].id) {
                continue;
            }
            for (next, _) in self.successors(&self.steps[step]) {
                if found.insert(next) {
                    pending.push_back(next);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Predecessors stand as written where they are written, else in the order of the DAG; those outside are dropped.
    fn dag(&self, members: &[usize], scope: Scope<'_>) -> Dag {
        let (start, end): (&[StepId], &[StepId]) = match scope {
            Scope::Whole => (&[], &[]),
            Scope::Part { start, end } => (start, end),
        };
        let mut position = vec![None; self.steps.len()];
        for (place, &index) in members.iter().enumerate() {
            position[index] = Some(place);
        }
        let mut nodes: Vec<Node> = vec![Node::default(); members.len()];
        for (place, &index) in members.iter().enumerate() {
            let step = &self.steps[index];
            if end.contains(&step.id) {
                continue;
            }
            for (next, condition) in self.successors(step) {
                let to = position[next].expect("what follows a step of a run belongs to the run");
                nodes[place].successors.push(Edge { to, condition });
                nodes[to].predecessors.push(place);
            }
        }
        for (place, &index) in members.iter().enumerate() {
            let step = &self.steps[index];
            let Some(listed) = step.transition.predecessors.as_ref().filter(|_| !start.contains(&step.id)) else {
                continue;
            };
            let listed: Vec<usize> = listed.iter().filter_map(|id| position[*self.by_id.get(id.as_str())?]).collect();
            let rank = |place: &usize| listed.iter().position(|other| other == place).unwrap_or(usize::MAX);
            nodes[place].predecessors.sort_by_key(rank);
        }
        Dag::of(members.iter().map(|&index| self.steps[index].id.clone()).zip(nodes).collect())
    }
}

fn has_cycle(dag: &Dag) -> bool {
    let mut waiting: Vec<usize> = dag.nodes().map(|(_, node)| node.predecessors.len()).collect();
    let mut ready: Vec<usize> = dag.roots().collect();
    let mut visited = 0;
    while let Some(step) = ready.pop() {
        visited += 1;
        for edge in &dag.node(step).successors {
            waiting[edge.to] -= 1;
            if waiting[edge.to] == 0 {
                ready.push(edge.to);
            }
        }
    }
    visited != dag.len()
}
