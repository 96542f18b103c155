//! Signal triggers: which signals together start a run, and what has fired and is not settled yet.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::{
    definition::{self, SignalTrigger},
    id::{WorkflowId, name_uuid},
    life::{Bound, Row, RowKey, Rows, Scan, Table, Turn, Unreadable, note::Firing, row},
    signal::{Checkpoints, Log, match_trigger, value_to_json},
};

/// A trigger in force.
#[derive(Clone, Debug)]
struct Trigger {
    definition: Arc<SignalTrigger>,
    /// The newest consumed signal of each name.
    checkpoints: Checkpoints,
}

/// A trigger's row.
#[derive(Debug, Serialize, Deserialize)]
struct StoredTrigger {
    version: u32,
    definition: Json,
    checkpoints: Checkpoints,
}

/// A firing's row.
#[derive(Debug, Serialize, Deserialize)]
struct StoredFiring {
    version: u32,
    trigger: Arc<str>,
    signals: BTreeMap<Arc<str>, i64>,
    params: Json,
}

/// All triggers in force, and firings that no workflow has settled.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    all: HashMap<(WorkflowId, Arc<str>), Trigger>,
    /// Which triggers name a signal.
    by_signal: HashMap<Arc<str>, BTreeSet<(WorkflowId, Arc<str>)>>,
    firings: BTreeMap<(WorkflowId, Arc<str>), Firing>,
}

impl Triggers {
    pub(super) fn load(rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut triggers = Self::default();
        scan(rows, "signal-trigger/", |workflow, key, body| {
            let stored: StoredTrigger = row::parse(key, body)?;
            let definition = definition::read::signal_trigger(&stored.definition).value;
            let definition = definition.ok_or_else(|| Unreadable(format!("the signal trigger {key:?}")))?;
            let trigger = Trigger { definition: Arc::new(definition), checkpoints: stored.checkpoints };
            triggers.insert((workflow, Arc::clone(&key.part)), trigger);
            Ok(())
        })?;
        scan(rows, "signal-firing/", |workflow, key, body| {
            let StoredFiring { trigger, signals, params, .. } = row::parse(key, body)?;
            let execution = Arc::clone(&key.part);
            let firing = Firing { workflow: workflow.clone(), trigger, execution, signals, params };
            triggers.firings.insert((workflow, Arc::clone(&key.part)), firing);
            Ok(())
        })?;
        Ok(triggers)
    }

    fn insert(&mut self, key: (WorkflowId, Arc<str>), trigger: Trigger) {
        for name in trigger.definition.definitions.iter().flatten().map(|(name, _)| name) {
            self.by_signal.entry(Arc::clone(name)).or_default().insert(key.clone());
        }
        self.all.insert(key, trigger);
    }

    /// Puts exactly these triggers of a workflow in force. Those that were stay as they are; new ones see later signals only.
    pub(super) fn follow(
        &mut self,
        workflow: &WorkflowId,
        wanted: &[(Arc<str>, Arc<SignalTrigger>)],
        log: &Log,
        turn: &mut Turn<'_>,
    ) {
        let known: Vec<Arc<str>> =
            self.all.keys().filter(|(of, _)| of == workflow).map(|(_, uuid)| Arc::clone(uuid)).collect();
        for uuid in known.iter().filter(|uuid| !wanted.iter().any(|(other, _)| other == *uuid)) {
            self.all.remove(&(workflow.clone(), Arc::clone(uuid)));
            turn.forget(trigger_key(workflow, uuid));
            for keys in self.by_signal.values_mut() {
                keys.remove(&(workflow.clone(), Arc::clone(uuid)));
            }
        }
        self.by_signal.retain(|_, keys| !keys.is_empty());
        for (uuid, definition) in wanted.iter().filter(|(uuid, _)| !known.contains(uuid)) {
            let names = definition.definitions.iter().flatten().map(|(name, _)| name);
            let checkpoints = names.map(|name| (Arc::clone(name), log.newest(name))).collect();
            let trigger = Trigger { definition: Arc::clone(definition), checkpoints };
            save(workflow, uuid, &trigger, turn);
            self.insert((workflow.clone(), Arc::clone(uuid)), trigger);
        }
    }

