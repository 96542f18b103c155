//! Making samples of runs on a live engine.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value as Json;
use workflow::{
    definition::read,
    id::{InstanceKey, WorkflowId},
    outcome::Outcome,
    port::Engine,
    time::{Millis, Timestamp},
};

use super::{Error, Redactor, act, reader::Reader, result, start, tree::Tree};
use crate::{
    corpus::{Addition, definition_ref},
    sample::{DefinitionRef, Lineage, Sample, Shape},
};

/// Samples that one root run may give: itself and the runs of its sub-workflows.
const SAMPLES_MAX: usize = 1_000;

/// Makes samples of runs.
pub struct Camera<'a> {
    engine: &'a dyn Engine,
    captured_from: String,
    now: Timestamp,
}

/// A sample, and the sub-workflows that can be captured on their own.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The sample and its definitions, without secrets.
    pub addition: Addition,
    /// Instances that it launched.
    pub children: Vec<InstanceKey>,
}

impl std::fmt::Debug for Camera<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Camera").field("from", &self.captured_from).field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'a> Camera<'a> {
    /// Before an engine that is reached under a name people know; `now` goes into the lineage.
    pub fn new(engine: &'a dyn Engine, captured_from: impl Into<String>, now: Timestamp) -> Self {
        Self { engine, captured_from: captured_from.into(), now }
    }

    /// Instances of a workflow that have ended, newest first, at most `most`.
    pub async fn ended(&self, workflow: &WorkflowId, most: usize) -> Result<Vec<InstanceKey>, Error> {
        Reader { engine: self.engine }.ended(workflow, most).await
    }

    /// Samples of an instance and, each on its own, of every sub-workflow below it.
    pub async fn with_children(&self, root: &InstanceKey) -> Result<Vec<Addition>, Error> {
        let mut additions = Vec::new();
        let mut waiting = VecDeque::from([root.clone()]);
        let mut seen = BTreeSet::from([root.clone()]);
        while let Some(instance) = waiting.pop_front().filter(|_| additions.len() < SAMPLES_MAX) {
            let captured = match self.capture(&instance).await {
                // A child that its parent did not wait for may still run; the parent's sample does not need it.
                Err(Error::Alive(_)) if instance != *root => continue,
                captured => captured?,
            };
            waiting.extend(captured.children.into_iter().filter(|child| seen.insert(child.clone())));
            additions.push(captured.addition);
        }
        Ok(additions)
    }

    /// A sample of one instance with all its runs.
    pub async fn capture(&self, root: &InstanceKey) -> Result<Captured, Error> {
        let reader = Reader { engine: self.engine };
        let tree = Tree::read(&reader, root).await?;
        let unreadable = |because: &str| Error::Unreadable {
            what: format!("the run {}/{}", root.workflow, root.instance),
            because: because.to_owned(),
        };
        let (first, _) = tree.root_runs().next().ok_or_else(|| unreadable("it does not exist"))?;
        let (last, _) = tree.root_runs().last().ok_or_else(|| unreadable("it does not exist"))?;
        let version = first["workflow_version_id"].as_i64().ok_or_else(|| unreadable("it has no version"))?;
        let mut definitions = self.definitions_of_children(&tree, &reader).await?;
        definitions.push((root.workflow.to_string(), version, reader.definition(&root.workflow, version).await?));
        let at = start::moment(first);
        let mut lineage = self.lineage(root, first);
        let mut sample = Sample {
            workflow: root.workflow.to_string(),
            version,
            definitions: Vec::new(),
            at,
            start: start::body(first),
            acts: act::acts(&tree, root, at)?,
            stand_ins: result::results(&tree),
            outcome: Outcome::of(&tree.runs).into_json(),
            took: Millis((Timestamp(last["end_time"].as_i64().unwrap_or(at.0)) - at).0.max(0)),
            shape: shape(&tree, &definitions, last).ok_or_else(|| unreadable("its definition is not valid"))?,
            lineage: lineage.clone(),
        };
        let bodies: &mut Vec<(String, i64, Json)> = &mut definitions;
        lineage.redactions = redact(&mut sample, bodies, &unreadable)?;
        sample.lineage.redactions = lineage.redactions;
        sample.definitions = refs(bodies);
        let definitions = definitions.into_iter().map(|(_, _, body)| body).collect();
        Ok(Captured { addition: Addition { sample, definitions }, children: tree.children })
    }

    /// Definitions of the sub-workflows that were launched, each version once.
    async fn definitions_of_children(
        &self,
        tree: &Tree,
        reader: &Reader<'_>,
    ) -> Result<Vec<(String, i64, Json)>, Error> {
        let attempts = tree.runs.iter().flat_map(|(_, attempts)| attempts);
        let launched: BTreeSet<(String, i64)> = attempts
            .filter_map(|attempt| {
                let artifact = attempt.pointer("/artifacts/maestro_subworkflow")?;
                Some((artifact["subworkflow_id"].as_str()?.to_owned(), artifact["subworkflow_version_id"].as_i64()?))
            })
            .collect();
        let mut definitions = Vec::new();
        for (workflow, version) in launched {
            let body = reader.definition(&workflow, version).await?;
            definitions.push((workflow, version, body));
        }
        Ok(definitions)
    }

    fn lineage(&self, root: &InstanceKey, first: &Json) -> Lineage {
        Lineage {
            engine: self.engine.name().to_string(),
            captured_from: self.captured_from.clone(),
            captured_at: self.now,
            run: format!("{}/{}/{}", root.workflow, root.instance, first["workflow_run_id"].as_i64().unwrap_or(1)),
            initiator: first["initiator"].clone(),
            redactions: Vec::new(),
        }
    }
}

fn refs(definitions: &[(String, i64, Json)]) -> Vec<DefinitionRef> {
    definitions.iter().map(|(workflow, version, body)| definition_ref(workflow, *version, body)).collect()
}

fn shape(tree: &Tree, definitions: &[(String, i64, Json)], last: &Json) -> Option<Shape> {
    let own = definitions.last().map(|(_, _, body)| read::create_request(body))?;
    let attempts = tree.runs.iter().map(|(_, attempts)| attempts.len()).sum();
    let policy = last.pointer("/run_config/policy").and_then(Json::as_str);
    let restart = policy.filter(|policy| policy.starts_with("RESTART"));
    Some(Shape::of(&own.value?.workflow, last["status"].as_str()?, restart, attempts))
}

/// Takes secrets out of a sample and its definitions alike.
fn redact(
    sample: &mut Sample,
    definitions: &mut [(String, i64, Json)],
    unreadable: &dyn Fn(&str) -> Error,
) -> Result<Vec<crate::sample::Redaction>, Error> {
    let mut whole = serde_json::to_value(&*sample).map_err(|error| unreadable(&error.to_string()))?;
    let mut redactor = Redactor::default();
    redactor.learn(&whole);
    for (_, _, body) in &*definitions {
        redactor.learn(body);
    }
    redactor.redact(&mut whole);
    for (_, _, body) in &mut *definitions {
        redactor.redact(body);
    }
    *sample = serde_json::from_value(whole).map_err(|error| unreadable(&error.to_string()))?;
    Ok(redactor.redactions())
}
