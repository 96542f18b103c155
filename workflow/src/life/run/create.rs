//! An attempt comes into being: whether it is wanted at all, and what it needs before it may start.

use std::sync::Arc;

use serde_json::Map;

use super::{
    attempt::{Attempt, Nested, Signals, Times},
    flow::{Flow, Revival},
};
use crate::{
    graph::Edge,
    id::AttemptId,
    life::Turn,
    param::{Body, Definition, Evaluated, Literal, Param, Params, Type, Value},
    restart::Policy,
    status::StepStatus,
    time::Timestamp,
    timeline::Timeline,
};

/// The param that says whether some predecessor led to a step.
const SATISFIED: &str = "maestro_step_satisfied";

impl Flow {
    /// Creates the next attempt of a step and takes it as far as INITIALIZED, or to its end.
    pub(super) fn create(&mut self, at: usize, turn: &mut Turn<'_>) {
        let attempt = self.next_attempt(at, turn);
        self.steps[at].attempt = Some(Box::new(attempt));
        self.go(at, StepStatus::Created, turn);
        let is_satisfied = self.is_satisfied(at, turn);
        let now = turn.now;
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        attempt.params.insert(
            SATISFIED.into(),
            Arc::new(truth(Body::Literal(Literal::Boolean(is_satisfied)), is_satisfied, now)),
        );
        if !is_satisfied {
            attempt.timeline.info(now, "Step condition is unsatisfied because no predecessors can reach it.");
            return self.finish_as(at, StepStatus::Unsatisfied, turn);
        }
        if self.is_to_be_skipped(at) {
            self.log(at, turn, "Step is skipped because of a user skip action.");
            return self.finish_as(at, StepStatus::Skipped, turn);
        }
        if let Err(error) = self.initialize(at, turn) {
            return self.fail_internally(at, &error, turn);
        }
        self.go(at, StepStatus::Initialized, turn);
        self.publish_batch(at, turn);
        match self.steps[at].action.take() {
            Some(action) => self.terminate(at, &action, turn),
            None => self.step_soon(at, turn),
        }
    }

    /// A fresh attempt, with what it takes over from the one before.
    fn next_attempt(&mut self, at: usize, turn: &mut Turn<'_>) -> Attempt {
        self.save_before_replacing(at, turn);
        let before = self.steps[at].attempt.take();
        let revival = self.steps[at].revival.take();
        let definition = Arc::clone(&self.steps[at].definition);
        let mut inherited = Map::new();
        let (id, sequence, retry, dependencies) = if let Some(before) = before {
            if revival.is_some() {
                inherited = before.all_artifacts();
            }
            let mut retry = before.retry;
            retry.increment(before.status);
            (before.id.next(), before.sequence, retry, before.signals.dependencies)
        } else {
            let sequence = self.sequence;
            self.sequence += 1;
            let mut retry = self.retry_of(at, turn);
            retry.is_retryable &= !self.progress.is_placeholder(at) && revival.is_none();
            (AttemptId::FIRST, sequence, retry, self.dependencies_of_last_run(at))
        };
        let (step_run_params, restart) = match revival {
            Some(Revival { config, .. }) => {
                let params = config.step_params.as_ref().and_then(|params| params.get(self.step_id(at)).cloned());
                (params, Some(config))
            }
            None => (None, None),
        };
        let edges = &self.seed.body.dag.node(at).successors;
        Attempt {
            id,
            uuid: turn.ids.uuid().to_string().into(),
            sequence,
            tags: definition.tags.clone().unwrap_or_default(),
            definition,
            status: StepStatus::NotCreated,
            times: Times::default(),
            last_phase: StepStatus::Created,
            inherited,
            params: Params::new(),
            edges: edges.iter().map(unevaluated).collect(),
            retry,
            timeout: None,
            signals: Signals { dependencies, outputs: None },
            artifacts: Map::new(),
            timeline: Timeline::default(),
            step_run_params,
            restart,
            nested: Nested::Leaf,
            found: Vec::new(),
            ending: None,
            has_asked_permits: false,
            is_executing: false,
            changes: Vec::new(),
            reported: None,
            published: 0,
        }
    }

    /// Whether nothing precedes the step, or some edge to it is taken.
    fn is_satisfied(&self, at: usize, turn: &Turn<'_>) -> bool {
        let dag = &self.seed.body.dag;
        let predecessors = &dag.node(at).predecessors;
        predecessors.is_empty()
            || predecessors.iter().any(|&before| {
                let edge = dag.node(before).successors.iter().position(|edge| edge.to == at);
                let param = edge.zip(self.attempt(before)).and_then(|(edge, attempt)| attempt.edges.get(edge));
                let is_taken = param.is_some_and(|param| is_true(param));
                let (from, to) = (dag.id(before), dag.id(at));
                turn.surroundings.decisions().edge_is_taken(&self.seed.key, from, to, is_taken)
            })
    }

    /// Whether the restart that this run or attempt belongs to skips the step.
    fn is_to_be_skipped(&self, at: usize) -> bool {
        let of_attempt = self.attempt(at).and_then(|attempt| attempt.restart.as_ref());
        let of_run = self.seed.restart.as_ref().filter(|_| self.seed.policy == Policy::RestartFromSpecific);
        let config = of_attempt.or(of_run).filter(|config| config.path.len() == 1);
        config.is_some_and(|config| config.skip_steps.contains(self.step_id(at)))
    }

    /// What the same step of the run directly before has waited for already.
    fn dependencies_of_last_run(&self, at: usize) -> Option<serde_json::Value> {
        let previous = self.seed.baseline.as_ref()?.steps.get(self.step_id(at))?;
        (previous.run.next() == self.seed.key.run).then(|| previous.signal_dependencies.clone())?
    }

    /// Time limit and signal dependencies.
    fn initialize(&mut self, at: usize, turn: &mut Turn<'_>) -> Result<(), super::Failure> {
        let timeout = self.timeout_of(at, turn)?;
        let dependencies = self.evaluated_dependencies(at, turn)?;
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return Ok(()) };
        attempt.timeout = timeout;
        attempt.signals.dependencies = dependencies;
        Ok(())
    }
}

/// An edge's condition before anybody evaluated it.
fn unevaluated(edge: &Edge) -> Arc<Param> {
    let body = edge.condition.clone().map_or(Body::Absent, Body::Expression);
    Arc::new(Param { definition: Arc::new(boolean(body)), evaluated: None })
}

/// A boolean param that came to something.
pub(super) fn truth(body: Body, value: bool, at: Timestamp) -> Param {
    let evaluated = Evaluated { value: Value::Boolean(value), at, note: None };
    Param { definition: Arc::new(boolean(body)), evaluated: Some(evaluated) }
}

fn boolean(body: Body) -> Definition {
    Definition {
        kind: Type::Boolean,
        body,
        mode: None,
        internal_mode: None,
        source: None,
        validator: None,
        tags: None,
        extra: Map::new(),
    }
}

fn is_true(param: &Param) -> bool {
    matches!(&param.evaluated, Some(Evaluated { value: Value::Boolean(true), .. }))
}
