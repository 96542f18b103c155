//! The linear paths by which the flow engine of the 2.x line walks a DAG, with gates where paths meet.

use indexmap::IndexSet;

use super::{
    Dag,
    hash_order::{self, Insertion},
};
use crate::id::StepId;

/// One stop on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Wait until all predecessors of the step at this position are complete.
    Gate(usize),
    /// Run the step at this position.
    Step(usize),
}

impl Dag {
    /// Every step on exactly one path; `definition_order` lists the steps as the workflow does.
    ///
    /// A path follows the first edge that is not used yet; where other edges still lead to a step, a gate stands before it.
    pub fn paths<'a>(&self, definition_order: impl IntoIterator<Item = &'a StepId>) -> Vec<Vec<Stop>> {
        let mut links = Links::of(self, definition_order);
        let mut paths = Vec::new();
        while let Some(start) = links.starts.shift_remove_index(0) {
            paths.push(links.path(start));
        }
        paths
    }
}

/// The edges that no path has used yet.
struct Links {
    successors: Vec<IndexSet<usize>>,
    predecessors: Vec<IndexSet<usize>>,
    starts: IndexSet<usize>,
}

impl Links {
    fn of<'a>(dag: &Dag, definition_order: impl IntoIterator<Item = &'a StepId>) -> Self {
        let written: IndexSet<usize> = definition_order.into_iter().filter_map(|id| dag.position(id)).collect();
        let id = |index: &usize| dag.id(written[*index]).as_str();
        let visits = hash_order::order((0..written.len()).collect::<Vec<_>>().iter().map(id), Insertion::Merge);

        let mut predecessors = vec![IndexSet::new(); dag.len()];
        let mut seen = IndexSet::new();
        for step in visits.into_iter().map(|index| written[index]) {
            seen.insert(step);
            for edge in &dag.node(step).successors {
                seen.insert(edge.to);
                predecessors[edge.to].insert(step);
            }
        }
        let order = hash_order::order(seen.iter().map(|&step| dag.id(step).as_str()), Insertion::Put);
        let starts = order.into_iter().map(|index| seen[index]).filter(|&step| predecessors[step].is_empty()).collect();
        let successors = dag.nodes().map(|(_, node)| node.successors.iter().map(|edge| edge.to).collect()).collect();
        Self { successors, predecessors, starts }
    }

    fn path(&mut self, start: usize) -> Vec<Stop> {
        let mut path = Vec::new();
        let mut visited = IndexSet::new();
        let mut branches: IndexSet<usize> = IndexSet::new();
        let mut current = Some(start);
        while let Some(step) = current {
            let next = self.successors[step].shift_remove_index(0);
            if let Some(next) = next {
                self.predecessors[next].shift_remove(&step);
                branches.extend(&self.successors[step]);
            }
            if !self.predecessors[step].is_empty() {
                path.push(Stop::Gate(step));
                for &other in &self.predecessors[step] {
                    self.successors[other].shift_remove(&step);
                }
            }
            path.push(Stop::Step(step));
            visited.insert(step);
            current = next;
        }
        self.starts.retain(|step| !visited.contains(step));
        self.starts.extend(branches.into_iter().filter(|step| !visited.contains(step)));
        path
    }
}
