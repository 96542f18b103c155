//! A run and its attempts as rows: what documents show, and under [`OWN`] what only the machine needs.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{
    attempt::{Attempt, Nested, Signals, Times},
    flow::Flow,
};
use crate::{
    id::{AttemptId, AttemptKey},
    life::{Row, RowKey, Turn, seed_row::OWN},
    param::{self, Params},
    restart,
    retry::StepRetry,
    status::StepStatus,
    tag,
    time::{Millis, Timestamp},
    timeline::Timeline,
    wire::text::Text,
};

impl Flow {
    /// Saves everything that changed.
    pub(super) fn flush(&mut self, turn: &mut Turn<'_>) {
        if std::mem::take(&mut self.unsaved.seed) {
            turn.save(self.seed.row());
        }
        let attempts = std::mem::take(&mut self.unsaved.attempts);
        for at in &attempts {
            self.save_attempt(*at, turn);
        }
        self.refresh_overview_later(turn);
        let is_changed = std::mem::take(&mut self.unsaved.run);
        if is_changed {
            self.refresh_overview();
            self.check_leaf_limit(turn);
        }
        self.tell_parent(turn);
        self.rest = self.how_it_rests(turn);
        // While nothing else changes, what was true of the rows stays true: it may only have been told something, or look around.
        let rests_otherwise = self.rest != self.stored_rest && (self.rest.is_some() || !attempts.is_empty());
        if is_changed || rests_otherwise {
            self.stored_rest.clone_from(&self.rest);
            self.modify_time = turn.now;
            let (key, body) = (RowKey::run(&self.seed.key), self.text().into());
            turn.save(Row { key, body, is_live: self.is_alive() });
        }
    }

    /// Saves an attempt that is about to make room for the next.
    pub(super) fn save_before_replacing(&mut self, at: usize, turn: &mut Turn<'_>) {
        if let Some(index) = self.unsaved.attempts.iter().position(|&unsaved| unsaved == at) {
            self.unsaved.attempts.swap_remove(index);
            self.save_attempt(at, turn);
        }
    }

    fn save_attempt(&self, at: usize, turn: &mut Turn<'_>) {
        if let Some(attempt) = self.attempt(at) {
            let key = RowKey::attempt(&self.attempt_key(at));
            let body = self.attempt_row(at, attempt, turn.now).into();
            turn.save(Row { key, body, is_live: false });
        }
    }

    fn text(&self) -> Vec<u8> {
        // A run that was picked up is known to its flow by its uuid.
        let is_picked_up = self.start_time.is_some() && self.overview.is_some();
        Text::new()
            .maybe("execution_id", is_picked_up.then_some(&*self.seed.uuid))
            .with("status", self.status.as_str())
            .maybe("start_time", self.start_time)
            .maybe("end_time", self.end_time)
            .with("modify_time", self.modify_time)
            .maybe("runtime_overview", self.overview.as_deref())
            .maybe("timeline", (!self.timeline.is_empty()).then_some(&self.timeline))
            .object(OWN, |own| {
                own.with("version", 1)
                    .with("sequence", self.sequence)
                    .with("is_timed_out", self.is_timed_out)
                    .maybe("rest", self.stored_rest.as_ref())
            })
            .build()
    }

    fn attempt_row(&self, at: usize, attempt: &Attempt, now: Timestamp) -> Vec<u8> {
        let artifacts = attempt.all_artifacts();
        Text::new()
            .with("step_id", attempt.definition.id.as_str())
            .with("step_attempt_id", attempt.id)
            .with("step_uuid", &*attempt.uuid)
            .with("step_instance_id", attempt.sequence)
            .with("tags", tag::write(&attempt.tags))
            .maybe("step_run_params", attempt.step_run_params.as_ref())
            .maybe("restart_config", attempt.restart.as_ref().map(|config| config.to_json()))
            .with("params", &attempt.params)
            .object("transition", |transition| self.transition(at, attempt, transition))
            .with("step_retry", &attempt.retry)
            .maybe("timeout_in_millis", attempt.timeout.map(|limit| limit.0))
            .object("runtime_state", |state| {
                let state = state.with("status", attempt.status.as_str());
                let state = attempt.times.known().fold(state, |state, (name, time)| state.with(name, time));
                state.with("modify_time", now)
            })
            .maybe("signal_dependencies", attempt.signals.dependencies.as_ref())
            .maybe("signal_outputs", attempt.signals.outputs.as_ref())
            .maybe("artifacts", (!artifacts.is_empty()).then_some(artifacts))
            .with("timeline", &attempt.timeline)
            .object(OWN, |own| attempt.own(own))
            .build()
    }