    /// What a new signal completes. The signals are consumed and the firings stored with it; each is told until it is settled.
    pub(super) fn completed_by(&mut self, name: &str, id: i64, log: &Log, turn: &mut Turn<'_>) -> Vec<Firing> {
        let keys: Vec<_> = self.by_signal.get(name).into_iter().flatten().cloned().collect();
        let mut fired = Vec::new();
        for key in keys {
            let Some(trigger) = self.all.get_mut(&key) else { continue };
            let Some(matched) = match_trigger(&trigger.definition, &trigger.checkpoints, log, name, id) else {
                continue;
            };
            trigger.checkpoints.extend(matched.clone());
            save(&key.0, &key.1, trigger, turn);
            let firing = firing(&key.0, &key.1, matched, log);
            let Firing { execution, signals, params, trigger, .. } = firing.clone();
            let stored = StoredFiring { version: 1, trigger, signals, params };
            turn.save(Row::live(firing_key(&key.0, &execution), &stored));
            self.firings.insert((key.0, execution), firing.clone());
            fired.push(firing);
        }
        fired
    }

    /// A workflow has dealt with a firing.
    pub(super) fn settle(&mut self, workflow: &WorkflowId, execution: &Arc<str>, turn: &mut Turn<'_>) {
        if self.firings.remove(&(workflow.clone(), Arc::clone(execution))).is_some() {
            turn.forget(firing_key(workflow, execution));
        }
    }

    /// Firings that no workflow has settled.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = &Firing> {
        self.firings.values()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.firings.is_empty()
    }
}

fn firing(workflow: &WorkflowId, uuid: &Arc<str>, signals: Checkpoints, log: &Log) -> Firing {
    let params = signals.iter().map(|(name, id)| {
        let params = log.params(name, *id).into_iter().flatten();
        let params = params.map(|(param, value)| (param.to_string(), value_to_json(value)));
        (name.to_string(), Json::Object(params.collect()))
    });
    let params = Json::Object(params.collect());
    let execution = json!({ "workflow_id": workflow, "trigger_uuid": &**uuid, "signal_ids": signals });
    let execution = Arc::from(name_uuid(&execution.to_string()).to_string());
    Firing { workflow: workflow.clone(), trigger: Arc::clone(uuid), execution, signals, params }
}

fn save(workflow: &WorkflowId, uuid: &Arc<str>, trigger: &Trigger, turn: &mut Turn<'_>) {
    let definition = definition::write::signal_trigger(&trigger.definition);
    let stored = StoredTrigger { version: 1, definition, checkpoints: trigger.checkpoints.clone() };
    turn.save(Row::settled(trigger_key(workflow, uuid), &stored));
}

fn trigger_key(workflow: &WorkflowId, uuid: &Arc<str>) -> RowKey {
    RowKey { part: Arc::clone(uuid), ..RowKey::named(Table::Other, &format!("signal-trigger/{workflow}")) }
}

fn firing_key(workflow: &WorkflowId, execution: &Arc<str>) -> RowKey {
    RowKey { part: Arc::clone(execution), ..RowKey::named(Table::Other, &format!("signal-firing/{workflow}")) }
}

/// Reads every row whose name begins so; the rest of the name is a workflow.
fn scan(
    rows: &dyn Rows,
    prefix: &str,
    mut read: impl FnMut(WorkflowId, &RowKey, &[u8]) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    // `0` follows `/`, so no name with the prefix comes after this one.
    let end = RowKey::named(Table::Other, &format!("{}0", prefix.trim_end_matches('/')));
    let from = RowKey::named(Table::Other, prefix);
    Scan::range(Table::Other, Bound::Included(from), Bound::Excluded(end)).each(rows, |key, body| {
        let workflow = key.name.strip_prefix(prefix).unwrap_or_default();
        read(workflow.into(), &key, body)
    })
}
