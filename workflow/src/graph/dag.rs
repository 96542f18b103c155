//! The runtime DAG: steps by position, in the order in which documents list them.
//!
//! Invariant: every position in a node is that of a node of the same DAG.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::id::StepId;

/// The steps of a run and what leads from one to the next.
///
/// A position is a step's index in the document's key order; documents count from 1 (`ordinal = position + 1`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dag {
    nodes: IndexMap<StepId, Node>,
}

/// One step's neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Positions of the steps that it waits for.
    pub predecessors: Vec<usize>,
    /// What comes after it, in written order.
    pub successors: Vec<Edge>,
}

/// A way from a step to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Position of the next step.
    pub to: usize,
    /// The SEL condition as written; `None` parses and fails when evaluated.
    pub condition: Option<Arc<str>>,
}

impl Dag {
    /// Takes nodes whose positions are known to be in range.
    pub(super) fn of(nodes: IndexMap<StepId, Node>) -> Self {
        debug_assert!(nodes.values().all(|node| {
            let successors = node.successors.iter().map(|edge| edge.to);
            node.predecessors.iter().copied().chain(successors).all(|position| position < nodes.len())
        }));
        Self { nodes }
    }

    /// How many steps a run has.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Where a step stands.
    pub fn position(&self, step: &str) -> Option<usize> {
        self.nodes.get_index_of(step)
    }

    /// Whether a run includes the step.
    pub fn contains(&self, step: &str) -> bool {
        self.nodes.contains_key(step)
    }

    /// The step at a position of this DAG.
    pub fn id(&self, position: usize) -> &StepId {
        self.nodes.get_index(position).expect("a position comes from the DAG that it is used with").0
    }

    /// The neighbours of the step at a position of this DAG.
    pub fn node(&self, position: usize) -> &Node {
        &self.nodes[position]
    }

    /// The steps in document order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &StepId> {
        self.nodes.keys()
    }

    /// The steps with their neighbours, in document order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&StepId, &Node)> {
        self.nodes.iter()
    }

    /// Whether a run begins with the step.
    pub fn is_root(&self, step: &str) -> bool {
        self.nodes.get(step).is_some_and(|node| node.predecessors.is_empty())
    }

    /// Positions of the steps that wait for nothing.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        self.nodes.values().enumerate().filter(|(_, node)| node.predecessors.is_empty()).map(|(position, _)| position)
    }
}
