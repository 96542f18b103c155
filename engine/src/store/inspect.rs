//! Looking whether a store is sound: the database itself, every row readable, and nothing that belongs to nothing.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;

use super::{
    bundle,
    portable::{Portable, Record, Stop},
};

/// Problems of one kind that are told one by one; the rest are counted.
const TOLD_MAX: usize = 20;

/// What a look at a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records that were read.
    pub records: u64,
    /// What is wrong, a sentence each; nothing for a sound store.
    pub problems: Vec<String>,
    /// Problems beyond those.
    pub untold: u64,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn add(&mut self, problem: String) {
        if self.problems.len() < TOLD_MAX {
            self.problems.push(problem);
        } else {
            self.untold += 1;
        }
    }
}

/// Reads everything; `progress` hears of each record.
pub fn inspect(store: &dyn Portable, progress: &mut dyn FnMut()) -> Result<Findings, Stop> {
    let mut findings = Findings::default();
    for problem in store.problems()? {
        findings.add(problem);
    }
    let mut groups = BTreeSet::new();
    store.dump(&mut |record| {
        findings.records += 1;
        progress();
        match record {
            Record::Group { id, .. } => drop(groups.insert(id)),
            Record::Row { table, key, live, body, .. } => {
                if serde_json::from_str::<IgnoredAny>(&body).is_err() {
                    findings.add(format!("row {key:?} of `{table}` is not JSON"));
                }
                if let Some(group) = live.filter(|group| !groups.contains(group)) {
                    findings.add(format!("row {key:?} of `{table}` is live in group {group}, which does not exist"));
                }
            }
            Record::Bundle { group, events } => {
                if bundle::decode(super::Position(0), &events).is_err() {
                    findings.add(format!("a bundle of group {group} holds no events that can be read"));
                }
            }
        }
        Ok(())
    })?;
    Ok(findings)
}
