//! The seams at which a decision can be wrapped.
//!
//! A machine computes each decision itself and passes it through here; [`Faithful`] returns it unchanged. A test of the replay
//! harness wraps a decision to make an engine wrong on purpose, without a switch inside the engine.

use crate::{
    id::{AttemptKey, RunKey, StepId},
    param::Params,
};

/// Sees every decision of a machine before it is acted upon.
pub trait Decisions: Send + Sync + std::fmt::Debug {
    /// Whether a failed attempt is tried again.
    fn retries(&self, _attempt: &AttemptKey, decided: bool) -> bool {
        decided
    }

    /// Whether all predecessors of a step are complete.
    fn gate_is_open(&self, _run: &RunKey, _step: &StepId, decided: bool) -> bool {
        decided
    }

    /// Whether an edge is taken.
    fn edge_is_taken(&self, _run: &RunKey, _from: &StepId, _to: &StepId, decided: bool) -> bool {
        decided
    }

    /// The params of an attempt: `evaluate` evaluates what it is given.
    fn step_params(&self, _attempt: &AttemptKey, params: Params, evaluate: &mut dyn FnMut(Params) -> Params) -> Params {
        evaluate(params)
    }

    /// How many iterations a loop runs.
    fn iterations(&self, _attempt: &AttemptKey, decided: usize) -> usize {
        decided
    }
}

/// Changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Faithful;

impl Decisions for Faithful {}
