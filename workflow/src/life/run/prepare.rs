//! From INITIALIZED to permits in hand: pauses, signals, params, permits.

use std::sync::Arc;

use super::flow::Flow;
use crate::{
    life::{Address, Effect, Note, Turn},
    param,
    status::StepStatus,
};

impl Flow {
    /// Pauses where a breakpoint is set, else goes on.
    pub(super) fn prepare(&mut self, at: usize, turn: &mut Turn<'_>) {
        let enclosing = self.seed.enclosing_workflow().clone();
        let breakpoints = turn.surroundings.breakpoints(&enclosing, self.step_id(at));
        let key = self.attempt_key(at);
        if !breakpoints.iter().any(|breakpoint| super::pause::matches(breakpoint, &key, self.seed.body.version)) {
            return self.wait_for_signals(at, turn);
        }
        self.go(at, StepStatus::Paused, turn);
        let (run, step, attempt) = (&key.run, &key.step, key.attempt);
        let message = format!(
            "Step is paused for workflowId: [{}], instanceId: [{}],runId: [{}], stepId: [{step}], stepAttempt: [{attempt}]",
            run.workflow, run.instance, run.run
        );
        self.log(at, turn, message);
        self.publish_batch(at, turn);
        self.tell_of_pause(at, turn);
    }

    /// Enters the wait for signals, and leaves it at once where none is pending.
    pub(super) fn wait_for_signals(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.go(at, StepStatus::WaitingForSignals, turn);
        if self.has_pending_signals(at) {
            self.publish_batch(at, turn);
            self.want_signals(at, turn);
        } else {
            self.evaluate(at, turn);
        }
    }

    /// Enters the evaluation of params.
    pub(super) fn evaluate(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.go(at, StepStatus::EvaluatingParams, turn);
        self.go_on_evaluating(at, turn);
    }

    /// Evaluates as far as the answers at hand allow.
    pub(super) fn go_on_evaluating(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.step_params(at, turn) {
            Ok(params) => {
                let template = self.template(at, turn).ok().flatten();
                let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
                attempt.params = params;
                for tag in template.and_then(|template| template.tags).into_iter().flatten() {
                    if attempt.tags.iter().all(|known| known.name != tag.name) {
                        attempt.tags.push(tag);
                    }
                }
                attempt.found.clear();
                self.want_permits(at, turn);
            }
            Err(super::Failure::Param(param::Error::Pending(lookup))) => {
                self.publish_batch(at, turn);
                turn.effects.push(Effect::Fetch(*lookup));
            }
            Err(failure) => self.fail_internally(at, &failure, turn),
        }
    }

    fn want_permits(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.go(at, StepStatus::WaitingForPermits, turn);
        self.publish_batch(at, turn);
        if turn.surroundings.settings().has_permits {
            self.ask_for_permits(at, turn);
        } else {
            self.log(at, turn, "Step permits are disabled, so it does not wait for any.");
            self.step_soon(at, turn);
        }
    }

    /// Asks for one permit of each tag; asking twice is harmless.
    pub(super) fn ask_for_permits(&mut self, at: usize, turn: &mut Turn<'_>) {
        let tags = self.permits_of(at);
        let key = self.attempt_key(at);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        attempt.has_asked_permits = true;
        let since = attempt.waits_for_permits_since().unwrap_or(turn.now);
        turn.send(Address::Permits, Note::WantPermits { attempt: key, tags, since });
    }

    /// Tags with the limits that the engine sets for them (runtime.md §13.1).
    pub(super) fn permits_of(&self, at: usize) -> Vec<(Arc<str>, Option<i64>)> {
        let (seed, body) = (&self.seed, &self.seed.body);
        let workflow = &seed.key.workflow;
        let own = Arc::<str>::from(format!("maestro_{workflow}"));
        let mut tags: Vec<(Arc<str>, Option<i64>)> = Vec::new();
        match body.definition.instance_step_concurrency {
            None => {
                tags.push((own, Some(body.properties.step_concurrency.unwrap_or(STEP_CONCURRENCY))));
                let step = format!("maestro_{workflow}:{}", self.step_id(at));
                tags.push((step.into(), Some(STEP_CONCURRENCY)));
            }
            Some(limit) => {
                if let Some(concurrency) = body.properties.step_concurrency {
                    tags.push((own, Some(concurrency)));
                }
                if is_leaf(&self.steps[at].definition.kind) {
                    tags.push((format!("maestro_{}", body.correlation).into(), Some(limit)));
                }
            }
        }
        let written = self.attempt(at).into_iter().flat_map(|attempt| &attempt.tags);
        tags.extend(written.map(|tag| (Arc::clone(&tag.name), None)));
        tags
    }
}

/// How many steps of a workflow, and attempts of one step, run at once where nothing else is said.
const STEP_CONCURRENCY: i64 = 20;

fn is_leaf(kind: &crate::definition::Kind) -> bool {
    matches!(kind, crate::definition::Kind::Typed { .. })
}
