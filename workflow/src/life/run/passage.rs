//! How long runs and steps take, by what they have behind them, for whoever watches an engine.

use super::flow::Flow;
use crate::{
    life::{Effect, Phase, Turn},
    status::{InstanceStatus, StepStatus},
};

impl Flow {
    /// The run is about to enter a status.
    pub(super) fn note_end(&self, to: InstanceStatus, turn: &mut Turn<'_>) {
        if let Some(start) = self.start_time.filter(|_| to.is_terminal()) {
            turn.effects.push(Effect::Passed { phase: Phase::Run, took: turn.now - start });
        }
    }

    /// A step has just entered a status.
    pub(super) fn note_passage(&self, at: usize, to: StepStatus, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at) else { return };
        let passed = match to {
            StepStatus::Created => {
                let ends = self
                    .seed
                    .body
                    .dag
                    .node(at)
                    .predecessors
                    .iter()
                    .filter_map(|&before| self.attempt(before)?.times.end());
                ends.max().map(|since| (Phase::Follow, since))
            }
            StepStatus::Running => attempt.times.of(StepStatus::Created).map(|since| (Phase::Launch, since)),
            to if to.is_terminal() => attempt.times.of(StepStatus::Running).map(|since| (Phase::Work, since)),
            _ => None,
        };
        if let Some((phase, since)) = passed {
            turn.effects.push(Effect::Passed { phase, took: turn.now - since });
        }
    }
}
