//! Decisions made wrongly, each in one way. They have no state, so that a sample shows the same defect every time.

use std::sync::Arc;

use workflow::{
    id::{AttemptId, AttemptKey, RunKey, StepId},
    life::Decisions,
    param::{Body, Param, Params, Source, settle},
};

#[derive(Debug)]
pub(super) struct RetryLost;

impl Decisions for RetryLost {
    fn retries(&self, _: &AttemptKey, _: bool) -> bool {
        false
    }
}

#[derive(Debug)]
pub(super) struct RetryUndue;

impl Decisions for RetryUndue {
    fn retries(&self, attempt: &AttemptKey, decided: bool) -> bool {
        decided || attempt.attempt == AttemptId::FIRST
    }
}

#[derive(Debug)]
pub(super) struct EarlyJoin;

impl Decisions for EarlyJoin {
    fn gate_is_open(&self, _: &RunKey, _: &StepId, _: bool) -> bool {
        true
    }
}

#[derive(Debug)]
pub(super) struct GateLost;

impl Decisions for GateLost {
    fn gate_is_open(&self, _: &RunKey, _: &StepId, _: bool) -> bool {
        false
    }
}

#[derive(Debug)]
pub(super) struct EdgeLost;

impl Decisions for EdgeLost {
    fn edge_is_taken(&self, _: &RunKey, _: &StepId, _: &StepId, _: bool) -> bool {
        false
    }
}

#[derive(Debug)]
pub(super) struct EdgeAlways;

impl Decisions for EdgeAlways {
    fn edge_is_taken(&self, _: &RunKey, _: &StepId, _: &StepId, _: bool) -> bool {
        true
    }
}

#[derive(Debug)]
pub(super) struct IterationLost;

impl Decisions for IterationLost {
    fn iterations(&self, _: &AttemptKey, decided: usize) -> usize {
        decided.saturating_sub(1)
    }
}

#[derive(Debug)]
pub(super) struct ParamLost;

impl Decisions for ParamLost {
    fn step_params(&self, _: &AttemptKey, mut params: Params, evaluate: &mut dyn FnMut(Params) -> Params) -> Params {
        let is_set = |param: &Param| !matches!(param.definition.source, Some(Source::System | Source::SystemDefault));
        if let Some(last) = params.values().rposition(|param| is_set(param)) {
            params.shift_remove_index(last);
        }
        evaluate(params)
    }
}

#[derive(Debug)]
pub(super) struct ParamTwice;

/// Under this name an expression sees its own result as the step's param of its name.
const AGAIN: &str = "evaluated_again";

impl Decisions for ParamTwice {
    fn step_params(&self, _: &AttemptKey, params: Params, evaluate: &mut dyn FnMut(Params) -> Params) -> Params {
        let mut params = evaluate(params);
        let names: Vec<_> = params.iter().filter(|(name, param)| builds_on_itself(name, param)).collect();
        let names: Vec<Arc<str>> = names.into_iter().map(|(name, _)| Arc::clone(name)).collect();
        for name in names {
            let Some(moved) = moved_again(&name, &params, evaluate) else { continue };
            if let Some(param) = params.get_mut(&name) {
                Arc::make_mut(param).evaluated.clone_from(&moved.evaluated);
            }
        }
        params
    }
}

/// The param as a second evaluation leaves it: its own result now stands where the param of its name stood before.
fn moved_again(name: &Arc<str>, params: &Params, evaluate: &mut dyn FnMut(Params) -> Params) -> Option<Arc<Param>> {
    let param = params.get(name)?;
    let mut settled = params.clone();
    let frozen = Param { definition: settle::definition(name, param).ok()?, evaluated: param.evaluated.clone() };
    settled.insert(Arc::clone(name), Arc::new(frozen));
    let again = Param { definition: Arc::clone(&param.definition), evaluated: None };
    settled.insert(Arc::from(AGAIN), Arc::new(again));
    evaluate(settled).shift_remove(AGAIN).filter(|moved| moved.evaluated.is_some())
}

/// Whether a param's expression names a param of its own name, as `i: i + 1` does in a loop's body.
fn builds_on_itself(name: &str, param: &Param) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match &param.definition.body {
        Body::Expression(text) => text.split(|c| !is_word(c)).any(|word| word == name),
        Body::Literal(_) | Body::Absent => false,
    }
}