    fn transition(&self, at: usize, attempt: &Attempt, mut transition: Text) -> Text {
        let dag = self.dag();
        let node = dag.node(at);
        if !node.predecessors.is_empty() {
            let ids: Vec<&str> = node.predecessors.iter().map(|&before| dag.id(before).as_str()).collect();
            transition = transition.with("predecessors", ids);
        }
        if !node.successors.is_empty() {
            let edges = node.successors.iter().zip(&attempt.edges);
            transition = transition.object("successors", |text| {
                edges.fold(text, |text, (edge, param)| text.with(dag.id(edge.to).as_str(), param))
            });
        }
        transition
    }

    /// Takes back an attempt from its row.
    pub(super) fn read_attempt(&self, at: usize, row: &Json) -> Option<Attempt> {
        let definition = Arc::clone(&self.steps[at].definition);
        let status: StepStatus = serde_json::from_value(row["runtime_state"]["status"].clone()).ok()?;
        let mut problems = Vec::new();
        let params: Params = param::stored::params(&row["params"], "params", &mut problems);
        let edges = param::stored::params(&row["transition"]["successors"], "successors", &mut problems);
        let dag = self.dag();
        let successors = dag.node(at).successors.iter();
        let edges = successors.map(|edge| edges.get(dag.id(edge.to).as_str()).cloned()).collect::<Option<_>>()?;
        let artifacts = row["artifacts"].as_object().cloned().unwrap_or_default();
        let own = &row[OWN];
        let mut attempt = Attempt {
            id: AttemptId(row["step_attempt_id"].as_i64()?),
            uuid: row["step_uuid"].as_str()?.into(),
            sequence: row["step_instance_id"].as_i64()?,
            tags: tag::read(&row["tags"], "tags", &mut problems),
            definition,
            status,
            times: Times::read(&row["runtime_state"]),
            last_phase: serde_json::from_value(own["phase"].clone()).unwrap_or(status),
            params,
            edges,
            retry: StepRetry::from_json(&row["step_retry"]),
            timeout: row["timeout_in_millis"].as_i64().map(Millis),
            signals: Signals {
                dependencies: row.get("signal_dependencies").cloned(),
                outputs: row.get("signal_outputs").cloned(),
            },
            artifacts,
            inherited: own["inherited"].as_object().cloned().unwrap_or_default(),
            timeline: Timeline::from_json(&row["timeline"], Timestamp(0)).ok()?,
            step_run_params: row
                .get("step_run_params")
                .map(|json| param::read::partial_definitions(json, "step_run_params", &mut problems)),
            restart: row.get("restart_config").and_then(|json| restart::Config::from_json(json).ok()).map(Arc::new),
            nested: Nested::Leaf,
            found: Vec::new(),
            ending: super::attempt::Ending::from_json(&own["ending"]),
            has_asked_permits: own["has_asked_permits"] == true,
            is_executing: own["is_executing"] == true,
            reported: None,
            changes: Vec::new(),
            published: own["published"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
        };
        attempt.nested = Nested::from_row(&mut attempt.artifacts, &own["nested"]);
        Some(attempt)
    }
}

impl Attempt {
    /// Its artifacts with those of what runs below it.
    pub(super) fn all_artifacts(&self) -> Map<String, Json> {
        let mut artifacts = self.artifacts.clone();
        if let Some((name, artifact)) = self.nested.artifact() {
            artifacts.insert(name.to_owned(), artifact);
        }
        artifacts
    }

    fn own(&self, own: Text) -> Text {
        own.with("version", 1)
            .with("phase", self.last_phase)
            .with("has_asked_permits", self.has_asked_permits)
            .with("is_executing", self.is_executing)
            .with("published", self.published)
            .maybe("inherited", (!self.inherited.is_empty()).then_some(&self.inherited))
            .maybe("ending", self.ending.as_ref().map(super::attempt::Ending::to_json))
            .maybe("nested", self.nested.own())
    }
}

/// The latest attempt of each step among rows in key order.
pub(crate) fn latest(
    rows: impl IntoIterator<Item = (AttemptKey, Json)>,
) -> IndexMap<crate::id::StepId, (AttemptKey, Json)> {
    let mut latest = IndexMap::new();
    for (key, row) in rows {
        latest.insert(key.step.clone(), (key, row));
    }
    latest
}
