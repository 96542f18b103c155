//! Which steps may run for real while a sample is replayed.

use workflow::definition::{Kind, Step, StepType};

/// Whether a placeholder stands in for a step.
///
/// What may run for real is a list: steps that do nothing but wait or pass, and loops, whose iterations are judged step by step.
/// A step of a kind that is not on it, known or not, never runs.
pub fn stands_in(step: &Step) -> bool {
    match &step.kind {
        Kind::Typed { step_type: StepType::NoOp | StepType::Sleep, .. } => false,
        // An engine refuses to execute a template: that refusal is part of the outcome.
        Kind::Foreach { .. } | Kind::While { .. } | Kind::Template { .. } => false,
        Kind::Typed { .. } | Kind::Subworkflow { .. } => true,
    }
}
