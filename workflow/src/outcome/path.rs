//! Logical paths of runs: where in the tree, not under which number.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value as Json;

use crate::id::{InstanceId, RunId, RunKey, WorkflowId};

/// The path of every run of a tree.
pub(super) struct Paths {
    by_run: BTreeMap<RunKey, String>,
    /// Instances by their path without the run's ordinal; used to give derived ids a name.
    by_workflow: BTreeMap<WorkflowId, String>,
    taken: HashSet<String>,
}

impl Paths {
    /// Parents must come before their children.
    pub(super) fn of<'a>(instances: impl Iterator<Item = &'a Json>) -> Self {
        let mut paths = Self { by_run: BTreeMap::new(), by_workflow: BTreeMap::new(), taken: HashSet::new() };
        for instance in instances {
            if let Some(key) = run_key(instance) {
                let (place, body) = paths.place(instance, &key);
                if is_inline(&key.workflow) {
                    paths.by_workflow.entry(key.workflow.clone()).or_insert(body);
                }
                let path = if key.run == RunId::FIRST { place } else { format!("{place}#{}", key.run) };
                let path = paths.untaken(path);
                paths.by_run.insert(key, path);
            }
        }
        paths
    }

    /// A second child at the same place (a retried sub-workflow launches a new one) is numbered in order of creation.
    fn untaken(&mut self, path: String) -> String {
        if self.taken.insert(path.clone()) {
            return path;
        }
        let mut others = (2..).map(|number| format!("{path}~{number}"));
        others.find(|name| self.taken.insert(name.clone())).unwrap_or(path)
    }

    /// The path of a run; its own key as text when it is not part of the tree.
    pub(super) fn of_run(&self, instance: &Json) -> String {
        let key = run_key(instance);
        key.map_or_else(|| "?".to_owned(), |key| self.by_run.get(&key).cloned().unwrap_or_else(|| key.to_string()))
    }

    /// Loop-body workflow ids with a readable name.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (&WorkflowId, &str)> {
        self.by_workflow.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// Where an instance stands in the tree, without its run's ordinal, and the same without the iteration.
    fn place(&self, instance: &Json, key: &RunKey) -> (String, String) {
        let Some(parent) = instance.pointer("/initiator/ancestors").and_then(Json::as_array).and_then(|all| all.last())
        else {
            return (String::new(), String::new());
        };
        let above = ancestor_key(parent).and_then(|parent| self.by_run.get(&parent)).map_or("", String::as_str);
        let above = above.rsplit_once('#').map_or(above, |(place, _)| place);
        let step = parent.get("step_id").and_then(Json::as_str).unwrap_or("?");
        let body = if above.is_empty() { step.to_owned() } else { format!("{above}/{step}") };
        let place = if is_inline(&key.workflow) { format!("{body}[{}]", key.instance) } else { body.clone() };
        (place, body)
    }
}

/// Whether a path is one of the root's runs.
pub(super) fn is_root(path: &str) -> bool {
    path.is_empty() || path.starts_with('#')
}

/// Which run of its instance a path names.
pub(super) fn ordinal(path: &str) -> u64 {
    path.rsplit_once('#').and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// Whether a workflow id is derived for a loop body.
fn is_inline(id: &WorkflowId) -> bool {
    id.starts_with("maestro_foreach_") || id.starts_with("maestro_while_")
}

fn run_key(instance: &Json) -> Option<RunKey> {
    key_of(instance, ["workflow_id", "workflow_instance_id", "workflow_run_id"])
}

fn ancestor_key(ancestor: &Json) -> Option<RunKey> {
    key_of(ancestor, ["workflow_id", "instance_id", "run_id"])
}

fn key_of(document: &Json, [workflow, instance, run]: [&str; 3]) -> Option<RunKey> {
    let number = |name: &str| document.get(name).and_then(Json::as_i64);
    Some(RunKey {
        workflow: WorkflowId::from(document.get(workflow)?.as_str()?),
        instance: InstanceId(number(instance)?),
        run: RunId(number(run)?),
    })
}
