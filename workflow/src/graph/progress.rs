//! How far a run has come, kept up to date step by step.
//!
//! Each change costs as much as the edges that it opens or closes, never as much as the DAG. A step is *cut* when one of its
//! predecessors failed or is cut itself: its gate stays closed unless somebody restarts what failed.

use super::{Dag, Error};
use crate::id::StepId;

/// Where each step of one run stands, as far as gates are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    steps: Vec<Standing>,
    /// Steps that are neither settled nor cut.
    open: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    end: End,
    /// Predecessors that are not complete.
    waiting: usize,
    /// Predecessors that failed, are placeholders or are cut.
    blocked: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It has not ended.
    None,
    /// It opens gates.
    Complete,
    /// It keeps gates closed.
    Failed,
    /// A root that waits for somebody to start it.
    Placeholder,
}

impl Progress {
    /// A run in which nothing has ended. `restarted` is the step that it restarts, if it restarts one.
    pub fn new(dag: &Dag, restarted: Option<&StepId>) -> Result<Self, Error> {
        let standing = |waiting| Standing { end: End::None, waiting, blocked: 0 };
        let steps = dag.nodes().map(|(_, node)| standing(node.predecessors.len())).collect();
        let mut progress = Self { steps, open: dag.len() };
        if restarted.is_some() {
            for root in dag.placeholders(restarted)? {
                progress.set(dag, root, End::Placeholder);
            }
        }
        Ok(progress)
    }

    /// Whether every step has ended or can no longer be started.
    pub fn is_done(&self) -> bool {
        self.open == 0
    }

    /// Whether all predecessors of a step are complete.
    pub fn is_gate_open(&self, step: usize) -> bool {
        self.steps[step].waiting == 0
    }

    /// Whether a predecessor of a step, near or far, failed or waits for somebody to start it.
    pub fn is_cut(&self, step: usize) -> bool {
        self.steps[step].blocked > 0
    }

    /// Whether a step is a root that waits for somebody to start it.
    pub fn is_placeholder(&self, step: usize) -> bool {
        self.steps[step].end == End::Placeholder
    }

    /// Roots that the run starts by itself.
    pub fn starts(&self, dag: &Dag) -> Vec<usize> {
        dag.roots().filter(|&root| !self.is_placeholder(root)).collect()
    }

    /// Notes that a step is complete; gives back the steps whose gates open by it, in written order.
    pub fn complete(&mut self, dag: &Dag, step: usize) -> Vec<usize> {
        if self.steps[step].end == End::Complete {
            return Vec::new();
        }
        self.set(dag, step, End::Complete);
        let mut opened = Vec::new();
        for edge in &dag.node(step).successors {
            let next = &mut self.steps[edge.to];
            next.waiting -= 1;
            if next.waiting == 0 {
                opened.push(edge.to);
            }
        }
        opened
    }

    /// Notes that a step failed and is not tried again by the system.
    pub fn fail(&mut self, dag: &Dag, step: usize) {
        if self.steps[step].end == End::None {
            self.set(dag, step, End::Failed);
        }
    }

    /// Notes that a step that failed, or a placeholder, was started again by somebody.
    pub fn reopen(&mut self, dag: &Dag, step: usize) {
        if matches!(self.steps[step].end, End::Failed | End::Placeholder) {
            self.set(dag, step, End::None);
        }
    }

    fn set(&mut self, dag: &Dag, step: usize, end: End) {
        let mut changed = Vec::new();
        self.update(step, |standing| standing.end = end, &mut changed);
        while let Some(step) = changed.pop() {
            let blocks = self.steps[step].blocks();
            for edge in &dag.node(step).successors {
                let block = |next: &mut Standing| if blocks { next.blocked += 1 } else { next.blocked -= 1 };
                self.update(edge.to, block, &mut changed);
            }
        }
    }

    /// Changes one step; it joins `changed` when what it means to its successors is not what it was.
    fn update(&mut self, step: usize, change: impl FnOnce(&mut Standing), changed: &mut Vec<usize>) {
        let before = self.steps[step];
        change(&mut self.steps[step]);
        let after = self.steps[step];
        self.open += usize::from(after.is_open());
        self.open -= usize::from(before.is_open());
        if before.blocks() != after.blocks() {
            changed.push(step);
        }
    }
}

impl Standing {
    /// Whether it may still be started, or runs.
    fn is_open(self) -> bool {
        self.end == End::None && self.blocked == 0
    }

    /// Whether its successors' gates stay closed.
    fn blocks(self) -> bool {
        match self.end {
            End::None => self.blocked > 0,
            End::Complete => false,
            End::Failed | End::Placeholder => true,
        }
    }
}
